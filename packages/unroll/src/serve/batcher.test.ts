import { describe, expect, it, vi } from "vitest";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { Batcher } from "./batcher.ts";
import { LoadedModel, runnerHere } from "./runner.ts";
import { smallModel, wave } from "./testing.ts";

const options = { batchSize: 8, batchWait: 0, lanes: 1 };

/** Doubles every number; refuses rows that hold a 13. */
function doubler() {
  const sizes: number[] = [];
  const run = async (inputs: readonly Tensor[]) => {
    const [{ shape, data }] = inputs as readonly [Tensor];
    sizes.push(shape[0]!);
    if (data.includes(13)) throw new UnrollError({ code: "data", path: "x", expected: "must not hold 13" });
    return [{ shape, data: Float32Array.from(data, (value) => 2 * value) }];
  };
  return { sizes, run };
}

const rows = (...values: number[]): Tensor[] => [{ shape: [values.length, 1], data: Float32Array.from(values) }];

describe("the batcher", () => {
  it("runs together what comes together, and gives each its own rows", async () => {
    const { run, sizes } = doubler();
    const batcher = new Batcher({ run }, options);
    const answers = await Promise.all([rows(1), rows(2, 3), rows(4)].map((inputs) => batcher.predict(inputs)));
    expect(sizes).toEqual([4]);
    expect(answers.map(([output]) => [...output!.data])).toEqual([[2], [4, 6], [8]]);
    expect(answers[1]![0]!.shape).toEqual([2, 1]);
  });

  it("never joins more than the batch size, and cuts longer requests", async () => {
    const { run, sizes } = doubler();
    const batcher = new Batcher({ run }, options);
    const long = Array.from({ length: 19 }, (_, i) => i + 20);
    const [first, second] = await Promise.all([
      batcher.predict(rows(...long)),
      batcher.predict(rows(1, 2, 3, 4, 5, 6)),
    ]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    expect([...first![0]!.data]).toEqual(long.map((value) => 2 * value));
    expect(second![0]!.data).toHaveLength(6);
  });

  it("keeps other shapes apart", async () => {
    const { run, sizes } = doubler();
    const batcher = new Batcher({ run }, options);
    const wide: Tensor = { shape: [1, 2], data: new Float32Array(2) };
    await Promise.all([batcher.predict(rows(1)), batcher.predict([wide])]);
    expect(sizes).toEqual([1, 1]);
  });

  it("lets one that is refused fail alone", async () => {
    const { run } = doubler();
    const batcher = new Batcher({ run }, options);
    const results = await Promise.allSettled([rows(1), rows(13), rows(3)].map((inputs) => batcher.predict(inputs)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { message: "x: must not hold 13." } });
  });

  it("waits as long as it is told, and no longer once a batch is full", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      const { run, sizes } = doubler();
      const batcher = new Batcher({ run }, { ...options, batchWait: 50 });
      const early = batcher.predict(rows(1));
      await vi.advanceTimersByTimeAsync(30);
      const late = batcher.predict(rows(2));
      expect(sizes).toEqual([]);
      expect(batcher.waitingRows).toBe(2);
      await vi.advanceTimersByTimeAsync(20);
      await Promise.all([early, late]);
      expect(sizes).toEqual([2]);
      await batcher.predict(rows(1, 2, 3, 4, 5, 6, 7, 8));
      expect(sizes).toEqual([2, 8]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("runs as many batches at a time as there are lanes", async () => {
    let running = 0;
    let most = 0;
    const run = async (inputs: readonly Tensor[]) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return inputs;
    };
    const batcher = new Batcher({ run }, { batchSize: 1, batchWait: 0, lanes: 2 });
    await Promise.all([1, 2, 3, 4, 5, 6].map((value) => batcher.predict(rows(value))));
    expect(most).toBe(2);
  });

  it("gives the bits of single predictions", async () => {
    const runner = runnerHere(new LoadedModel(smallModel(), 8));
    const batcher = new Batcher(runner, options);
    const inputs = Array.from({ length: 13 }, (_, i) => [wave([1 + (i % 3), 6, 3], i)]);
    const joined = await Promise.all(inputs.map((one) => batcher.predict(one)));
    for (const [index, one] of inputs.entries()) {
      const model = smallModel();
      const alone = Array.from({ length: one[0]!.shape[0]! }, (_, row) => {
        const data = one[0]!.data.slice(row * 18, (row + 1) * 18);
        return [...model.predict({ shape: [1, 6, 3], data }, { batchSize: 1 }).data];
      });
      expect([...joined[index]![0]!.data]).toEqual(alone.flat());
    }
  });
});
