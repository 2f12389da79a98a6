import "../layers/engines.ts";
import { describe, expect, it, vi } from "vitest";
import { Helper } from "../compiler/threads/helper.ts";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { inputValue, map, matmul, weightValue } from "../program/builder.ts";
import { Plans, type RunRequest } from "./plan.ts";

/** Doubles each number, and counts how often a program is written. */
function doubling(batchSize: number, written: number[], width = 3): RunRequest {
  return {
    batchSize,
    device: "reference",
    path: "net",
    programFor: (batch) => {
      written.push(batch);
      const x = inputValue("x", [batch, width]);
      return { inputs: [x], results: [map([x], ([v]) => v!.times(2))], updates: [] };
    },
  };
}

function rows(count: number, width = 3): Tensor {
  return { shape: [count, width], data: Float32Array.from({ length: count * width }, (_, i) => i) };
}

describe("plans", () => {
  it("run again, with another worker, after one has died in the middle of a part", () => {
    const plans = new Plans();
    const weights = new Variable(
      "w",
      [256, 256],
      Float32Array.from({ length: 256 * 256 }, (_, i) => (i % 7) - 3),
    );
    const request: RunRequest = {
      batchSize: 32,
      device: "wasm",
      threads: 2,
      path: "net",
      // So much that a part of it is worth a worker.
      programFor: (batch) => {
        const x = inputValue("x", [batch, 256]);
        const w = weightValue(weights);
        return { inputs: [x], results: [matmul(matmul(x, w), w)], updates: [] };
      },
    };
    const x = rows(64, 256);
    const expected = plans.run([x], { ...request, threads: 1 });
    const takeBack = vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    const finish = vi.spyOn(Helper.prototype, "finish").mockImplementation(() => {
      throw new UnrollError({ code: "aborted", path: "threads", expected: "no answer" });
    });
    expect(() => plans.run([x], request)).toThrow("no answer");
    expect(plans.count).toBe(1);
    takeBack.mockRestore();
    finish.mockRestore();
    expect(plans.run([x], request)).toEqual(expected);
    expect(plans.count).toBe(2);
    plans.clear();
  });

  it("fill up a last batch instead of making a program of its size", () => {
    const plans = new Plans();
    const written: number[] = [];
    const [result] = plans.run([rows(11)], doubling(4, written));
    expect(written).toEqual([4]);
    expect(result!.shape).toEqual([11, 3]);
    expect([...result!.data]).toEqual([...rows(11).data].map((x) => 2 * x));
  });

  it("serve a batch by a kept program of up to twice its size, not by a much larger one", () => {
    const plans = new Plans();
    const written: number[] = [];
    for (const count of [32, 20, 16, 3, 2, 1]) plans.run([rows(count)], doubling(32, written));
    expect(written).toEqual([32, 3, 1]);
  });

  it("keep few programs, and drop the one not used for longest", () => {
    const plans = new Plans();
    const written: number[] = [];
    const run = (width: number): unknown => plans.run([rows(1, width)], doubling(1, written, width));
    for (let width = 1; width <= 8; width++) run(width);
    run(1);
    run(9);
    expect(plans.count).toBe(8);
    written.length = 0;
    run(1);
    expect(written).toEqual([]);
    run(2);
    expect(written).toEqual([1]);
  });
});
