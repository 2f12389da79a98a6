/**
 * Where a fit's batches come from: arrays, drawn in a new order each epoch, or an iterable of batches that may be larger
 * than memory. Both can begin in the middle of an epoch, for resumed runs.
 */
import { UnrollError } from "../core/errors.ts";
import { Random, type RandomState } from "../core/random.ts";
import type { TensorLike } from "../core/tensor.ts";
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

export interface BatchSource {
  /** Batches of an epoch; undefined where only the iterable knows. */
  readonly steps: number | undefined;
  /** Sizes that a checkpoint must fit. */
  readonly describe: string;
  /** The batches of an epoch from batch `from` on. `random` draws the order. */
  batches(epoch: number, from: number, random: RandomState): AsyncIterable<Examples> | Iterable<Examples>;
}

/** Batches of arrays: shuffled by a full permutation each epoch, the last batch not full. */
export function arraySource(examples: Examples, batchSize: number, shuffle: boolean): BatchSource {
  const steps = Math.ceil(examples.count / batchSize);
  return {
    steps,
    describe: `${examples.count} examples in batches of ${batchSize}${shuffle ? ", shuffled" : ""}`,
    *batches(_epoch, from, random) {
      const order = shuffle ? new Random(random).permutation(examples.count) : undefined;
      for (let step = from; step < steps; step++) {
        const start = step * batchSize;
        yield take(examples, start, Math.min(batchSize, examples.count - start), order);
      }
    },
  };
}

export function isBatchIterable(value: unknown): value is BatchIterable {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/**
 * Batches as they come. With `stepsPerEpoch` an epoch ends after so many, and an iterable that is not at its end goes on in
 * the next epoch.
 */
export function iterableSource(
  model: Model,
  given: BatchIterable,
  { stepsPerEpoch, classWeight }: { stepsPerEpoch?: number | undefined; classWeight?: ClassWeight | undefined },
): BatchSource {
  let open: AsyncIterator<BatchLike> | Iterator<BatchLike> | undefined;
  const start = (epoch: number): AsyncIterator<BatchLike> | Iterator<BatchLike> => {
    const iterable = typeof given === "function" ? given(epoch) : given;
    return Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  };
  return {
    steps: stepsPerEpoch,
    describe: `an iterable${stepsPerEpoch === undefined ? "" : ` of ${stepsPerEpoch} batches an epoch`}`,
    async *batches(epoch, from) {
      const iterator = stepsPerEpoch === undefined || open === undefined ? start(epoch) : open;
      open = undefined;
      let step = 0;
      for (; stepsPerEpoch === undefined || step < stepsPerEpoch; step++) {
        const { done, value } = await iterator.next();
        if (done) break;
        if (step >= from) yield readBatch(model, value, classWeight);
      }
      // A reader that left in the middle of an epoch begins anew.
      if (step === stepsPerEpoch) open = iterator;
      if (step === 0) throw emptyIterable(model);
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
