/**
 * Where a fit's batches come from: arrays or views, drawn in a new order each epoch. All can begin in the middle of an epoch, for
 * resumed runs. Iterables of batches are in batch-iterables.ts.
 */
import { UnrollError } from "../core/errors.ts";
import { Random, type RandomState } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Model } from "../model/model.ts";
import { type ClassWeight, type Examples, readExamples, take } from "./data.ts";

/** Examples that are copied out only for the batch that asks for them, as `windows` gives them. */
export interface ExampleView {
  readonly count: number;
  /**
   * The examples of these indices, in this order: `x` and `y` `[batch, ...]`. Into `buffers` where given, so that training
   * takes no memory.
   */
  batch(
    indices: ArrayLike<number>,
    buffers?: { readonly x: Float32Array; readonly y: Float32Array },
  ): { readonly x: Tensor; readonly y: Tensor };
}

/** How far an iterable was read. */
export interface SourcePlace {
  /** The epoch in which it was opened. */
  readonly began: number;
  /** Batches read since. */
  readonly read: number;
}

export interface BatchSource {
  /** Batches of an epoch; undefined where only the iterable knows. */
  readonly steps: number | undefined;
  /** Sizes that a checkpoint must fit. */
  readonly describe: string;
  /** The batches of an epoch from batch `from` on. `random` draws the order. */
  batches(epoch: number, from: number, random: RandomState): AsyncIterable<Examples> | Iterable<Examples>;
  /** A batch to look at, which `batches` gives all the same. */
  first(epoch: number): Examples | Promise<Examples>;
  /** For what is read in one direction: where it is; undefined where the next epoch opens it anew. */
  readonly place?: SourcePlace | undefined;
  /** Goes to a place of an earlier run, before `batches`. Throws UnrollError `data` where there is no such place. */
  goTo?(place: SourcePlace): Promise<void>;
  /** Lets go of what is open between epochs, such as a file. */
  close?(): Promise<void>;
}

/** Batches of arrays: shuffled by a full permutation each epoch, the last batch not full. */
export function arraySource(examples: Examples, batchSize: number, shuffle: boolean): BatchSource {
  return countedSource(examples.count, batchSize, shuffle, (start, size, order) => take(examples, start, size, order));
}

/** Batches of a view, as `arraySource` gives those of arrays: the same examples in the same order. */
export function viewSource(view: ModelView, batchSize: number, shuffle: boolean): BatchSource {
  return countedSource(view.count, batchSize, shuffle, (start, size, order) =>
    view.take(order === undefined ? rangeOf(start, size) : order.subarray(start, start + size)),
  );
}

function countedSource(
  count: number,
  batchSize: number,
  shuffle: boolean,
  takeBatch: (start: number, size: number, order: Uint32Array | undefined) => Examples,
): BatchSource {
  const steps = Math.ceil(count / batchSize);
  return {
    steps,
    describe: `${count} examples in batches of ${batchSize}${shuffle ? ", shuffled" : ""}`,
    *batches(_epoch, from, random) {
      const order = shuffle ? new Random(random).permutation(count) : undefined;
      for (let step = from; step < steps; step++) {
        const start = step * batchSize;
        yield takeBatch(start, Math.min(batchSize, count - start), order);
      }
    },
    first: () => takeBatch(0, Math.min(batchSize, count), undefined),
  };
}

/** The batches of arrays in order. */
export function* exampleBatches(examples: Examples, batchSize: number): Generator<Examples> {
  for (let start = 0; start < examples.count; start += batchSize) {
    yield take(examples, start, Math.min(batchSize, examples.count - start));
  }
}

/** The batches of a view in order. */
export function* viewBatches(view: ModelView, batchSize: number): Generator<Examples> {
  for (let start = 0; start < view.count; start += batchSize) {
    yield view.take(rangeOf(start, Math.min(batchSize, view.count - start)));
  }
}

function rangeOf(start: number, size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, index) => start + index);
}

/** The part of a view that a model is given, read as that model's examples. */
export interface ModelView {
  readonly count: number;
  /** Valid until the next call, because the numbers stay in the same memory. */
  take(indices: Uint32Array): Examples;
}

/** Examples `from` (inclusive) to `to` (exclusive) of a view. Throws UnrollError `data`, `shape` where one does not fit. */
export function modelView(
  model: Model,
  view: ExampleView,
  {
    classWeight,
    from = 0,
    to = view.count,
  }: { classWeight?: ClassWeight | undefined; from?: number; to?: number } = {},
): ModelView {
  if (to <= from) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: "a view must have at least one example",
      received: `count = ${view.count}`,
    });
  }
  model.buildFor(view.batch([from]).x);
  let buffers: { readonly x: Float32Array; readonly y: Float32Array } | undefined;
  let room = 0;
  return {
    count: to - from,
    take(indices) {
      const places = indices.map((index) => from + index);
      const { x, y } = places.length <= room ? view.batch(places, buffers) : view.batch(places);
      if (places.length > room && x.data instanceof Float32Array && y.data instanceof Float32Array) {
        buffers = { x: x.data, y: y.data };
        room = places.length;
      }
      return readExamples(model, x, y, { classWeight });
    },
  };
}

export function isExampleView(value: unknown): value is ExampleView {
  if (typeof value !== "object" || value === null) return false;
  return "count" in value && typeof value.count === "number" && "batch" in value && typeof value.batch === "function";
}
