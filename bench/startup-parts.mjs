// Where the time until the first prediction goes, part by part: in a fresh process, in one that finds what V8 made of the code in an
// earlier one, and for a second model of the same kind, when V8 has compiled what runs. `npm run bench -- startup --parts`. Each figure
// is the best of the rounds, in ms of the processor, all threads of the process together.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const rounds = 15;
const built = (file) => new URL(`../packages/unroll/dist/${file}.js`, import.meta.url).href;
const cached = (file) => fileURLToPath(new URL(`../.cache/bench/${file}`, import.meta.url));
/** Both entries in one CommonJS file, and what V8 made of it up to a first prediction. */
const bundleFile = cached("first-prediction.cjs");
const codeFile = cached("first-prediction.v8");
const reading = "read and start unroll/predict and unroll/layers";

/** Milliseconds of the processor that this process has taken. */
function now() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The library as Node loads it. */
async function fromModules() {
  const { input, sequential, tensor } = await import(built("predict"));
  return { input, sequential, tensor, layers: await import(built("layers")) };
}

/** The library from the bundle, with V8's code if it lies there; `keep` writes it. */
function fromBundle(keep) {
  const text = `(function (exports, require) {${readFileSync(bundleFile, "utf8")}\n})`;
  const script = new Script(text, keep ? {} : { cachedData: readFileSync(codeFile) });
  if (script.cachedDataRejected) throw new Error("V8 does not take the code that it made.");
  const exports = {};
  script.runInThisContext()(exports, createRequire(import.meta.url));
  return { ...exports, keep: () => keep && writeFileSync(codeFile, script.createCachedData()) };
}

/** The fresh process: prints two lists of parts, each with its milliseconds. */
async function measure(from) {
  let webAssembly = 0;
  const timed = (act) => {
    const start = now();
    const result = act();
    webAssembly += now() - start;
    return result;
  };
  for (const name of ["Module", "Instance"]) {
    WebAssembly[name] = new Proxy(WebAssembly[name], {
      construct: (target, given) => timed(() => Reflect.construct(target, given)),
    });
  }
  let last = now();
  const since = () => {
    const before = last;
    last = now();
    return last - before;
  };
  const { input, sequential, tensor, layers, keep } =
    from === "modules" ? await fromModules() : fromBundle(from === "keep");
  const loading = since();
  const model = () => {
    webAssembly = 0;
    since();
    const net = sequential({
      layers: [input({ shape: [21, 9] }), layers.lstm({ units: 30 }), layers.dense({ units: 1 })],
    });
    const parts = [["make the model", since()]];
    net.getWeights();
    parts.push(["draw its first weights", since()]);
    const x = tensor(new Float32Array(32 * 21 * 9), [32, 21, 9]);
    net.predict(x);
    const first = since();
    net.predict(x);
    const again = since();
    parts.push(["plan, write the code, prepare the weights", first - webAssembly - again]);
    parts.push(["V8 reads the code", webAssembly], ["predict", again]);
    return parts;
  };
  const first = model();
  keep?.();
  console.log(JSON.stringify([[[reading, loading], ...first], model()]));
}

/** One CommonJS file of both entries, and V8's code for it. */
async function prepareBundle() {
  const { rolldown } = await import("rolldown");
  mkdirSync(cached(""), { recursive: true });
  const entry = cached("first-prediction.mjs");
  writeFileSync(entry, `export * from "${built("predict")}";\nexport * as layers from "${built("layers")}";\n`);
  const build = await rolldown({ input: entry, platform: "node" });
  await build.write({ file: bundleFile, format: "cjs" });
  await build.close();
  rmSync(entry);
  runPart("keep");
}

function runPart(from) {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = [fileURLToPath(import.meta.url), from];
  const { stdout, stderr, status } = spawnSync(process.execPath, child, { encoding: "utf8", env });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The table of all rounds. */
export async function printParts() {
  await prepareBundle();
  const best = [new Map(), new Map(), new Map()];
  for (let round = 0; round < rounds; round++) {
    const [fresh, second] = runPart("modules");
    const [kept] = runPart("kept");
    for (const [i, parts] of [fresh, kept, second].entries()) {
      for (const [name, time] of parts) best[i].set(name, Math.min(time, best[i].get(name) ?? time));
    }
  }
  const text = (time) => (time === undefined ? "" : time.toFixed(1));
  const sum = (times) => [...times.values()].reduce((total, time) => total + time, 0);
  console.log("| until the first prediction | ms | with V8's code kept, ms | a second model, ms |");
  console.log("| --- | ---: | ---: | ---: |");
  for (const name of best[0].keys())
    console.log(`| ${name} | ${best.map((times) => text(times.get(name))).join(" | ")} |`);
  console.log(`| together | ${best.map((times) => text(sum(times))).join(" | ")} |`);
  console.log(`\nBest of ${rounds} processes. Node ${process.versions.node}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure(process.argv[2]);
