/** Models that do not fit together, and the smallest edits that a teacher would name; counts are worked out by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { createInputLayer, input, layers } from "../../layers/index.ts";
import type { Layer } from "../../layers/layer.ts";
import { provideMisfitHint } from "../../layers/misfit.ts";
import { sequential } from "../../model/sequential.ts";
import { callBlueprint, stackBlueprint } from "./blueprint.ts";
import { editsToText, repairHint, repairsToText } from "./repair-text.ts";
import { shapeTrouble } from "./repairs.ts";

const inputOf = (shape: Shape): Layer => createInputLayer({ batchShape: shape }, "series");
const troubleOf = (shape: Shape, stack: readonly Layer[]) => shapeTrouble(stackBlueprint(shape, inputOf(shape), stack));
const waysOf = (shape: Shape, stack: readonly Layer[]): string[] =>
  (troubleOf(shape, stack)?.repairs ?? []).map(({ edits }) => editsToText(edits));

describe("layers that fit", () => {
  it("are no trouble", () => {
    expect(troubleOf([null, 30, 5], [layers.lstm({ units: 4 }), layers.dense({ units: 1 })])).toBeUndefined();
  });
});

describe("a recurrent layer after one that gives its last state only", () => {
  const stack = () => [
    layers.lstm({ units: 4, name: "first" }),
    layers.gru({ units: 3, name: "second" }),
    layers.dense({ units: 1, name: "last" }),
  ];

  it("needs returnSequences in the first, or its state repeated, with the summary of each", () => {
    const { layer, repairs } = troubleOf([null, 30, 5], stack())!;
    expect(layer).toBe("second");
    expect(repairs.map(({ edits }) => editsToText(edits)).slice(0, 2)).toEqual([
      "set returnSequences: true in first",
      "put layers.repeatVector({ n: 30 }) before second",
    ]);
    // 4[4(4+5)+4] = 160, 3[3(3+4)+2·3] = 81, 3 + 1 = 4.
    expect(repairs[0]!.layers.map(({ outputShape, params }) => [outputShape, params])).toEqual([
      [[null, 30, 5], 0],
      [[null, 30, 4], 160],
      [[null, 3], 81],
      [[null, 1], 4],
    ]);
    expect(repairs.map(({ totalParams }) => totalParams).slice(0, 2)).toEqual([245, 245]);
    expect(repairsToText(repairs)).toContain("     second (GRU)         (None, 3)       81");
  });

  it("needs it twice where there are three", () => {
    const three = [
      layers.gru({ units: 4, name: "a" }),
      layers.dropout({ rate: 0.1, name: "drop" }),
      layers.bidirectional({ layer: layers.lstm({ units: 2, name: "inner" }), name: "b" }),
      layers.simpleRNN({ units: 3, name: "c" }),
    ];
    expect(waysOf([null, 30, 5], three)[0]).toBe("set returnSequences: true in a, and set returnSequences: true in b");
  });
});

describe("other misfits", () => {
  it.each<[string, Shape, () => Layer[], string]>([
    [
      "a sequence without the axis of features",
      [null, 30],
      () => [layers.lstm({ units: 4, name: "lstm" })],
      "give series the shape (None, 30, 1) instead of (None, 30)",
    ],
    [
      "the batch in the shape of the input",
      [null, null, 30, 5],
      () => [layers.lstm({ units: 4, name: "lstm" })],
      "give series the shape (None, 30, 5) instead of (None, None, 30, 5)",
    ],
    [
      "a window longer than the sequence",
      [null, 3, 2],
      () => [layers.conv1d({ filters: 4, kernelSize: 5, name: "conv" }), layers.flatten({ name: "flat" })],
      'set padding: "same" in conv',
    ],
    [
      "a shape that does not hold as many values",
      [null, 6, 2],
      () => [layers.flatten({ name: "flat" }), layers.reshape({ targetShape: [5, 2], name: "shape" })],
      "set targetShape: [-1, 2] in shape",
    ],
    [
      "a sequence where one row is repeated",
      [null, 6, 2],
      () => [
        layers.lstm({ units: 3, returnSequences: true, name: "encoder" }),
        layers.repeatVector({ n: 4, name: "repeat" }),
      ],
      "set returnSequences: false in encoder",
    ],
  ])("%s", (_, shape, stack, way) => {
    expect(waysOf(shape, stack())).toContain(way);
    expect(waysOf(shape, stack())[0]).toBe(way);
  });

  it("a join of a sequence and a state", () => {
    const series = input({ shape: [8, 2], name: "series_2" });
    const sequence = layers.lstm({ units: 3, returnSequences: true, name: "steps" }).apply(series);
    const state = layers.gru({ units: 3, name: "state" }).apply(series);
    const trouble = shapeTrouble(callBlueprint(layers.concatenate({ name: "join" }), [sequence, state]))!;
    const ways = trouble.repairs.map(({ edits }) => editsToText(edits));
    expect(ways.slice(0, 2)).toEqual(["set returnSequences: true in state", "set returnSequences: false in steps"]);
    expect(trouble.repairs[0]!.layers.at(-1)!.outputShape).toEqual([null, 8, 6]);
    expect(trouble.repairs[1]!.layers.at(-1)!.outputShape).toEqual([null, 6]);
  });

  it("are told without a way where no few edits help", () => {
    const far = [layers.dense({ units: 2, name: "d" }), layers.conv2d({ filters: 1, kernelSize: 9, name: "c" })];
    const trouble = troubleOf([null, 2], far);
    expect(trouble?.layer).toBe("c");
    expect(repairHint([])).toBeUndefined();
    expect(repairsToText([])).toBe("");
  });
});

describe("every repair", () => {
  it("is a model that the library builds with the same shapes and counts", () => {
    const { repairs } = troubleOf(
      [null, 30, 5],
      [layers.lstm({ units: 4, name: "x1" }), layers.gru({ units: 3, name: "x2" })],
    )!;
    const built = [
      sequential([
        input({ shape: [30, 5] }),
        layers.lstm({ units: 4, returnSequences: true }),
        layers.gru({ units: 3 }),
      ]),
      sequential([
        input({ shape: [30, 5] }),
        layers.lstm({ units: 4 }),
        layers.repeatVector({ n: 30 }),
        layers.gru({ units: 3 }),
      ]),
    ];
    for (const [index, model] of built.entries()) {
      expect(repairs[index]!.totalParams).toBe(model.countParams());
      expect(repairs[index]!.layers.slice(1).map(({ outputShape }) => outputShape)).toEqual(
        model.layers.map(({ outputShape }) => outputShape),
      );
    }
  });
});

describe("the library's own errors", () => {
  beforeAll(() => {
    provideMisfitHint((layer, inputs) => repairHint(shapeTrouble(callBlueprint(layer, inputs))?.repairs ?? []));
  });
  const hint = "Set returnSequences: true in early; or put layers.repeatVector({ n: 30 }) before late.";

  it.each([undefined, 7])("name the edits in sequential models (seed %s)", (seed) => {
    const build = () =>
      sequential({
        ...(seed === undefined ? {} : { seed }),
        layers: [
          input({ shape: [30, 5] }),
          layers.lstm({ units: 4, name: "early" }),
          layers.gru({ units: 3, name: "late" }),
        ],
      });
    expect(build).toThrow(hint);
  });

  it("name them where layers are called one by one", () => {
    const early = layers.lstm({ units: 4, name: "early" }).apply(input({ shape: [30, 5] }));
    let error: unknown;
    try {
      layers.gru({ units: 3, name: "late" }).apply(early);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UnrollError);
    expect(error).toMatchObject({ code: "shape", path: "late", hint });
  });
});
