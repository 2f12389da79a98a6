import { describe, expect, it } from "vitest";
import type { Shape } from "../src/core/shape.ts";
import { explainModel } from "../src/explain/explain.ts";
import { traceModel } from "../src/explain/run-trace.ts";
import { verifyModel } from "../src/explain/verify.ts";
import { layerFromConfig } from "../src/formats/keras-config.ts";
import { input, type SymbolicTensor } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { decode, type FixtureTensor } from "./fixture-files.ts";
import { kerasLayerCases, type LayerCase, moreKerasLayerCases } from "./fixture-layers.ts";

/** What a text must not show: a value that nobody gave. */
const holes = /undefined|NaN|\[object/;

interface Built {
  readonly net: Model;
  readonly shapes: readonly Shape[];
}

/** The case's layers as a model of their own, on inputs of its shapes. */
function build({ layers, calls }: LayerCase): Built {
  const inputs = calls[0]!.inputs.map(({ shape, dtype }) =>
    input({ batchShape: shape, dtype: dtype === "int32" ? "int32" : "float32" }),
  );
  let tensors: readonly SymbolicTensor[] = inputs;
  let shapes: readonly Shape[] = [];
  for (const config of layers) {
    const result = layerFromConfig(config).apply(tensors.length === 1 ? tensors[0]! : tensors);
    tensors = Array.isArray(result) ? result : [result as SymbolicTensor]; // one or a list
    if (shapes.length === 0) shapes = tensors.map(({ shape }) => shape);
  }
  return { net: model({ inputs, outputs: tensors }), shapes };
}

function dataOf({ calls }: LayerCase) {
  return calls[0]!.inputs.map((fixture: FixtureTensor) => {
    const { shape, data } = decode(fixture);
    return { shape, data: fixture.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) };
  });
}

const cases = [...kerasLayerCases(), ...moreKerasLayerCases()];

describe("every layer case of Keras", () => {
  it("is explained: the count, the shapes, and texts without holes", () => {
    for (const one of cases) {
      const { net, shapes } = build(one);
      const explanation = explainModel(net);
      expect([one.id, explanation.total.result]).toEqual([one.id, net.countParams()]);
      const explained = explanation.layers.find(({ inputs }) => inputs.length > 0)!;
      expect([one.id, explained.outputs.map(({ result }) => result)]).toEqual([one.id, shapes]);
      for (const text of [
        explanation.toText(),
        explanation.toMarkdown(),
        explanation.toLatex(),
        explanation.toHtml(),
      ]) {
        expect([one.id, holes.exec(text)?.[0]]).toEqual([one.id, undefined]);
      }
      expect(JSON.stringify(explanation)).not.toMatch(holes);
    }
    expect(cases.length).toBeGreaterThan(700);
  }, 120_000);

  it("is traced and verified, one case of each class", () => {
    const first = new Map(cases.map((one) => [one.layers[0]!.class_name, one] as const).reverse());
    for (const [className, one] of first) {
      const { net } = build(one);
      const data = dataOf(one);
      const result = verifyModel(net, data);
      expect([className, result.first]).toEqual([className, undefined]);
      const trace = traceModel(net, data);
      expect(trace.layers.at(-1)!.outputs.length).toBeGreaterThan(0);
      expect([className, holes.exec(trace.toTable())?.[0]]).toEqual([className, undefined]);
    }
    expect(first.size).toBeGreaterThan(40);
  }, 120_000);
});
