/** What a link may ask of the trace: numbers changed where there are some, and nowhere else. */

import { modelFromConfig } from "unroll/formats/keras-model.ts";
import { expect, it } from "vitest";
import { tensor } from "./library.ts";
import type { Edit } from "./protocol.ts";
import { Tracing } from "./tracing.ts";

const stack = [
  { class_name: "InputLayer", config: { batch_shape: [null, 3, 2], name: "x" } },
  { class_name: "GRU", config: { units: 2, name: "gru" } },
];
const model = modelFromConfig({ class_name: "Sequential", config: { name: "net", layers: stack } });

/** The output for the input of seed 7 after one change, which is not kept. */
function after(edit?: Edit): number[] {
  return [...new Tracing().run(model, 7, edit === undefined ? [] : [edit], undefined).outputs[0]!.data];
}

const kernel = (...index: number[]): Edit => ({ kind: "weight", run: 0, array: "kernel", index, value: 3 });

it("changes the weight that an edit names", () => {
  expect(after(kernel(1, 0))).not.toEqual(after());
});

it.each([[[0]], [[0, 6]], [[2, 0]], [[0, 0, 0]], [[]]])(
  "leaves every weight as it is for the index %j of a kernel [2, 6]",
  (index) => {
    expect(after(kernel(...index))).toEqual(after());
  },
);

it("tells which edits fit no number: of arrays, layers and inputs that are not there", () => {
  const input = (index: number): Edit => ({ kind: "input", index, value: 1 });
  const bias: Edit = { kind: "weight", run: 0, array: "biases", index: [0, 0], value: 1 };
  const edits = [kernel(1, 0), kernel(2, 0), input(5), input(6), bias, { ...kernel(0, 0), run: 1 }];
  const { replaced } = new Tracing().run(model, 7, edits, undefined);
  expect(replaced.map((one) => one === undefined)).toEqual([false, true, false, true, true, true]);
});

it("takes a whole window in place of the example, and compares changes with it", () => {
  const window: Edit = { kind: "window", values: [1, 2, 3, 4, 5, 6] };
  const tracing = new Tracing();
  const alone = tracing.run(model, 7, [window], undefined);
  expect([...alone.input.data]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(alone.runs[0]!.was).toBeUndefined();
  const changed = tracing.run(model, 7, [window, { kind: "input", index: 5, value: 0 }], undefined);
  expect([...changed.input.data]).toEqual([1, 2, 3, 4, 5, 0]);
  expect(changed.replaced[1]).toBe(6);
  expect([...changed.runs[0]!.was!.x]).toEqual([1, 2, 3, 4, 5, 6]);
  const misfit = tracing.run(model, 7, [{ kind: "window", values: [1, 2] }], undefined);
  expect(misfit.replaced).toEqual([undefined]);
  expect([...misfit.outputs[0]!.data]).toEqual(after());
});

it("steps through a model of several inputs, each with numbers of its own shape", () => {
  const input = (name: string, shape: readonly (number | null)[]) => ({
    class_name: "InputLayer",
    name,
    config: { batch_shape: shape, name },
    inbound_nodes: [],
  });
  const several = modelFromConfig({
    class_name: "Functional",
    config: {
      name: "several",
      layers: [
        input("series", [null, 3, 2]),
        input("context", [null, 4]),
        { class_name: "GRU", name: "gru", config: { units: 2, name: "gru" }, inbound_nodes: [[["series", 0, 0, {}]]] },
        {
          class_name: "Concatenate",
          name: "both",
          config: { name: "both" },
          inbound_nodes: [
            [
              ["gru", 0, 0, {}],
              ["context", 0, 0, {}],
            ],
          ],
        },
      ],
      input_layers: [
        ["series", 0, 0],
        ["context", 0, 0],
      ],
      output_layers: [["both", 0, 0]],
    },
  });
  const tracing = new Tracing();
  const { outputs, runs } = tracing.run(several, 7, [], undefined);
  expect(outputs[0]!.shape).toEqual([6]);
  expect(runs.map(({ name }) => name)).toEqual(["gru"]);
  expect(tracing.check(several, 7, [])).toContain("largest difference");
});

it("changes a number of the input that is meant, of a model that reads two series", () => {
  const inbound = (...names: readonly string[]) => [names.map((name) => [name, 0, 0, {}])];
  const input = (name: string) => ({
    class_name: "InputLayer",
    name,
    config: { batch_shape: [null, 3, 2], name },
    inbound_nodes: [],
  });
  const cell = (name: string, from: string) => ({
    class_name: "GRU",
    name,
    config: { units: 2, name },
    inbound_nodes: inbound(from),
  });
  const two = modelFromConfig({
    class_name: "Functional",
    config: {
      name: "two",
      layers: [
        input("left"),
        input("right"),
        cell("first", "left"),
        cell("second", "right"),
        {
          class_name: "Concatenate",
          name: "both",
          config: { name: "both" },
          inbound_nodes: inbound("first", "second"),
        },
      ],
      input_layers: [
        ["left", 0, 0],
        ["right", 0, 0],
      ],
      output_layers: [["both", 0, 0]],
    },
  });
  const { runs } = new Tracing().run(two, 7, [], undefined);
  expect(runs.map(({ name, readsInput, inputIndex }) => [name, readsInput, inputIndex])).toEqual([
    ["first", true, 0],
    ["second", true, 1],
  ]);
  const edits: Edit[] = [{ kind: "input", input: 1, index: 2, value: 9 }];
  const after = new Tracing().run(two, 7, edits, undefined);
  expect([...after.runs[0]!.x]).toEqual([...runs[0]!.x]);
  // Timestep 1, feature 0.
  expect(after.runs[1]!.x[2]).toBe(9);
  const outputs = (view: { readonly outputs: readonly { readonly data: Float64Array }[] }) => [
    ...view.outputs[0]!.data,
  ];
  const plain = outputs(new Tracing().run(two, 7, [], undefined));
  expect(outputs(after).slice(0, 2)).toEqual(plain.slice(0, 2));
  expect(outputs(after).slice(2)).not.toEqual(plain.slice(2));
});

it("works out after each change what a trace from nothing does, also when weights were trained in between", () => {
  const own = modelFromConfig({ class_name: "Sequential", config: { name: "net", layers: stack } });
  const tracing = new Tracing();
  const late: Edit = { kind: "input", index: 5, value: 0.75 };
  const steps = [[], [late], [late, kernel(1, 0)], [kernel(1, 0)], [{ ...late, index: 0 }], []] as const;
  const isSameAsFresh = (edits: readonly Edit[]): void => {
    const { runs, outputs, replaced } = tracing.run(own, 7, edits, undefined);
    const fresh = new Tracing().run(own, 7, edits, undefined);
    expect([runs, outputs, replaced]).toEqual([fresh.runs, fresh.outputs, fresh.replaced]);
    expect(tracing.open(0, 2, "z", 1)).toEqual(openFresh(own, edits));
  };
  const openFresh = (net: typeof own, edits: readonly Edit[]) => {
    const other = new Tracing();
    other.run(net, 7, edits, undefined);
    return other.open(0, 2, "z", 1);
  };
  for (const edits of steps) isSameAsFresh(edits);
  const layer = own.layers.at(-1)!;
  layer.setWeights(
    layer.arrays.map(({ variable }) =>
      tensor(
        Float32Array.from(variable.data, (one) => one / 2),
        variable.shape,
      ),
    ),
  );
  for (const edits of steps) isSameAsFresh(edits);
});
