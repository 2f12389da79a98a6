/** Fitting iterables of batches: what they cannot be combined with, where an epoch ends, and that what was opened is closed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { BatchIterable, BatchLike } from "./batch-iterables.ts";
import { evaluateBatches } from "./evaluate.ts";
import { fit } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
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

describe("a resumed fit on an iterable", () => {
  const folder = mkdtempSync(join(tmpdir(), "unroll-iterables-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  /** Seven different batches, so that every order of them gives other weights. */
  const seven = Array.from({ length: 7 }, (_, i): BatchLike => ({ x: smallX, y: smallY.data.map((y) => y + i) }));
  const kinds: Readonly<Record<string, () => BatchIterable>> = {
    "a list": () => new Set(seven),
    "what can be read once": () => [...seven, ...seven, ...seven].values(),
    "a function of the epoch": () => (epoch) => seven.map((_, i) => seven[(i + epoch) % 7]!),
  };
  const run = async (batches: BatchIterable, path: string, more: FitOptions = {}) => {
    const net = smallModel();
    const options = { epochs: 4, stepsPerEpoch: 3, seed: 1, checkpoint: { path, everyBatches: 1 }, print: quiet };
    const result = await fit(net, batches, undefined, { ...options, resume: true, ...more });
    return { result, weights: net.getWeights(), history: result.history };
  };

  it.each(Object.keys(kinds).flatMap((kind) => [2, 3, 7, 8].map((batches) => [kind, batches] as const)))(
    "%s, cut after %i batches, goes on with the batch that would have been next",
    async (kind, batches) => {
      const whole = await run(kinds[kind]!(), join(folder, `${kind} ${batches} whole`));
      const path = join(folder, `${kind} ${batches} cut`);
      const controller = new AbortController();
      let seen = 0;
      const cut = await run(kinds[kind]!(), path, {
        signal: controller.signal,
        onProgress: ({ done }) => {
          if (!done && ++seen === batches) controller.abort();
        },
      });
      expect(cut.result.stopped?.reason).toBe("aborted");
      const resumed = await run(kinds[kind]!(), path);
      expect(resumed.history).toEqual(whole.history);
      expect(resumed.weights).toEqual(whole.weights);
    },
  );

  it("says so where the batches that were used are not there", async () => {
    const path = join(folder, "short");
    const controller = new AbortController();
    await run(() => seven, path, {
      epochs: 1,
      stepsPerEpoch: 6,
      signal: controller.signal,
      onProgress: ({ batch: done }) => done === 5 && controller.abort(),
    });
    await expect(run(() => seven.slice(0, 4), path, { epochs: 1, stepsPerEpoch: 6 })).rejects.toThrow(
      "the iterable must have the 5 batches that the saved run had read. Received: 4 batches. Resume with the same batches, or delete the checkpoint to begin again.",
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

  it.each([
    ["does not fit", { y: [1] }, {}, /one entry for each of the 10 examples/],
    [
      "has no such classes",
      { y: [0, 3, 0, 0, 0, 0, 0, 0, 0, 0] },
      { loss: "sparse_categorical_crossentropy" },
      /class/,
    ],
  ])("closes it when a batch %s", async (_, wrong, compiled, message) => {
    const { counts, batches } = counted();
    async function* spoilt(): AsyncGenerator<BatchLike> {
      for await (const one of batches()) yield { ...one, ...wrong };
    }
    await expect(evaluateBatches(smallModel(compiled), spoilt)).rejects.toThrow(message);
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it("refuses a number of steps that is none", async () => {
    await expect(evaluateBatches(smallModel(), [batch], { steps: 1.5 })).rejects.toThrow(
      "evaluateBatches: steps must be a whole number from 1. Received: steps = 1.5.",
    );
  });
});
