/**
 * What must hold for values of any model: a slip that is put in is named, right answers stay right. Models are drawn from
 * seeds; weights and data are random, so that no two slips agree by chance in eight digits.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../../core/random.ts";
import { input, layers, type SymbolicTensor } from "../../layers/index.ts";
import type { ModelData } from "../../model/data.ts";
import { model } from "../../model/functional.ts";
import type { Model } from "../../model/model.ts";
import { sequential } from "../../model/sequential.ts";
import { exerciseModel, type Level } from "../quiz/exercise-models.ts";
import { exampleOf, traceModel } from "../run-trace.ts";
import { findGradient } from "./asked-gradient.ts";
import { findValue } from "./asked-value.ts";
import { checkGradient } from "./check-gradient.ts";
import { checkValue, type ValueAnswer } from "./check-value.ts";
import { gradientSlips } from "./gradient-slips.ts";
import { layerSlips } from "./layer-slips.ts";

const written = (value: number): string => value.toPrecision(10);

/** A model with weights that are all different, biases too, and one example for it. */
function drawn(random: Random, level: Level): { model: Model; x: ModelData } {
  const model = exerciseModel(random, level);
  for (const { variable } of model.arrays) variable.assign(variable.data.map(() => 0.6 * random.normal()));
  const [, timesteps, features] = model.inputs[0]!.shape as [null, number, number];
  const x = [Array.from({ length: timesteps }, () => Array.from({ length: features }, () => random.normal()))];
  return { model, x };
}

describe("any slip in a layer's output", () => {
  it("is named first or second in at least 95 of 100, and a right one is never called wrong", () => {
    const random = new Random(41);
    const missed = new Map<string, number>();
    let asked = 0;
    let rights = 0;
    for (const level of [1, 2, 2, 3, 3, 4] as const) {
      const { model, x } = drawn(random, level);
      const { written: program } = exampleOf(model, x, 0);
      for (const run of program.layers) {
        const { name } = run.call.call.layer;
        const unit = random.below(run.call.outputs[0]!.shape.at(-1)!);
        const question = { layer: name, name: "output", unit, x };
        const right = findValue(model, question);
        expect(checkValue(model, { ...question, value: written(right.expected) }).right).toBe(true);
        expect(checkValue(model, { ...question, value: right.expected.toFixed(3) }).right).toBe(true);
        rights += 2;
        for (const { id, change } of layerSlips(right.own)) {
          if (random.below(2) > 0) continue;
          const value = right.withChange(change);
          if (value === undefined || !Number.isFinite(value)) continue;
          const check = checkValue(model, { ...question, value: written(value) });
          if (check.right) continue; // the slip makes no difference to this unit
          asked++;
          const ranks = [...new Set(check.findings.map(({ plausibility }) => plausibility))].slice(0, 2);
          const named = check.findings.some(
            ({ plausibility, slips }) => ranks.includes(plausibility) && slips.some((slip) => slip.id === id),
          );
          if (!named) missed.set(id, (missed.get(id) ?? 0) + 1);
        }
      }
    }
    const misses = [...missed.values()].reduce((sum, one) => sum + one, 0);
    expect(asked).toBeGreaterThan(60);
    expect(rights).toBeGreaterThan(20);
    expect(misses / asked, JSON.stringify([asked, ...missed])).toBeLessThan(0.05);
  });
});

describe("slips in the layers before", () => {
  /** A layer called twice, states handed on, two ways that meet again; a mask; directions. */
  const series = () => input({ shape: [6, 3], name: "series" });
  const graphs: Readonly<Record<string, () => Model>> = {
    "a layer called twice": () => {
      const shared = layers.gru({ units: 3, returnSequences: true });
      const x = series();
      return model({ inputs: x, outputs: layers.lstm({ units: 4 }).apply(shared.apply(shared.apply(x))) });
    },
    "states handed on": () => {
      const x = series();
      const [sequence, h, c] = layers.lstm({ units: 4, returnSequences: true, returnState: true }).apply(x) as [
        SymbolicTensor,
        SymbolicTensor,
        SymbolicTensor,
      ];
      const again = layers.lstm({ units: 4, returnSequences: true }).apply(sequence, { initialState: [h, c] });
      return model({ inputs: x, outputs: layers.gru({ units: 2 }).apply(layers.add().apply([sequence, again])) });
    },
    "a mask": () =>
      sequential({
        layers: [
          series(),
          layers.dense({ units: 3 }),
          layers.masking(),
          layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) }),
          layers.simpleRNN({ units: 3 }),
        ],
      }),
    "windows and directions": () =>
      sequential({
        layers: [
          series(),
          layers.conv1d({ filters: 3, kernelSize: 2, padding: "causal", activation: "relu" }),
          layers.lstm({ units: 3, returnSequences: true }),
          layers.dense({ units: 3, activation: "tanh" }),
          layers.simpleRNN({ units: 3, returnSequences: true, goBackwards: true }),
          layers.gru({ units: 3, returnSequences: true }),
        ],
      }),
  };

  it.each([...Object.keys(graphs), 1, 2, 3, 4])(
    "make the same of the asked number, one by one or together: %s",
    (which) => {
      const random = new Random(44);
      const net = typeof which === "string" ? graphs[which]!() : exerciseModel(random, which as Level);
      for (const { variable } of net.arrays) variable.assign(variable.data.map(() => 0.6 * random.normal()));
      const [, timesteps, features] = net.inputs[0]!.shape as [null, number, number];
      const x = [Array.from({ length: timesteps }, () => Array.from({ length: features }, () => random.normal()))];
      const { written: program } = exampleOf(net, x, 0);
      let reached = 0;
      for (const run of program.layers.slice(1)) {
        const { name } = run.call.call.layer;
        const [scan] = run.scans;
        const last = run.call.outputs[0]!.shape.length === 3 ? run.call.outputs[0]!.shape[1]! - 1 : 0;
        const asked = [
          { layer: name, name: "output", unit: 0, x },
          { layer: name, name: "output", unit: 0, timestep: last >> 1, x },
          ...(run.scans.length === 1 && scan!.perSample === 1
            ? [...scan!.scan.cell.named.keys()].map((value) => ({
                layer: scan!.name,
                name: value,
                timestep: 1,
                unit: 1,
                x,
              }))
            : []),
        ];
        for (const question of asked) {
          const found = findValue(net, question);
          const changes = found.before.flatMap((before) =>
            layerSlips(before).map(({ change }) => ({ run: before, change })),
          );
          const together = found.withChangesBefore(changes);
          for (const [index, { change }] of changes.entries()) {
            const alone = found.withChange(change) ?? found.expected;
            if (alone !== found.expected) reached++;
            // Sums in the same order: the very same number.
            expect(together[index] ?? found.expected).toBe(alone);
          }
        }
      }
      if (program.layers.length > 2) expect(reached).toBeGreaterThan(20);
    },
  );

  it("are named in at least 95 of 100 where learners make them often", () => {
    const random = new Random(45);
    const missed: string[] = [];
    let asked = 0;
    for (const level of [2, 3, 3, 4] as const) {
      const { model: net, x } = drawn(random, level);
      const { written: program } = exampleOf(net, x, 0);
      const { name } = program.layers.at(-1)!.call.call.layer;
      const question = { layer: name, name: "output", unit: 0, x };
      const found = findValue(net, question);
      for (const run of found.before) {
        for (const { id, layer, change, plausibility } of layerSlips(run)) {
          if (plausibility < 0.5 || random.below(3) > 0) continue;
          const value = found.withChange(change);
          if (value === undefined || !Number.isFinite(value)) continue;
          const check = checkValue(net, { ...question, value: written(value) });
          if (check.right) continue; // the slip makes no difference
          asked++;
          const isNamed = check.findings.some(({ slips }) => slips.some((one) => one.id === id && one.layer === layer));
          // What a slip of the asked layer gives too is told of that one.
          if (!isNamed && !check.findings.some(({ slips }) => slips[0]!.layer === name)) missed.push(`${id} ${layer}`);
        }
      }
    }
    expect(asked).toBeGreaterThan(25);
    expect(missed.length / asked, missed.join(", ")).toBeLessThan(0.05);
  });
});

describe("right values of a cell", () => {
  it("are never called wrong, however they are rounded", () => {
    const random = new Random(42);
    for (const level of [1, 2, 3] as const) {
      const { model, x } = drawn(random, level);
      for (const { runs } of traceModel(model, x).layers) {
        for (const run of runs) {
          const step = run.steps[random.below(run.steps.length)]!;
          const unit = random.below(run.units);
          for (const [name, values] of Object.entries(step.values)) {
            for (const digits of [1, 3, 6]) {
              const answer: ValueAnswer = {
                layer: run.name,
                name,
                timestep: step.timestep,
                unit,
                value: values[unit]!.toFixed(digits),
                x,
              };
              expect(checkValue(model, answer)).toMatchObject({ right: true, findings: [] });
            }
          }
        }
      }
    }
  });
});

describe("any slip on the way back", () => {
  it("is named first or second in at least 95 of 100", { timeout: 120_000 }, () => {
    const random = new Random(43);
    const missed = new Map<string, number>();
    let asked = 0;
    for (const level of [1, 2, 2, 3, 3] as const) {
      const { model, x } = drawn(random, level);
      const { written: program } = exampleOf(model, x, 0);
      const run = program.layers.find(({ scans }) => scans.length === 1);
      if (run === undefined) continue;
      const { name } = run.call.call.layer;
      const index = [0, random.below(3)];
      const question = { layer: name, array: "kernel", index, x, y: [[0.3]], loss: "mse" } as const;
      const right = findGradient(model, question);
      for (const { run: passed, withChange } of right.passed) {
        for (const { id, result } of gradientSlips(passed)) {
          if (random.below(2) > 0) continue;
          const check = checkGradient(model, { ...question, value: written(withChange(result)) });
          if (check.right) continue; // the slip makes no difference to this entry
          asked++;
          const ranks = [...new Set(check.findings.map(({ plausibility }) => plausibility))].slice(0, 2);
          const found = check.findings.filter(({ plausibility }) => ranks.includes(plausibility));
          const isNamed = found.some(({ slips }) => slips.some((slip) => slip.id === id));
          if (!isNamed) missed.set(id, (missed.get(id) ?? 0) + 1);
        }
      }
    }
    const misses = [...missed.values()].reduce((sum, one) => sum + one, 0);
    expect(asked).toBeGreaterThan(20);
    expect(misses / asked, JSON.stringify([asked, ...missed])).toBeLessThan(0.05);
  });
});
