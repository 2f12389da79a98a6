import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tensor } from "../core/tensor.ts";
import { input, layers, resetNames, setThreads } from "../layers/index.ts";
import type { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

beforeEach(resetNames);
afterEach(() => setThreads(1));

const [timesteps, features] = [40, 8];

/** One example takes about 0.6 million operations. */
function net(batch?: number): Model<false> {
  const first = batch === undefined ? { shape: [timesteps, features] } : { batchShape: [batch, timesteps, features] };
  const stack = [layers.lstm({ units: 32, stateful: batch !== undefined }), layers.dense({ units: 2 })];
  return sequential({ layers: [input(first), ...stack], name: "net", seed: 4 });
}

function examples(count: number): ReturnType<typeof tensor> {
  const data = Float32Array.from({ length: count * timesteps * features }, (_, i) => Math.sin(i));
  return tensor(data, [count, timesteps, features]);
}

describe("predict on several threads", () => {
  it("gives the same bits for any number of examples and of threads", () => {
    const one = net();
    const several = net();
    for (const count of [0, 1, 2, 3, 33, 70]) {
      const expected = one.predict(examples(count), { batchSize: 16 });
      for (const threads of [2, 3]) {
        expect(several.predict(examples(count), { batchSize: 16, threads })).toEqual(expected);
      }
    }
  });

  it("lets every thread have a batch of its own where there are enough examples", () => {
    const model = net();
    model.predict(examples(70), { batchSize: 16, threads: 2 });
    expect(model.preparedMemories.map(({ batch }) => batch)).toEqual([32]);
    model.predict(examples(70), { batchSize: 16, threads: 2 });
    expect(model.preparedMemories).toHaveLength(1);
    model.predict(examples(70), { batchSize: 16, threads: 1 });
    expect(model.preparedMemories.map(({ batch }) => batch)).toEqual([32, 16]);
  });

  it("stays on one thread for little work, and keeps that program", () => {
    const model = sequential({ layers: [input({ shape: [4, 2] }), layers.gru({ units: 3 })], seed: 1 });
    const x = tensor(new Float32Array(100 * 8).fill(0.5), [100, 4, 2]);
    for (let i = 0; i < 2; i++) model.predict(x, { threads: 2 });
    expect(model.preparedMemories.map(({ batch }) => batch)).toEqual([32]);
  });

  it("keeps the states of stateful layers as one thread does", () => {
    const [one, several] = [net(4), net(4)];
    for (let i = 0; i < 3; i++) {
      expect(several.predict(examples(4), { threads: 2 })).toEqual(one.predict(examples(4)));
    }
  });

  it("is what setThreads says when nothing else is said, and device() tells", () => {
    const model = net();
    expect(model.device().threads).toBe(1);
    setThreads(2);
    expect(model.device().threads).toBe(2);
    expect(model.device().why).toMatch(/, on up to 2 threads\.$/);
    model.predict(examples(64));
    expect(model.preparedMemories.map(({ batch }) => batch)).toEqual([64]);
  });

  it("says what is no number of threads", () => {
    for (const threads of [0, 1.5, 65, Number.NaN]) {
      const text = `threads: it must be a whole number from 1 to 64. Received: threads = ${threads}.`;
      expect(() => net().predict(examples(1), { threads })).toThrow(text);
      expect(() => setThreads(threads)).toThrow(text);
    }
  });

  it("runs the reference on one thread", () => {
    const expected = net().predict(examples(3), { device: "reference" });
    expect(net().predict(examples(3), { device: "reference", threads: 2 })).toEqual(expected);
  });
});
