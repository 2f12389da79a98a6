/** Fitting iterables of batches: what they cannot be combined with, where an epoch ends, and that what was opened is closed. */
import { describe, expect, it } from "vitest";
import { evaluateBatches } from "./evaluate.ts";
import { fit } from "./fit.ts";
import type { BatchLike } from "./fit-data.ts";
import { quiet, smallModel, smallX, smallY } from "./testing.ts";

const batch: BatchLike = { x: smallX, y: smallY };
const weights = smallY.data.map(() => 2);

/** Three batches, and how often they were left before or at their end. */
function counted() {
  const counts = { opened: 0, closed: 0 };
  async function* batches(): AsyncGenerator<BatchLike> {
    counts.opened++;
    try {
      for (let i = 0; i < 3; i++) yield batch;
    } finally {
      counts.closed++;
    }
  }
  return { counts, batches };
}

describe("a fit on an iterable", () => {
  it("refuses sampleWeight, which the batches bring themselves", async () => {
    await expect(fit(smallModel(), [batch].values(), undefined, { sampleWeight: weights })).rejects.toThrow(
      /sampleWeight needs arrays\. Received: an iterable of batches\. Give each batch its own: \{ x, y, sampleWeight \}\./,
    );
  });

  it("counts the weights that a batch brings", async () => {
    const one = await fit(smallModel(), () => [batch], undefined, { seed: 1 });
    const two = await fit(smallModel(), () => [{ ...batch, sampleWeight: weights }], undefined, { seed: 1 });
    expect(two.history.loss![0]).toBeCloseTo(2 * one.history.loss![0]!, 5);
  });

  it("closes it when a run ends within an epoch", async () => {
    const { counts, batches } = counted();
    const controller = new AbortController();
    const result = await fit(smallModel(), batches, undefined, {
      epochs: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(),
      print: quiet,
    });
    expect(result.stopped?.batch).toBe(1);
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it("closes it when a batch does not fit", async () => {
    const { counts, batches } = counted();
    async function* spoilt(): AsyncGenerator<BatchLike> {
      for await (const one of batches()) yield { ...one, y: [1] };
    }
    await expect(fit(smallModel(), spoilt)).rejects.toThrow(/one entry for each of the 10 examples/);
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it("goes on in the next epoch with stepsPerEpoch, begins again at the end, and closes it after the last", async () => {
    const { counts, batches } = counted();
    const sizes: number[] = [];
    await fit(smallModel(), batches, undefined, {
      epochs: 4,
      stepsPerEpoch: 1,
      onProgress: ({ done, batch: steps }) => done && sizes.push(steps),
    });
    expect(sizes).toEqual([1, 1, 1, 1]);
    expect(counts).toEqual({ opened: 2, closed: 2 });
  });

  it("needs one batch at least", async () => {
    await expect(fit(smallModel(), () => [])).rejects.toThrow(/every epoch needs at least one batch/);
    await expect(fit(smallModel(), () => [], undefined, { stepsPerEpoch: 2 })).rejects.toThrow(/at least one batch/);
    // Once read, this one has nothing more to give.
    const once = [batch, batch].values();
    await expect(fit(smallModel(), once, undefined, { epochs: 3, stepsPerEpoch: 1 })).rejects.toThrow(
      /Give something that can be read again/,
    );
  });
});

describe("options that only iterables have", () => {
  it("are refused for arrays", async () => {
    await expect(fit(smallModel(), smallX, smallY, { stepsPerEpoch: 2 })).rejects.toThrow(
      /stepsPerEpoch needs an iterable of batches\. Received: arrays\. Leave it out\./,
    );
  });
});

describe("an evaluation of an iterable", () => {
  it("reads as many batches as asked for, and closes it", async () => {
    const { counts, batches } = counted();
    let read = 0;
    await evaluateBatches(
      smallModel(),
      async function* () {
        for await (const one of batches()) {
          read++;
          yield one;
        }
      },
      { steps: 2 },
    );
    expect(read).toBe(2);
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it("refuses a number of steps that is none", async () => {
    await expect(evaluateBatches(smallModel(), [batch], { steps: 1.5 })).rejects.toThrow(
      "evaluateBatches: steps must be a whole number from 1. Received: steps = 1.5.",
    );
  });
});
