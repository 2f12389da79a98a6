import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { Sessions } from "./sessions.ts";
import { bytesOfModel, kerasFile, nested, prepared, smallModel, temporaryFolder, wave } from "./testing.ts";

const tensorOf = (value: number): Tensor => ({ shape: [1, 1], data: Float32Array.of(value) });

/** Adds to a sum that is the session's state. */
const add = (amount: number) => async (state: readonly Tensor[] | undefined) => {
  await Promise.resolve();
  const sum = (state?.[0]?.data[0] ?? 0) + amount;
  return { state: [tensorOf(sum)], sum };
};
const use = (id: string, more: { start?: boolean; end?: boolean } = {}) => ({ id, start: false, end: false, ...more });

describe("sessions", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("go on from call to call, each from its own state, in the order of the calls", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const results = await Promise.all([
      sessions.use(use("a", { start: true }), 1, add(1)),
      sessions.use(use("b", { start: true }), 1, add(100)),
      sessions.use(use("a"), 1, add(2)),
      sessions.use(use("a"), 1, add(3)),
      sessions.use(use("b"), 1, add(1)),
    ]);
    expect(results.map(({ sum }) => sum)).toEqual([1, 100, 3, 6, 101]);
    expect((await sessions.use(use("a", { start: true }), 1, add(5))).sum).toBe(5);
  });

  it("are errors once they have ended or expired, and never begin again by themselves", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const gone = { status: 409 };
    await expect(sessions.use(use("a"), 1, add(1))).rejects.toMatchObject(gone);
    await sessions.use(use("a", { start: true }), 1, add(1));
    vi.advanceTimersByTime(900);
    await sessions.use(use("a"), 1, add(1));
    vi.advanceTimersByTime(900);
    await sessions.use(use("a", { end: true }), 1, add(1));
    await expect(sessions.use(use("a"), 1, add(1))).rejects.toMatchObject(gone);
    await sessions.use(use("b", { start: true }), 1, add(1));
    vi.advanceTimersByTime(1001);
    expect(sessions.count).toBe(0);
    await expect(sessions.use(use("b"), 1, add(1))).rejects.toMatchObject(gone);
  });

  it("are bounded; those that are there go on", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    await sessions.use(use("a", { start: true }), 1, add(1));
    await sessions.use(use("b", { start: true }), 1, add(1));
    await expect(sessions.use(use("c", { start: true }), 1, add(1))).rejects.toMatchObject({
      status: 429,
      retryAfter: 1,
    });
    expect((await sessions.use(use("a"), 1, add(1))).sum).toBe(2);
    vi.advanceTimersByTime(1001);
    expect((await sessions.use(use("c", { start: true }), 1, add(7))).sum).toBe(7);
  });

  it("keep their state when a call fails, and do not exist when the first fails", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    const fail = async (): Promise<{ state: readonly Tensor[] }> => {
      throw new Error("no");
    };
    const first = sessions.use(use("a", { start: true }), 1, fail);
    const behind = sessions.use(use("a"), 1, add(1));
    await expect(first).rejects.toThrow("no");
    await expect(behind).rejects.toMatchObject({ status: 409 });
    await sessions.use(use("a", { start: true }), 1, add(1));
    await expect(sessions.use(use("a"), 1, fail)).rejects.toThrow("no");
    expect((await sessions.use(use("a"), 1, add(1))).sum).toBe(2);
  });

  it("do not expire while a call of theirs waits or runs", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 2 });
    let finish = (): void => {};
    const slow = async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { state: [tensorOf(1)] };
    };
    const running = sessions.use(use("a", { start: true }), 1, slow);
    await Promise.resolve();
    vi.advanceTimersByTime(5000);
    const behind = sessions.use(use("a"), 1, add(1));
    finish();
    await running;
    expect((await behind).sum).toBe(2);
    vi.advanceTimersByTime(1001);
    expect(sessions.count).toBe(0);
  });

  it("are counted by their rows, which all of their calls must have", async () => {
    const sessions = new Sessions({ ttl: 1000, most: 5 });
    await sessions.use(use("a", { start: true }), 3, add(1));
    await expect(sessions.use(use("b", { start: true }), 3, add(1))).rejects.toMatchObject({ status: 429 });
    await sessions.use(use("b", { start: true }), 2, add(1));
    await expect(sessions.use(use("a"), 2, add(1))).rejects.toThrow("Received: rows = 2, at first 3.");
    // Begun anew it gives back what it had, and so does one that has ended.
    await sessions.use(use("a", { start: true }), 2, add(1));
    await sessions.use(use("b", { end: true }), 2, add(1));
    await sessions.use(use("c", { start: true }), 3, add(1));
    await expect(sessions.use(use("d", { start: true }), 1, add(1))).rejects.toMatchObject({ status: 429 });
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

  it("go on with several rows side by side, each to the bits that it has alone", async () => {
    const { post } = await small({ batchSize: 4 });
    // Seven rows run as four and three, and three are padded.
    const rows = Array.from({ length: 7 }, (_, row) => wave([1, 6, 3], row));
    const half = (from: number) => rows.flatMap(({ data }) => chunk(data.slice(from, from + 9)));
    const session = { "unroll-session": "many" };
    const first = await post(half(0), { ...session, "unroll-session-start": "true" });
    expect(first.statusCode, first.body).toBe(200);
    const second = await post(half(9), session);
    expect(second.json().predictions).toEqual(rows.map((row) => [...smallModel().predict(row).data]));
    const fewer = await post(half(0).slice(1), session);
    expect([fewer.statusCode, fewer.json().error]).toEqual([400, expect.stringContaining("rows = 6, at first 7")]);
    // The refused call has changed nothing.
    const third = await post(half(0), session);
    const whole = rows.map(({ data }) =>
      smallModel().predict({ shape: [1, 9, 3], data: Float32Array.of(...data, ...data.slice(0, 9)) }),
    );
    expect(third.json().predictions).toEqual(whole.map(({ data }) => [...data]));
  });

  it("answer calls that come at the same time in the order in which they came", async () => {
    const { post } = await small();
    const session = { "unroll-session": "s" };
    const one = (step: number) => chunk(x.data.slice(3 * step, 3 * step + 3));
    const calls = Array.from({ length: 12 }, (_, step) =>
      post(one(step), step === 0 ? { ...session, "unroll-session-start": "true" } : session),
    );
    const answers = (await Promise.all(calls)).map((answer) => answer.json().predictions[0]);
    const wanted = answers.map((_, step) => [
      ...smallModel().predict({ shape: [1, step + 1, 3], data: x.data.slice(0, 3 * step + 3) }).data,
    ]);
    expect(answers).toEqual(wanted);
  });

  it("expire", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { post } = await small({ sessionTtl: 2 });
    await post(chunk(steps[0]!), { "unroll-session": "s", "unroll-session-start": "true" });
    vi.advanceTimersByTime(1999);
    expect((await post(chunk(steps[0]!), { "unroll-session": "s" })).statusCode).toBe(200);
    vi.advanceTimersByTime(2001);
    expect((await post(chunk(steps[0]!), { "unroll-session": "s" })).statusCode).toBe(409);
  });

  it("refuse odd headers, and models that read backward or keep nothing", async () => {
    const { post } = await small();
    const start = { "unroll-session": "s", "unroll-session-start": "true" };
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
