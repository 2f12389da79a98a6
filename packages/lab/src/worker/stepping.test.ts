/** What the Step screen shows beside a trace: old numbers, the engine's, both directions, both forms of a GRU, numbers opened. */

import { modelFromConfig } from "unroll/formats/keras-model.ts";
import { expect, it } from "vitest";
import type { Model } from "./library.ts";
import type { Edit, OpenedNode, TraceView } from "./protocol.ts";
import { Tracing } from "./tracing.ts";

type Layer = readonly [className: string, config: Readonly<Record<string, unknown>>];

function modelOf(shape: readonly (number | null)[], ...layers: readonly Layer[]): Model {
  const input = { class_name: "InputLayer", config: { batch_shape: [null, ...shape], name: "x" } };
  const rest = layers.map(([class_name, config]) => ({ class_name, config }));
  return modelFromConfig({ class_name: "Sequential", config: { name: "net", layers: [input, ...rest] } });
}

function traced(model: Model, edits: readonly Edit[] = []): { tracing: Tracing; view: TraceView } {
  const tracing = new Tracing();
  return { tracing, view: tracing.run(model, 7, edits, undefined) };
}

const weight = (index: readonly number[], value: number): Edit => ({
  kind: "weight",
  run: 0,
  array: "kernel",
  index,
  value,
});

/** The value that the leaves of an opened number give. */
function fromLeaves(node: OpenedNode): number {
  const open = (one: OpenedNode): number => fromLeaves(one);
  switch (node.kind) {
    case "sum":
      return node.terms.reduce((sum, { negative, of }) => sum + (negative ? -open(of) : open(of)), 0);
    case "product":
      return node.factors.reduce((product, one) => product * open(one), 1);
    case "dot":
      return node.terms.reduce((sum, { factor, weight }) => sum + open(factor) * weight.value, 0);
    case "call":
      if (node.fn === "max") return Math.max(...node.operands.map(open));
      if (node.fn === "tanh") return Math.tanh(open(node.operands[0]!));
      if (node.fn === "σ") return 1 / (1 + Math.exp(-open(node.operands[0]!)));
      throw new Error(`no ${node.fn} here`);
    default:
      return node.value;
  }
}

it("keeps the numbers before the changes beside those after them, on the picture and in the opened sum", () => {
  const model = modelOf([3, 2], ["GRU", { units: 2, name: "gru" }]);
  const before = traced(model);
  const after = traced(model, [weight([1, 0], 3), { kind: "input", index: 4, value: 9 }]);
  const [was, now] = [before.view.runs[0]!, after.view.runs[0]!];
  expect(before.view.runs[0]!.was).toBeUndefined();
  expect(now.was).toEqual({ x: was.x, values: was.values, before: was.before });
  expect(now.values.z).not.toEqual(was.values.z);
  expect(now.x[4]).toBe(9);
  const kernel = model.getLayer("gru").getWeights()[0]!;
  expect(after.view.replaced).toEqual([kernel.data[6], was.x[4]]);
  const opened = after.tracing.open(0, 1, "z", 0);
  expect(opened.was).toEqual(before.tracing.open(0, 1, "z", 0));
  expect(opened.was!.value).not.toBe(opened.value);
  expect(before.tracing.open(0, 1, "z", 0).was).toBeUndefined();
  // A change that fits no number leaves nothing behind.
  expect(traced(model, [weight([9, 9], 3)]).view.runs[0]!.was).toBeUndefined();
});

it("has the engine's float32 for every value and state, also of a run that reads backwards", () => {
  const gru = { class_name: "GRU", config: { units: 3, name: "gru" } };
  const model = modelOf([5, 2], ["Bidirectional", { layer: gru, name: "both" }]);
  const { tracing, view } = traced(model);
  for (const [index, run] of view.runs.entries()) {
    const engine = tracing.engine(model, 7, [], index)!;
    expect(engine.x).toEqual(run.x);
    for (const name of run.names) {
      const [exact, single] = [run.values[name]!, engine.values[name]!];
      expect(single.every((value) => Math.fround(value) === value)).toBe(true);
      expect(Math.max(...single.map((value, at) => Math.abs(value - exact[at]!)))).toBeLessThan(1e-6);
      expect(single).not.toEqual(exact);
    }
    expect([...engine.before.hPrev!.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(engine.before.hPrev!.subarray(3)).toEqual(engine.values.h!.subarray(0, 12));
  }
  const edits = [weight([0, 0], 2)];
  expect(tracing.engine(model, 7, edits, 0)!.values.z).not.toEqual(tracing.engine(model, 7, [], 0)!.values.z);
});

it("shows at a masked step, which the engine leaves out, the by-hand numbers and the state that stays", () => {
  const model = modelOf([3, 1], ["Masking", { mask_value: 0, name: "mask" }], ["SimpleRNN", { units: 2, name: "rnn" }]);
  const edits: Edit[] = [{ kind: "input", index: 1, value: 0 }];
  const { tracing, view } = traced(model, edits);
  const [run] = view.runs;
  expect(run!.masked).toEqual([false, true, false]);
  const { values, before } = tracing.engine(model, 7, edits, 0)!;
  expect(values.h!.subarray(2, 4)).toEqual(run!.values.h!.subarray(2, 4).map(Math.fround));
  expect(before.hPrev!.subarray(4, 6)).toEqual(values.h!.subarray(0, 2));
});

/** What comes of the two directions' values of a unit. */
type Join = (forward: number, backward: number) => number;

it.each<{ mode: string; merge: readonly Join[] }>([
  { mode: "concat", merge: [(a) => a, (_, b) => b] },
  { mode: "sum", merge: [(a, b) => a + b] },
  { mode: "mul", merge: [(a, b) => a * b] },
  { mode: "ave", merge: [(a, b) => (a + b) / 2] },
])("pairs the directions of a layer that merges by $mode, timestep by timestep", ({ mode, merge }) => {
  for (const sequences of [true, false]) {
    const layer = { class_name: "SimpleRNN", config: { units: 2, return_sequences: sequences, name: "rnn" } };
    const config = { layer, merge_mode: mode, name: "both" };
    const { view } = traced(
      modelOf([4, 3], ["GRU", { units: 3, return_sequences: true, name: "gru" }], ["Bidirectional", config]),
    );
    const [pair, ...others] = view.pairs;
    expect(others).toEqual([]);
    expect(pair).toMatchObject({ layer: "both", merge: mode, runs: [1, 2], width: 2 * merge.length, sequences });
    const [forward, backward] = [view.runs[1]!, view.runs[2]!];
    expect([forward.backwards, backward.backwards]).toEqual([false, true]);
    const rows = sequences ? [0, 1, 2, 3] : [undefined];
    const expected = rows.flatMap((timestep) =>
      merge.flatMap((join) =>
        [0, 1].map((unit) => {
          const [a, b] = [forward, backward].map((run) => {
            const step = timestep === undefined ? 3 : run.timesteps.indexOf(timestep);
            return run.values.h![2 * step + unit]!;
          });
          return join(a!, b!);
        }),
      ),
    );
    expect([...pair!.output].map((value) => value.toFixed(12))).toEqual(expected.map((value) => value.toFixed(12)));
  }
});

it.each([true, false])("works out the other form of a GRU from the same state, reset_after = %s", async (isAfter) => {
  const model = modelOf([3, 1], ["GRU", { units: 2, reset_after: isAfter, name: "gru" }]);
  const numbers = (...data: readonly number[]): Float32Array => Float32Array.from(data);
  const kernel = numbers(0.5, -0.7, 1.1, 0.3, 0.8, -0.4);
  const recurrent = numbers(0.9, 0.4, -1.3, 0.2, 0.7, -0.6, 0.1, -0.8, 0.6, 1.2, 0.35, -0.9);
  const first = numbers(0.1, -0.2, 0.3, 0.4, -0.5, 0.6);
  const second = isAfter ? numbers(0.05, 0.15, -0.25, 0.2, -0.1, 0.45) : numbers(0, 0, 0, 0, 0, 0);
  model.setWeights([
    { shape: [1, 6], data: kernel },
    { shape: [2, 6], data: recurrent },
    isAfter ? { shape: [2, 6], data: numbers(...first, ...second) } : { shape: [6], data: first },
  ]);
  const { tracing, view } = traced(model);
  const unit = 1;
  const forms = (await tracing.resetForms(0, 2, unit))!;
  expect([forms.isAfter, forms.hasBias]).toEqual([isAfter, true]);
  const run = view.runs[0]!;
  const [x, h, r] = [run.x[2]!, run.before.hPrev!.subarray(4, 6), run.values.r!.subarray(4, 6)];
  const z = run.values.z![4 + unit]!;
  // The candidate's columns are the last two of six.
  const column = 4 + unit;
  const [u0, u1] = [recurrent[column]!, recurrent[6 + column]!];
  const input = x * kernel[column]! + first[column]!;
  const before = Math.tanh(input + r[0]! * h[0]! * u0 + r[1]! * h[1]! * u1 + second[column]!);
  const after = Math.tanh(input + r[unit]! * (h[0]! * u0 + h[1]! * u1 + second[column]!));
  expect(forms.before.candidate.value).toBeCloseTo(before, 12);
  expect(forms.after.candidate.value).toBeCloseTo(after, 12);
  expect(forms.before.output.value).toBeCloseTo(z * h[unit]! + (1 - z) * before, 12);
  expect(forms.after.output.value).toBeCloseTo(z * h[unit]! + (1 - z) * after, 12);
  expect(before).not.toBeCloseTo(after, 3);
  expect(forms[isAfter ? "after" : "before"].output.value).toBe(run.values.h![4 + unit]);
  for (const { equation } of [forms.before, forms.after]) {
    expect(equation.mathml.split('class="differs"')).toHaveLength(2);
    expect(equation.sum.filter(({ formula }) => formula.mathml.includes("differs"))).toHaveLength(1);
    expect(equation.call).toBe("tanh");
  }
});

it("has no other form for a cell without a reset gate", async () => {
  const { tracing } = traced(modelOf([2, 1], ["LSTM", { units: 1, name: "lstm" }]));
  expect(await tracing.resetForms(0, 0, 0)).toBeUndefined();
});

it("opens what the model gives, and what a cell reads, down to weights, inputs and cells", () => {
  const model = modelOf(
    [6, 2],
    ["Conv1D", { filters: 3, kernel_size: 2, activation: "tanh", name: "conv" }],
    ["MaxPooling1D", { pool_size: 2, name: "pool" }],
    ["LSTM", { units: 2, return_sequences: true, name: "lstm" }],
    ["GRU", { units: 2, go_backwards: true, name: "gru" }],
    ["Dense", { units: 3, activation: "sigmoid", name: "dense" }],
  );
  const { tracing, view } = traced(model);
  for (const at of [0, 1, 2]) {
    const opened = tracing.openOutput(0, at);
    expect(opened.value).toBe(view.outputs[0]!.data[at]);
    expect(fromLeaves(opened)).toBeCloseTo(opened.value, 12);
    const text = JSON.stringify(opened);
    // The dense reads what the GRU has after its last step, at the first timestep.
    expect(text).toContain('"place":{"layer":"gru","timestep":0}');
    expect(text).toContain('"layer":"dense"');
  }
  const [lstm, gru] = view.runs;
  const read = tracing.open(0, 1, "x", 2);
  expect(read.value).toBe(lstm!.x[3 + 2]);
  expect(fromLeaves(read.tree)).toBeCloseTo(read.value, 12);
  expect(JSON.stringify(read)).toContain('"from":"x"');
  expect(lstm!.readsInput).toBe(false);
  // The GRU's first step is the last timestep of two.
  expect(tracing.open(1, 0, "x", 1).tree).toEqual({
    kind: "name",
    name: "h",
    unit: 1,
    role: "value",
    place: { layer: "lstm", timestep: 1 },
    value: gru!.x[1],
  });
  expect(() => tracing.openOutput(1, 0)).toThrow("output = 1");
});

it("opens inputs, embeddings and states before the first step", () => {
  const plain = traced(modelOf([2, 2], ["SimpleRNN", { units: 2, name: "rnn" }]));
  expect(plain.view.runs[0]!.readsInput).toBe(true);
  expect(plain.tracing.open(0, 1, "x", 1).tree).toMatchObject({ kind: "name", role: "input", name: "x", unit: 1 });
  expect(plain.tracing.open(0, 0, "hPrev", 1)).toMatchObject({ value: 0, tree: { kind: "number", value: 0 } });
  expect(plain.tracing.open(0, 1, "hPrev", 1).tree).toMatchObject({ kind: "name", role: "state", unit: 1 });
  const words = modelOf(
    [3],
    ["Embedding", { input_dim: 9, output_dim: 2, name: "words" }],
    ["SimpleRNN", { units: 1, name: "rnn" }],
  );
  const { tracing, view } = traced(words);
  const opened = tracing.open(0, 2, "x", 1);
  expect(opened.tree).toMatchObject({
    kind: "weight",
    layer: "words",
    array: "embeddings",
    index: [view.input.data[2], 1],
  });
  expect(opened.tree.value).toBe(opened.value);
});
