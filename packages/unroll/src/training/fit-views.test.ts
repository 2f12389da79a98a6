/** Fitting views of examples: windows of a series, of which one batch at a time is copied. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { windows } from "../data/windows.ts";
import { input, layers } from "../layers/index.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import { compileModel } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { fit } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
import { quiet } from "./testing.ts";

const series = Array.from({ length: 47 }, (_, t) => [Math.sin(t / 3), Math.cos(t / 5)]);
const view = windows({ data: series, lookback: 6, targetColumns: [1] });
const all = view.all();

function net(): Sequential {
  const made = sequential({
    seed: 2,
    layers: [input({ shape: [6, 2] }), layers.lstm({ units: 3 }), layers.dense({ units: 1 })],
  });
  compileModel(made, { optimizer: "adam", loss: "mse", metrics: ["mae"] });
  return made;
}

const bits = (model: Sequential) => model.getWeights().map(({ data }) => [...data]);

describe("a fit on windows", () => {
  it.each<[string, FitOptions]>([
    ["shuffled", { epochs: 3, batchSize: 8, seed: 4 }],
    ["in order", { epochs: 2, batchSize: 8, seed: 4, shuffle: false }],
    ["with a part for validation", { epochs: 3, batchSize: 8, seed: 4, validationSplit: 0.25 }],
  ])("gives the bits of a fit on their copies, %s", async (_, options) => {
    const [onView, onCopies] = [net(), net()];
    const { history } = await fit(onView, view, undefined, options);
    expect(history).toEqual((await fit(onCopies, all.x, all.y, options)).history);
    expect(bits(onView)).toEqual(bits(onCopies));
    expect(bits(onView)).not.toEqual(bits(net()));
  });

  it("validates on windows, and evaluates them, as on their copies", async () => {
    const [train, held] = [view.slice(0, 30), view.slice(30, view.count)];
    const copies = held.all();
    const model = net();
    const { history } = await fit(model, train, undefined, { epochs: 1, batchSize: 8, seed: 4, validationData: held });
    const found = evaluate(model, held, undefined, { batchSize: 8 });
    expect(found).toEqual(evaluate(model, copies.x, copies.y, { batchSize: 8 }));
    expect(history.val_loss).toEqual([found.loss]);
    expect(history.val_mae).toEqual([found.mae]);
  });

  it("asks for one batch at a time, into the same memory after the first", async () => {
    const memory = new Set<ArrayBufferLike>();
    let largest = 0;
    const watched = {
      count: view.count,
      batch(...given: Parameters<typeof view.batch>) {
        const { x, y } = view.batch(...given);
        largest = Math.max(largest, given[0].length);
        if (given[0].length > 1) memory.add(x.data.buffer);
        return { x, y };
      },
    };
    await fit(net(), watched, undefined, { epochs: 4, batchSize: 8, seed: 4 });
    expect(largest).toBe(8);
    expect(memory.size).toBe(1);
  });

  it("stops within the validation when asked, and goes on from there to the same bits", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-views-"));
    const [train, held] = [view.slice(0, 20), view.slice(20, view.count)];
    const options = { epochs: 3, batchSize: 8, seed: 4, validationBatchSize: 2, print: quiet };
    const whole = net();
    const { history } = await fit(whole, train, undefined, { ...options, validationData: held });

    const stop = new AbortController();
    let asked = 0;
    const stopping = {
      count: held.count,
      batch(...given: Parameters<typeof held.batch>) {
        // The 14th batch lies in the second validation.
        if (++asked === 14) stop.abort();
        return held.batch(...given);
      },
    };
    const checkpoint = { path: join(folder, "run") };
    const halves = { ...options, checkpoint };
    const first = await fit(net(), train, undefined, { ...halves, validationData: stopping, signal: stop.signal });
    expect(first.stopped).toMatchObject({ reason: "aborted", epoch: 1, batch: 3 });
    expect(asked).toBe(14);
    const resumed = net();
    const second = await fit(resumed, train, undefined, { ...halves, validationData: held, resume: true });
    expect(second.history).toEqual(history);
    expect(bits(resumed)).toEqual(bits(whole));
    rmSync(folder, { recursive: true });
  });

  it("builds a model that takes its input shape from the data", async () => {
    const open = sequential({ seed: 2, layers: [layers.gru({ units: 2 }), layers.dense({ units: 1 })] });
    compileModel(open, { optimizer: "adam", loss: "mse" });
    await fit(open, view, undefined, { batchSize: 8, seed: 1 });
    expect(open.inputs[0]!.shape).toEqual([null, 6, 2]);
  });

  it("says what does not go with a view", async () => {
    await expect(fit(net(), view, all.y, { print: quiet })).rejects.toThrow(
      /a view of examples has its own targets, and takes no sampleWeight\. Received: y\./,
    );
    expect(() => evaluate(net(), view, undefined, { sampleWeight: [1, 2] })).toThrow(/Received: sampleWeight\./);
    await expect(fit(net(), view.slice(3, 3))).rejects.toThrow(/a view must have at least one example/);
    await expect(fit(net(), view, undefined, { validationSplit: 1 })).rejects.toThrow(/examples on both sides/);
  });
});
