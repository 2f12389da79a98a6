// What a fresh process costs: empty, with the WebAssembly alone that a small LSTM becomes, with the built library or a light entry
// imported, and up to the first prediction of that LSTM. `npm run bench -- startup`. Processes run in turns; each figure is the median of
// the rounds, with the best and the worst. With `--parts` where the time goes instead.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { printParts } from "./startup-parts.mjs";

const rounds = 15;
const built = (file) => new URL(`../packages/unroll/dist/${file}.js`, import.meta.url).href;
const whole = `const { input, layers, sequential, tensor } = await import("${built("index")}");`;
const part = (entry) => `const { input, sequential, tensor } = await import("${built(entry)}");
  const layers = await import("${built("layers")}");`;
const predict = `
  const net = sequential({ layers: [input({ shape: [21, 9] }), layers.lstm({ units: 30 }), layers.dense({ units: 1 })] });
  net.predict(tensor(new Float32Array(32 * 21 * 9), [32, 21, 9]));`;
const codeFile = fileURLToPath(new URL("../.cache/bench/lstm-30.wasm", import.meta.url));
const programs = {
  "an empty process": "",
  "the code of LSTM(30) read and run": `
    const { readFileSync } = await import("node:fs");
    const { prepare, run } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(${JSON.stringify(codeFile)}))).exports;
    prepare();
    run();`,
  "import unroll": whole,
  "import unroll, LSTM(30), predict": whole + predict,
  "import unroll/light": part("light"),
  "import unroll/light, LSTM(30), predict": part("light") + predict,
  "import unroll/predict": part("predict"),
  "import unroll/predict, LSTM(30), predict": part("predict") + predict,
};

/** Clock and processor time of a fresh process, in ms. */
function run(code) {
  const start = performance.timeOrigin + performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", withUsage(code, start)],
    { encoding: "utf8", env: plainEnvironment() },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Without what Node does because it is told so outside: reading certificates takes as long as the rest of an empty process. */
function plainEnvironment() {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...rest } = process.env;
  return rest;
}

/** Keeps the largest module that the first prediction makes. */
async function keepCode() {
  let largest = new Uint8Array();
  const { Module } = WebAssembly;
  WebAssembly.Module = new Proxy(Module, {
    construct(target, given) {
      if (given[0].length > largest.length) largest = given[0].slice();
      return Reflect.construct(target, given);
    },
  });
  await import(`data:text/javascript,${encodeURIComponent(part("predict") + predict)}`);
  WebAssembly.Module = Module;
  mkdirSync(dirname(codeFile), { recursive: true });
  writeFileSync(codeFile, largest);
}

/** The program itself tells, at its end, what it took since before it was started. */
function withUsage(code, start) {
  return `${code}
    const { user, system } = process.cpuUsage();
    const clock = performance.timeOrigin + performance.now() - ${start};
    console.log(JSON.stringify({ clock, processor: (user + system) / 1000 }));`;
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [best, middle, worst] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return { text: `${middle.toFixed(0)} (${best.toFixed(0)}–${worst.toFixed(0)})`, best, middle };
}

function printProcesses() {
  const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, code] of Object.entries(programs)) times[name].push(run(code));
  }
  console.log("| a fresh process | clock, ms | × | processor, ms | × |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  const [empty] = Object.values(times);
  for (const [name, list] of Object.entries(times)) {
    const cells = ["clock", "processor"].flatMap((kind) => {
      const base = summary(empty.map((time) => time[kind]));
      const own = summary(list.map((time) => time[kind]));
      return [own.text, (own.best / base.best).toFixed(2)];
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  console.log(
    `\nMedian of ${rounds} rounds (best–worst); × = best over the empty process's best. Node ${process.versions.node}.`,
  );
}

const { values } = parseArgs({ options: { parts: { type: "boolean" } } });
if (values.parts) await printParts();
else {
  await keepCode();
  printProcesses();
}
