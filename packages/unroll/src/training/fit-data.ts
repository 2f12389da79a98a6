/**
 * Where a fit's batches come from: arrays or views, drawn in a new order each epoch, or an iterable of batches that may be
 * larger than memory. All can begin in the middle of an epoch, for resumed runs.
 */
import { UnrollError } from "../core/errors.ts";
import { Random, type RandomState } from "../core/random.ts";
import type { Tensor, TensorLike } from "../core/tensor.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { type ClassWeight, type Examples, readExamples, take } from "./data.ts";

/** A batch of an iterable: inputs, targets, weights. */
export type BatchLike =
  | { readonly x: ModelData; readonly y?: ModelData; readonly sampleWeight?: ModelData }
  | readonly [ModelData, ModelData]
  | readonly [ModelData, ModelData, ModelData];

/** Batches that are read anew each epoch; or a function that gives them. */
export type BatchIterable =
  | AsyncIterable<BatchLike>
  | Iterable<BatchLike>
  | ((epoch: number) => AsyncIterable<BatchLike> | Iterable<BatchLike>);

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

export interface BatchSource {
  /** Batches of an epoch; undefined where only the iterable knows. */
  readonly steps: number | undefined;
  /** Sizes that a checkpoint must fit. */
  readonly describe: string;
  /** The batches of an epoch from batch `from` on. `random` draws the order. */
  batches(epoch: number, from: number, random: RandomState): AsyncIterable<Examples> | Iterable<Examples>;
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

export function isBatchIterable(value: unknown): value is BatchIterable {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

type BatchIterator = AsyncIterator<BatchLike> | Iterator<BatchLike>;

/**
 * Batches as they come. With `stepsPerEpoch` an epoch ends after so many, and an iterable that is not at its end goes on in
 * the next epoch. An iterable that is left before its end is told so, as `for await` does.
 */
export function iterableSource(
  model: Model,
  given: BatchIterable,
  { stepsPerEpoch, classWeight }: { stepsPerEpoch?: number | undefined; classWeight?: ClassWeight | undefined },
): BatchSource {
  let open: BatchIterator | undefined;
  const start = (epoch: number): BatchIterator => {
    const iterable = typeof given === "function" ? given(epoch) : given;
    return Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  };
  return {
    steps: stepsPerEpoch,
    describe: `an iterable${stepsPerEpoch === undefined ? "" : ` of ${stepsPerEpoch} batches an epoch`}`,
    async *batches(epoch, from) {
      let iterator = open ?? start(epoch);
      let goesOn = open !== undefined;
      open = undefined;
      let step = 0;
      let atEnd = false;
      try {
        while (stepsPerEpoch === undefined || step < stepsPerEpoch) {
          const next = await iterator.next();
          if (next.done && goesOn) {
            // The epoch before ended exactly where the iterable did.
            iterator = start(epoch);
            goesOn = false;
            continue;
          }
          atEnd = next.done === true;
          if (next.done) break;
          goesOn = false;
          if (step >= from) yield readBatch(model, next.value, classWeight);
          step++;
        }
        if (step === 0) throw emptyIterable(model);
        if (!atEnd) open = iterator;
      } finally {
        if (!atEnd && open !== iterator) await iterator.return?.();
      }
    },
    async close() {
      const left = open;
      open = undefined;
      await left?.return?.();
    },
  };
}

function emptyIterable(model: Model): UnrollError {
  return new UnrollError({
    code: "data",
    path: model.name,
    expected: "every epoch needs at least one batch",
    received: "an iterable that is at its end",
    hint: "Give something that can be read again, such as a function that makes the iterable.",
  });
}

function readBatch(model: Model, batch: BatchLike, classWeight: ClassWeight | undefined): Examples {
  const [x, y, sampleWeight] = Array.isArray(batch)
    ? (batch as readonly ModelData[]) // told apart from the record
    : [
        (batch as { x: ModelData }).x,
        (batch as { y?: ModelData }).y,
        (batch as { sampleWeight?: ModelData }).sampleWeight,
      ];
  if (x === undefined || y === undefined) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: "a batch must have x and y",
      received: x === undefined ? "no x" : "no y",
      hint: "Give { x, y } or [x, y].",
    });
  }
  return readExamples(model, x as TensorLike, y as TensorLike, { sampleWeight, classWeight });
}
