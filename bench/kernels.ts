/**
 * Times of the compiled kernels on one core: whole recurrent layers as people use them, and bare products. Best of many short
 * runs, in time of the clock or of the processor, for other work on the machine only ever adds time; GFLOP/s counts a multiply-add as two.
 */
import type { Cell } from "../packages/unroll/src/cells/define.ts";
import { gru } from "../packages/unroll/src/cells/gru.ts";
import { lstm } from "../packages/unroll/src/cells/lstm.ts";
import { simpleRnn } from "../packages/unroll/src/cells/simple-rnn.ts";
import { compileProgram } from "../packages/unroll/src/compiler/index.ts";
import { Random } from "../packages/unroll/src/core/random.ts";
import { sizeOf } from "../packages/unroll/src/core/shape.ts";
import { Variable } from "../packages/unroll/src/core/variable.ts";
import { sigmoid, tanh } from "../packages/unroll/src/equations/activations.ts";
import { inputValue, map, matmul, scan, weightValue } from "../packages/unroll/src/program/builder.ts";
import { differentiate } from "../packages/unroll/src/program/differentiate.ts";
import type { ScanOperation, Value } from "../packages/unroll/src/program/program.ts";

/** Only what has this in its name: `node bench/run.mjs kernels W2`. */
const only = process.argv[2] ?? "";

const random = new Random(1);
const numbers = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.uniform(-scale, scale));
const weight = (...shape: number[]): Value =>
  weightValue(new Variable("w", shape, numbers(sizeOf(shape), 1 / Math.sqrt(shape[0]!))));

/** Best time of a call, in ms. */
function time(run: () => void): number {
  for (const start = performance.now(); performance.now() - start < 300; ) run();
  const start = performance.now();
  run();
  const once = Math.max(1e-4, performance.now() - start);
  const repeats = Math.max(1, Math.round(5 / once));
  let best = Number.POSITIVE_INFINITY;
  for (const begin = performance.now(); performance.now() - begin < 1500; ) {
    const before = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < repeats; i++) run();
    const { user, system } = process.cpuUsage(cpu);
    best = Math.min(best, (performance.now() - before) / repeats, (user + system) / 1000 / repeats);
  }
  return best;
}

function report(name: string, inputs: Value[], results: Value[]): void {
  if (!name.includes(only)) return;
  const start = performance.now();
  const compiled = compileProgram({ inputs, results, updates: [] });
  const compileTime = performance.now() - start;
  const data = inputs.map(({ shape }) => numbers(sizeOf(shape), 1));
  const flops = compiled.plan.kernels.reduce((sum, { kernel }) => sum + kernel.flops, 0);
  const best = time(() => compiled.runInPlace(data));
  const speed = (flops / best / 1e6).toFixed(1);
  console.log(
    `${name.padEnd(44)} ${best.toFixed(5).padStart(10)} ms ${speed.padStart(7)} GFLOP/s   compiled in ${compileTime.toFixed(0)} ms`,
  );
}

interface LayerSizes {
  readonly units: number;
  readonly timesteps: number;
  readonly features: number;
  readonly batch: number;
  readonly returnSequences?: boolean;
}

function layer(cell: Cell, x: Value, { units, features, returnSequences = false }: LayerSizes, options = {}): Value {
  const graph = cell.graph({ activation: tanh, recurrentActivation: sigmoid, useBias: true, options });
  const arrays = graph.arrays.map(({ rows, blocks }) => {
    const columns = blocks.length * units;
    return rows === 1 ? weight(columns) : weight({ features, units, 2: 2 }[rows], columns);
  });
  const [output] = scan({
    cell: graph,
    units,
    input: x,
    arrays,
    initialStates: undefined,
    mask: undefined,
    backwards: false,
    returnSequences,
    zeroOutputForMask: false,
    inputFactors: [],
    recurrentFactors: [],
  });
  return output!;
}

function reportLayer(name: string, cell: Cell, sizes: LayerSizes, dense = 0, options = {}): void {
  const x = inputValue("x", [sizes.batch, sizes.timesteps, sizes.features]);
  let y = layer(cell, x, sizes, options);
  if (dense > 0) y = map([matmul(y, weight(sizes.units, dense)), weight(dense)], ([s, b]) => s!.plus(b!));
  report(name, [x], [y]);
}

/** The output and the gradients of a sum of it for all arrays. */
function reportTraining(name: string, cell: Cell, sizes: LayerSizes, options = {}): void {
  const x = inputValue("x", [sizes.batch, sizes.timesteps, sizes.features]);
  const y = layer(cell, x, sizes, options);
  const weights = inputValue("weights", y.shape);
  const loss = map([y, weights], ([a, b]) => a!.times(b!));
  const { arrays } = y.operation as ScanOperation; // what layer() made
  report(`${name} with gradients`, [x, weights], differentiate(loss, arrays));
}

function reportProduct(m: number, k: number, n: number, how: { transposeA?: boolean; weight?: boolean } = {}): void {
  const a = inputValue("a", how.transposeA ? [k, m] : [m, k]);
  const b = how.weight ? weight(k, n) : inputValue("b", [k, n]);
  const name = `product ${m}×${k}·${k}×${n}${how.transposeA ? " Aᵀ" : ""}${how.weight ? " weight" : ""}`;
  report(name, how.weight ? [a] : [a, b], [matmul(a, b, { transposeA: how.transposeA })]);
}

const w2 = { units: 30, timesteps: 21, features: 9, batch: 32 };
const w6 = { units: 256, timesteps: 100, features: 64, batch: 64 };
const w7 = { units: 1024, timesteps: 50, features: 256, batch: 64 };
reportLayer("W1 SimpleRNN(5) T10 D3 B1 + Dense(2)", simpleRnn, { units: 5, timesteps: 10, features: 3, batch: 1 }, 2);
reportLayer("W2 LSTM(30) T21 D9 B32", lstm, w2);
reportLayer("W2 LSTM(30) T21 D9 B32, sequences", lstm, { ...w2, returnSequences: true });
reportLayer("W2 LSTM(30) T21 D9 B1", lstm, { ...w2, batch: 1 });
reportLayer("W2 GRU(30) T21 D9 B32", gru, w2);
reportLayer("W2 GRU(30) T21 D9 B32, reset before", gru, w2, 0, { resetAfter: false });
reportLayer("W6 LSTM(256) T100 D64 B64", lstm, w6);
reportLayer("W6 LSTM(256) T100 D64 B1", lstm, { ...w6, batch: 1 });
reportLayer("W6 GRU(256) T100 D64 B64", gru, w6);
reportLayer("W6 SimpleRNN(256) T100 D64 B64", simpleRnn, w6);
reportLayer("W7 LSTM(1024) T50 D256 B64", lstm, w7);
reportTraining("W2 LSTM(30) T21 D9 B32", lstm, w2);
reportTraining("W2 GRU(30) T21 D9 B32", gru, w2);
reportTraining("W6 LSTM(256) T100 D64 B64", lstm, w6);
reportTraining("W6 GRU(256) T100 D64 B64", gru, w6);
reportProduct(1, 256, 256, { weight: true });
reportProduct(32, 30, 30, { weight: true });
reportProduct(2, 4, 3, { weight: true });
reportProduct(64, 256, 1024, { weight: true });
reportProduct(6400, 64, 1024, { weight: true });
reportProduct(6400, 256, 1024, { weight: true });
reportProduct(1000, 1024, 1024, { weight: true });
reportProduct(512, 512, 512);
reportProduct(256, 6400, 1024, { transposeA: true });
reportProduct(64, 6400, 1024, { transposeA: true });
reportProduct(30, 672, 120, { transposeA: true });
