import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../formats/safetensors.ts";
import { type Callback, EarlyStopping, ReduceLROnPlateau } from "./callbacks.ts";
import { restoreCheckpoint } from "./checkpoint.ts";
import { compiledOf } from "./compile.ts";
import { fit } from "./fit.ts";
import type { FitOptions } from "./fit-options.ts";
import { optimizers } from "./optimizer.ts";
import { smallModel, smallX, smallY } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bits = (net: ReturnType<typeof smallModel>) => ({
  weights: net.getWeights().map(({ data }) => [...data]),
  slots: compiledOf(net)
    .optimizer.slots(net.variables)
    .map(({ data }) => [...data]),
  rate: compiledOf(net).optimizer.learningRate,
});

/** A run with everything that a checkpoint must carry. */
function run(path: string, more: FitOptions = {}) {
  const net = smallModel({ optimizer: optimizers.nadam({ learningRate: 0.05 }), metrics: ["mae"] }, { dropout: 0.4 });
  const result = fit(net, smallX, smallY, {
    epochs: 6,
    batchSize: 3,
    seed: 11,
    validationSplit: 0.2,
    callbacks: [
      new EarlyStopping({ patience: 9, restoreBestWeights: true }),
      new ReduceLROnPlateau({ patience: 1, factor: 0.5 }),
    ],
    checkpoint: { path, everyBatches: 1 },
    resume: true,
    print: () => {},
    ...more,
  });
  return { net, result };
}

describe("a checkpoint", () => {
  it.each([1, 2, 3, 5, 7, 11, 17])(
    "lets a run that ended after %i batches end with the bits of one that did not",
    async (batches) => {
      const whole = run(join(folder, `whole-${batches}`));
      const expected = await whole.result;
      const path = join(folder, `cut-${batches}`);
      const controller = new AbortController();
      let seen = 0;
      const cut = run(path, {
        signal: controller.signal,
        onProgress: ({ done }) => {
          if (!done && ++seen === batches) controller.abort();
        },
      });
      expect((await cut.result).stopped?.reason).toBe("aborted");
      const resumed = run(path);
      const found = await resumed.result;
      expect(found.history).toEqual(expected.history);
      expect(bits(resumed.net)).toEqual(bits(whole.net));
    },
  );

  it("gives a finished run back without training again", async () => {
    const path = join(folder, "finished");
    const first = run(path);
    const expected = await first.result;
    const again = run(path);
    expect(await again.result).toEqual(expected);
    expect(bits(again.net).weights).toEqual(bits(first.net).weights);
  });

  it("keeps numbers that are not finite, which JSON cannot say", async () => {
    const path = join(folder, "not-finite");
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const seen: unknown[] = [];
    const callback: Callback = {
      onEpochEnd: (epoch) => ({ odd: odd[epoch]! }),
      save: () => odd,
      restore: (state) => void seen.push(state),
    };
    const first = await run(path, { epochs: 3, callbacks: callback }).result;
    expect(first.history.odd).toEqual(odd);
    expect(await run(path, { epochs: 3, callbacks: callback }).result).toEqual(first);
    expect(seen).toEqual([odd]);
  });

  it("that is damaged is refused, and changes nothing", async () => {
    const path = join(folder, "damaged");
    const net = smallModel();
    const before = bits(net).weights;
    for (const text of ["{", "null", "{}", '{"callbacks": 3}']) {
      const bytes = writeSafetensors({}, { format: "unroll-checkpoint", version: "1", run: text });
      expect(() => restoreCheckpoint(bytes, path, compiledOf(net), "", 0)).toThrow(/must be a whole checkpoint/);
    }
    expect(bits(net).weights).toEqual(before);
  });

  it.each([
    ["run.checkpoint", 'fit: checkpoint: must say the path of a file. Received: checkpoint = "run.checkpoint".'],
    [{}, "fit: checkpoint: must say the path of a file. Received: no path."],
    [{ path: "a", every: 2 }, "fit: checkpoint: has no option named every."],
    [{ path: "a", everyBatches: 0 }, "everyBatches must be a whole number from 1. Received: everyBatches = 0."],
  ])("given as %j is refused before the run", async (checkpoint, message) => {
    await expect(run("", { checkpoint: checkpoint as never, resume: false }).result).rejects.toThrow(message);
  });

  it("leaves what can be read only once alone where there is no file", async () => {
    const once = [{ x: smallX, y: smallY }].values();
    const checkpoint = { path: join(folder, "once") };
    const { history } = await fit(smallModel(), once, undefined, { checkpoint, resume: true });
    expect(history.loss).toHaveLength(1);
  });

  it("begins anew without the file, and refuses that of another run", async () => {
    const path = join(folder, "other");
    expect(existsSync(path)).toBe(false);
    await run(path, { epochs: 1 }).result;
    expect(existsSync(path)).toBe(true);
    await expect(run(path, { batchSize: 2 }).result).rejects.toThrow(
      "must be of the same data, 8 examples in batches of 2",
    );
    await expect(run(path, { callbacks: [] }).result).rejects.toThrow("must have the 2 callbacks");
    const net = smallModel({ optimizer: "sgd" });
    await expect(
      fit(net, smallX, smallY, { checkpoint: { path }, resume: true, batchSize: 3, validationSplit: 0.2 }),
    ).rejects.toThrow("must be of the same optimizer");
  });
});
