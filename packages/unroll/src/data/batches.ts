/**
 * Batches from a source of any length, so that data larger than memory trains: samples or blocks of rows come in,
 * tensors of `batchSize` rows go out, and only one batch is kept. Also windows over rows that come in blocks.
 */
import { checkOptionNames, Random, sizeOf, type Tensor, type TensorLike, tensor, UnrollError } from "../core/index.ts";
import { checkChoice, checkWhole } from "./checks.ts";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.ts";

/** What can be gone through with `for await`. */
export type AnyIterable<Item> = AsyncIterable<Item> | Iterable<Item>;

/** An input with or without its target; a bare tensor or array is an input. */
export type Example = TensorLike | ExamplePair;

/** An input with its target. */
export interface ExamplePair {
  readonly x: TensorLike;
  readonly y?: TensorLike;
}

/** Examples that run together. */
export interface Batch {
  /** `[batch, …]` */
  readonly x: Tensor;
  /** `[batch, …]`, where the source gives targets. */
  readonly y?: Tensor;
}

/** Options of `batches`. */
export interface BatchOptions {
  /** Default 32. */
  readonly batchSize?: number;
  /** Whether an item of the source is one sample (default) or a block of any number of them along its first axis. */
  readonly of?: "samples" | "blocks";
  /** Leave out a last batch that is not full, default false. */
  readonly dropLast?: boolean;
}

/**
 * Batches of the samples in the order in which they come.
 *
 * @throws UnrollError `data` when a sample's shape differs from the first one's, or targets come and go.
 * @example for await (const { x, y } of batches(samples(), { batchSize: 64 })) await model.trainOnBatch(x, y);
 */
export async function* batches(
  source: AnyIterable<Example>,
  options: BatchOptions = {},
): AsyncGenerator<Batch, void, undefined> {
  checkOptionNames("batches", options, ["batchSize", "of", "dropLast"]);
  const { batchSize = 32, of = "samples", dropLast = false } = options;
  checkWhole("batches", "batchSize", batchSize, 1);
  checkChoice("batches", "of", of, ["samples", "blocks"]);
  let x: Collector | undefined;
  let y: Collector | undefined;
  let item = 0;
  for await (const example of source) {
    const path = `batches: item ${item++}`;
    const [inputs, targets] = asBlocks(example, of, path);
    if (x === undefined) {
      x = new Collector(inputs, batchSize);
      y = targets && new Collector(targets, batchSize);
    }
    if ((y === undefined) !== (targets === undefined)) {
      throw new UnrollError({
        code: "data",
        path,
        expected: "all items must have a target, or none",
        received: targets === undefined ? "no target" : "a target",
      });
    }
    const rows = inputs.shape[0]!;
    for (let row = 0; row < rows; ) {
      const taken = Math.min(rows - row, x.room);
      x.add(inputs, row, taken, `${path}, x`);
      if (targets !== undefined) y!.add(targets, row, taken, `${path}, y`);
      row += taken;
      if (x.room === 0) yield finish(x, y);
    }
  }
  if (x !== undefined && x.rows > 0 && !dropLast) yield finish(x, y);
}

/**
 * The samples in random order, as far as a store of `size` samples allows: each one that goes out is drawn from the
 * store, and the next one from the source takes its place.
 *
 * @example batches(shuffled(samples(), { size: 1000, seed: 1 }), { batchSize: 32 })
 */
export async function* shuffled<Item>(
  source: AnyIterable<Item>,
  options: { size: number; seed: number },
): AsyncGenerator<Item, void, undefined> {
  checkOptionNames("shuffled", options, ["size", "seed"]);
  checkWhole("shuffled", "size", options.size, 1);
  const random = new Random(options.seed);
  const store: Item[] = [];
  for await (const item of source) {
    if (store.length < options.size) {
      store.push(item);
      continue;
    }
    const place = random.below(store.length);
    const drawn = store[place]!;
    store[place] = item;
    yield drawn;
  }
  for (const place of random.permutation(store.length)) yield store[place]!;
}

/** Options of `streamWindows`. */
export interface StreamWindowOptions {
  /** Rows of input. */
  readonly lookback: number;
  /** Rows to predict, default 1. */
  readonly horizon?: number;
  /** Rows from one window to the next, default 1. */
  readonly stride?: number;
  /** Columns to predict, default all. */
  readonly targetColumns?: readonly number[];
}

/**
 * Windows over rows that come in blocks `[rows, features]`, across their borders, one sample at a time: `x`
 * `[lookback, features]`, `y` as windows makes it. Windows with a missing value are left out.
 *
 * @throws UnrollError `data` when blocks differ in their number of columns.
 * @example batches(streamWindows(blocks, { lookback: 21, targetColumns: [0] }), { batchSize: 32 })
 */
export async function* streamWindows(
  blocks: AnyIterable<MatrixLike>,
  options: StreamWindowOptions,
): AsyncGenerator<{ x: Tensor; y: Tensor }, void, undefined> {
  checkOptionNames("streamWindows", options, ["lookback", "horizon", "stride", "targetColumns"]);
  const { lookback, horizon = 1, stride = 1 } = options;
  checkWhole("streamWindows", "lookback", lookback, 1);
  checkWhole("streamWindows", "horizon", horizon, 1);
  checkWhole("streamWindows", "stride", stride, 1);
  const needed = lookback + horizon;
  let kept: Matrix | undefined;
  /** Row of `kept` at which the next window begins; may lie behind its end. */
  let start = 0;
  for await (const block of blocks) {
    kept = kept === undefined ? toMatrix(block, "streamWindows") : joined(kept, toMatrix(block, "streamWindows"));
    for (; start + needed <= kept.shape[0]; start += stride) {
      const sample = windowAt(kept, start, lookback, horizon, options.targetColumns);
      if (sample !== undefined) yield sample;
    }
    const done = Math.min(start, kept.shape[0]);
    const columns = kept.shape[1];
    kept = { shape: [kept.shape[0] - done, columns], data: kept.data.slice(done * columns) };
    start -= done;
  }
}

function windowAt(
  { shape, data }: Matrix,
  start: number,
  lookback: number,
  horizon: number,
  targetColumns: readonly number[] | undefined,
): { x: Tensor; y: Tensor } | undefined {
  const features = shape[1];
  const columns = targetColumns ?? Array.from({ length: features }, (_, c) => c);
  const x = Float32Array.from(data.subarray(start * features, (start + lookback) * features));
  const y = new Float32Array(horizon * columns.length);
  for (let step = 0; step < horizon; step++) {
    columns.forEach((column, c) => {
      y[step * columns.length + c] = data[(start + lookback + step) * features + column]!;
    });
  }
  if (x.some(Number.isNaN) || y.some(Number.isNaN)) return undefined;
  const yShape = horizon === 1 ? [columns.length] : columns.length === 1 ? [horizon] : [horizon, columns.length];
  return { x: { shape: [lookback, features], data: x }, y: { shape: yShape, data: y } };
}

function joined(a: Matrix, b: Matrix): Matrix {
  if (a.shape[1] !== b.shape[1]) {
    throw new UnrollError({
      code: "data",
      path: "streamWindows",
      expected: `every block must have ${a.shape[1]} columns, as the first has`,
      received: `shape = [${b.shape.join(", ")}]`,
    });
  }
  const data = new Float64Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { shape: [a.shape[0] + b.shape[0], a.shape[1]], data };
}

/** Gathers rows of one shape until a batch is full. */
class Collector {
  readonly #batchSize: number;
  readonly #shape: readonly number[];
  readonly #rowSize: number;
  readonly #isInteger: boolean;
  #data: Tensor["data"];
  rows = 0;

  constructor(first: Tensor, batchSize: number) {
    this.#batchSize = batchSize;
    this.#shape = first.shape.slice(1);
    this.#rowSize = sizeOf(this.#shape);
    this.#isInteger = first.data instanceof Int32Array;
    this.#data = this.#empty();
  }

  get room(): number {
    return this.#batchSize - this.rows;
  }

  add({ shape, data }: Tensor, from: number, count: number, path: string): void {
    if (shape.length !== this.#shape.length + 1 || this.#shape.some((size, axis) => size !== shape[axis + 1])) {
      throw new UnrollError({
        code: "data",
        path,
        expected: `must have shape [${this.#shape.join(", ")}], as the first sample has`,
        received: `shape = [${shape.slice(1).join(", ")}]`,
      });
    }
    const size = this.#rowSize;
    this.#data.set(data.subarray(from * size, (from + count) * size), this.rows * size);
    this.rows += count;
  }

  take(): Tensor {
    const batch = { shape: [this.rows, ...this.#shape], data: this.#data.subarray(0, this.rows * this.#rowSize) };
    this.#data = this.#empty();
    this.rows = 0;
    return batch;
  }

  #empty(): Tensor["data"] {
    const size = this.#batchSize * this.#rowSize;
    return this.#isInteger ? new Int32Array(size) : new Float32Array(size);
  }
}

function finish(x: Collector, y: Collector | undefined): Batch {
  return y === undefined ? { x: x.take() } : { x: x.take(), y: y.take() };
}

/** The input and target with a first axis of samples. */
function asBlocks(example: Example, of: "samples" | "blocks", path: string): [Tensor, Tensor | undefined] {
  const { x, y } = isPair(example) ? example : { x: example, y: undefined };
  const lift = (value: TensorLike): Tensor => {
    const { shape, data } = tensor(value);
    return of === "samples" ? { shape: [1, ...shape], data } : { shape, data };
  };
  const inputs = lift(x);
  const targets = y === undefined ? undefined : lift(y);
  if (inputs.shape.length === 0 || (targets !== undefined && targets.shape[0] !== inputs.shape[0])) {
    throw new UnrollError({
      code: "data",
      path,
      expected: "x and y must have the same number of samples along their first axis",
      received: `shapes = [${inputs.shape.join(", ")}] and [${targets?.shape.join(", ") ?? ""}]`,
    });
  }
  return [inputs, targets];
}

function isPair(example: Example): example is ExamplePair {
  return typeof example === "object" && "x" in example;
}
