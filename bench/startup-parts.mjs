// Where the time until the first prediction goes, part by part: in a fresh process, and again for a second model of the same kind, when
// V8 has compiled what runs. `npm run bench -- startup --parts`. Each figure is the best of the rounds, in ms of the processor, all
// threads of the process together.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const rounds = 15;
const built = (file) => new URL(`../packages/unroll/dist/${file}.js`, import.meta.url).href;

/** Milliseconds of the processor that this process has taken. */
function now() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The fresh process: prints two lists of parts, each with its milliseconds. */
async function measure() {
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
  const { input, sequential, tensor } = await import(built("predict"));
  const reading = [["read and start unroll/predict", since()]];
  const layers = await import(built("layers"));
  reading.push(["read and start unroll/layers", since()]);
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
  console.log(JSON.stringify([[...reading, ...model()], model()]));
}

/** The table of all rounds. */
export function printParts() {
  const best = [new Map(), new Map()];
  for (let round = 0; round < rounds; round++) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    for (const [i, parts] of JSON.parse(stdout).entries()) {
      for (const [name, time] of parts) best[i].set(name, Math.min(time, best[i].get(name) ?? time));
    }
  }
  const text = (time) => (time === undefined ? "" : time.toFixed(1));
  const sum = (times) => [...times.values()].reduce((total, time) => total + time, 0);
  console.log("| until the first prediction | ms | a second model, ms |\n| --- | ---: | ---: |");
  for (const name of best[0].keys())
    console.log(`| ${name} | ${best.map((times) => text(times.get(name))).join(" | ")} |`);
  console.log(`| together | ${best.map((times) => text(sum(times))).join(" | ")} |`);
  console.log(`\nBest of ${rounds} processes. Node ${process.versions.node}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure();
