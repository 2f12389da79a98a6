import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sessions } from "./sessions.ts";
import { bytesOfModel, kerasFile, nested, prepared, smallModel, temporaryFolder, wave } from "./testing.ts";

/** Adds to a sum that is the session's state. */
const add = (amount: number) => async (state: readonly Float32Array[] | undefined) => {
  await Promise.resolve();
  const sum = (state?.[0]?.[0] ?? 0) + amount;
  return { state: [Float32Array.of(sum)], sum };
};
const use = (id: string, more: { start?: boolean; end?: boolean } = {}) => ({ id, start: false, end: false, ...more });

describe("sessions", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("go on from call to call, each from its own state, in the order of the calls", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const results = await Promise.all([
      sessions.use(use("a", { start: true }), add(1)),
      sessions.use(use("b", { start: true }), add(100)),
      sessions.use(use("a"), add(2)),
      sessions.use(use("a"), add(3)),
      sessions.use(use("b"), add(1)),
    ]);
    expect(results.map(({ sum }) => sum)).toEqual([1, 100, 3, 6, 101]);
    expect((await sessions.use(use("a", { start: true }), add(5))).sum).toBe(5);
  });

  it("are errors once they have ended or expired, and never begin again by themselves", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const gone = { status: 409 };
    await expect(sessions.use(use("a"), add(1))).rejects.toMatchObject(gone);
    await sessions.use(use("a", { start: true }), add(1));
    vi.setSystemTime(Date.now() + 900);
    await sessions.use(use("a"), add(1));
    vi.setSystemTime(Date.now() + 900);
    await sessions.use(use("a", { end: true }), add(1));
    await expect(sessions.use(use("a"), add(1))).rejects.toMatchObject(gone);
    await sessions.use(use("b", { start: true }), add(1));
    vi.setSystemTime(Date.now() + 1001);
    expect(sessions.count).toBe(0);
    await expect(sessions.use(use("b"), add(1))).rejects.toMatchObject(gone);
  });

  it("are bounded; those that are there go on", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    await sessions.use(use("a", { start: true }), add(1));
    await sessions.use(use("b", { start: true }), add(1));
    await expect(sessions.use(use("c", { start: true }), add(1))).rejects.toMatchObject({ status: 429, retryAfter: 1 });
    expect((await sessions.use(use("a"), add(1))).sum).toBe(2);
    vi.setSystemTime(Date.now() + 1001);
    expect((await sessions.use(use("c", { start: true }), add(7))).sum).toBe(7);
  });

  it("keep their state when a call fails, and do not exist when the first fails", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const fail = async (): Promise<{ state: readonly Float32Array[] }> => {
      throw new Error("no");
    };
    const first = sessions.use(use("a", { start: true }), fail);
    const behind = sessions.use(use("a"), add(1));
    await expect(first).rejects.toThrow("no");
    await expect(behind).rejects.toMatchObject({ status: 409 });
    await sessions.use(use("a", { start: true }), add(1));
    await expect(sessions.use(use("a"), fail)).rejects.toThrow("no");
    expect((await sessions.use(use("a"), add(1))).sum).toBe(2);
  });
});

describe("streams over HTTP", () => {
  const x = wave([1, 12, 3]);
  const steps = [x.data.slice(0, 3), x.data.slice(3, 21), x.data.slice(21)];
  const chunk = (data: Float32Array | Int32Array) => nested({ shape: [1, data.length / 3, 3], data });

  async function small(more: object = {}) {
    const path = `${temporaryFolder()}/small.keras`;
    writeFileSync(path, await bytesOfModel(smallModel()));
    const { app } = await prepared({ models: [path], ...more });
    const post = (instances: unknown, headers: Record<string, string>) =>
      app.inject({ method: "POST", url: "/v1/models/small:predict", payload: { instances }, headers });
    return { app, post };
  }

  it("answer in pieces what the whole sequence gives, through both protocols, side by side", async () => {
    const { app, post } = await small();
    const whole = [...smallModel().predict(x).data];
    const infer = async (data: Float32Array | Int32Array, sequence: object) => {
      const inputs = [{ name: "x", shape: [1, data.length / 3, 3], datatype: "FP32", data: [...data] }];
      const parameters = { sequence_id: 42, ...sequence };
      return app.inject({ method: "POST", url: "/v2/models/small/infer", payload: { inputs, parameters } });
    };
    await post(chunk(steps[0]!), { "unroll-session": "s", "unroll-session-start": "true" });
    await infer(steps[0]!, { sequence_start: true });
    await post(chunk(steps[1]!), { "unroll-session": "s" });
    await infer(steps[1]!, {});
    const plain = await post(chunk(x.data), {});
    const last = await post(chunk(steps[2]!), { "unroll-session": "s", "unroll-session-end": "true" });
    const lastToo = await infer(steps[2]!, { sequence_end: true });
    expect(last.json().predictions[0]).toEqual(whole);
    expect(lastToo.json().outputs[0].data).toEqual(whole);
    expect(plain.json().predictions[0]).toEqual(whole);
    expect((await post(chunk(steps[2]!), { "unroll-session": "s" })).statusCode).toBe(409);
  });

  it("refuse several rows, odd headers, and models that read backward or keep nothing", async () => {
    const { post } = await small();
    const start = { "unroll-session": "s", "unroll-session-start": "true" };
    expect((await post([[[1, 2, 3]], [[1, 2, 3]]], start)).json().error).toContain("must have one row");
    expect((await post([[[1, 2, 3]]], { ...start, "unroll-session-start": "yes" })).statusCode).toBe(400);
    expect((await post([[[1, 2, 3]]], { ...start, "unroll-session": "two words" })).statusCode).toBe(400);
    const { app } = await prepared({ models: [`both=${kerasFile("bidirectional/m.keras")}`] });
    const { inputs } = (await app.inject("/v2/models/both")).json();
    const shape = [1, ...inputs[0].shape.slice(1).map((size: number) => (size === -1 ? 4 : size))];
    const data = new Array(shape.reduce((a: number, b: number) => a * b)).fill(0.5);
    const payload = {
      inputs: [{ name: inputs[0].name, shape, datatype: "FP32", data }],
      parameters: { sequence_id: 1, sequence_start: true },
    };
    const refused = await app.inject({ method: "POST", url: "/v2/models/both/infer", payload });
    expect([refused.statusCode, refused.json().error]).toEqual([
      400,
      expect.stringContaining("last timestep to the first"),
    ]);
  });

  it("end when their model is loaded again", async () => {
    const { app, post } = await small();
    await post(chunk(steps[0]!), { "unroll-session": "s", "unroll-session-start": "true" });
    expect((await app.inject({ method: "POST", url: "/admin/reload" })).json().models[0].result).toBe("loaded");
    expect((await post(chunk(steps[1]!), { "unroll-session": "s" })).statusCode).toBe(409);
  });
});
