/**
 * Batches that come one after another, out of an iterable that may be larger than memory: where an epoch ends, how a run
 * that was interrupted finds its place again, and that what was opened is closed.
 */
import { UnrollError } from "../core/errors.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { type ClassWeight, checkOneBatch, type Examples, readExamples } from "./data.ts";
import type { BatchSource, SourcePlace } from "./fit-data.ts";

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

export function isBatchIterable(value: unknown): value is BatchIterable {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** An iterable that is being read. */
interface Reading {
  readonly iterator: AsyncIterator<BatchLike> | Iterator<BatchLike>;
  /** The epoch in which it was opened. */
  readonly began: number;
  /** Batches taken out of it. */
  read: number;
  /** What came and was only looked at. */
  held?: IteratorResult<BatchLike> | undefined;
}

/**
 * Batches as they come. With `stepsPerEpoch` an epoch ends after so many, and an iterable that is not at its end goes on in
 * the next epoch. An iterable that is left before its end is told so, as `for await` does.
 */
export function iterableSource(
  model: Model,
  given: BatchIterable,
  { stepsPerEpoch, classWeight }: { stepsPerEpoch?: number | undefined; classWeight?: ClassWeight | undefined },
): BatchSource {
  /** Read on by the next epoch. */
  let open: Reading | undefined;
  let place: SourcePlace | undefined;

  function begin(epoch: number): Reading {
    const iterable = typeof given === "function" ? given(epoch) : given;
    const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    return { iterator, began: epoch, read: 0 };
  }

  async function take(reading: Reading): Promise<IteratorResult<BatchLike>> {
    const next = reading.held ?? (await reading.iterator.next());
    reading.held = undefined;
    if (!next.done) reading.read++;
    return next;
  }

  async function close(): Promise<void> {
    const left = open;
    open = undefined;
    await left?.iterator.return?.();
  }

  return {
    steps: stepsPerEpoch,
    describe: `an iterable${stepsPerEpoch === undefined ? "" : ` of ${stepsPerEpoch} batches an epoch`}`,
    get place() {
      return place;
    },
    async first(epoch) {
      open ??= begin(epoch);
      open.held ??= await open.iterator.next();
      if (open.held.done) throw emptyIterable(model);
      return readBatch(model, open.held.value, classWeight);
    },
    async goTo({ began, read }) {
      // A function is asked for the batches of an epoch; anything else gives the same ones in each.
      if (open !== undefined && open.began !== began && typeof given === "function") await close();
      open ??= begin(began);
      while (open.read < read) if ((await take(open)).done) throw tooShort(model, read, open.read);
      open = { ...open, began };
      place = { began, read };
    },
    async *batches(epoch, from) {
      let reading = open ?? begin(epoch);
      let goesOn = open !== undefined;
      open = undefined;
      let step = from;
      let atEnd = false;
      try {
        while (stepsPerEpoch === undefined || step < stepsPerEpoch) {
          const next = await take(reading);
          if (next.done && goesOn && step === 0) {
            // The epoch before ended exactly where the iterable did.
            reading = begin(epoch);
            goesOn = false;
            continue;
          }
          atEnd = next.done === true;
          if (next.done) break;
          goesOn = false;
          place = { began: reading.began, read: reading.read };
          yield readBatch(model, next.value, classWeight);
          step++;
        }
        if (step === 0) throw emptyIterable(model);
        if (atEnd) place = undefined;
        else open = reading;
      } finally {
        if (!atEnd && open !== reading) await reading.iterator.return?.();
      }
    },
    close,
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

function tooShort(model: Model, wanted: number, read: number): UnrollError {
  return new UnrollError({
    code: "data",
    path: model.name,
    expected: `the iterable must have the ${wanted} batches that the saved run had read`,
    received: `${read} batches`,
    hint: "Resume with the same batches, or delete the checkpoint to begin again.",
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
  const examples = readExamples(model, x, y, { sampleWeight, classWeight });
  checkOneBatch(model, examples);
  return examples;
}
