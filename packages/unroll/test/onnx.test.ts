import { describe, expect, it } from "vitest";
import { defineCell } from "../src/cells/define.ts";
import { sizeOf } from "../src/core/shape.ts";
import { type Tensor, tensor } from "../src/core/tensor.ts";
import { activationNames } from "../src/equations/activations.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { writeOnnx } from "../src/formats/write-onnx.ts";
import { input, Layer, layers, layerTypes, recurrentLayer } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { sequential } from "../src/model/sequential.ts";
import { inputsFor, modelOf } from "./code-cases.ts";
import { errorOf, inputShapesFor, optionsFor, variationsOf } from "./conformance.ts";
import { decode, difference, type FixtureTensor } from "./fixture-files.ts";
import { graphCases, type ModelCase, modelCases } from "./fixture-models.ts";
import { hasOnnxRuntime, runOnnx } from "./onnx-runtime.ts";

const tolerance = { rtol: 1e-5, atol: 1e-5 };

if (!hasOnnxRuntime) console.warn("ONNX files are not run: `node bench/install.mjs` installs ONNX Runtime.");

const cases = [...modelCases(), ...graphCases()].filter(({ inputs }) => inputs !== undefined);

describe.skipIf(!hasOnnxRuntime)("ONNX Runtime predicts what Keras predicts", () => {
  it.each(cases.map((one) => [one.id, one] as const))("%s", async (_, one) => {
    expect(await checkOnnx(one)).toEqual([]);
  });
});

async function checkOnnx(one: ModelCase): Promise<string[]> {
  const model = modelFromConfig(one.config);
  model.setWeights((one.weights ?? []).map(toTensor));
  const inputs = one.inputs!.map((input, index) => {
    const { shape, data } = toTensor(input);
    return { shape, data: model.inputs[index]!.node.layer.config.dtype === "int32" ? Int32Array.from(data) : data };
  });
  const bytes = writeOnnx(model, { timesteps: inputs[0]!.shape[1]! });
  const outputs = [...(await runOnnx(bytes, [...inputs, ...model.states])).values()];
  return one.outputs!.flatMap((output, index) => {
    const text = difference(outputs[index]!, decode(output), tolerance);
    return text === undefined ? [] : [`output ${index}: ${text}`];
  });
}

/** Runs the model's file and the model itself on random numbers. */
async function compareWithEngine(model: Model, shapes: readonly (readonly number[])[]): Promise<string[]> {
  return compare(model, inputsFor(model, shapes));
}

async function compare(model: Model, inputs: readonly Tensor[]): Promise<string[]> {
  const predicted = model.predict(inputs, { batchSize: inputs[0]!.shape[0]! });
  const expected = Array.isArray(predicted) ? predicted : [predicted];
  const states = model.states.map(({ shape }) => ({ shape, data: new Float32Array(sizeOf(shape)) }));
  const found = [...(await runOnnx(writeOnnx(model), [...inputs, ...states])).values()];
  return expected.flatMap(({ shape, data }, index) => {
    const text = difference(found[index]!, { shape, data: Float64Array.from(data) }, tolerance);
    return text === undefined ? [] : [`output ${index}: ${text}`];
  });
}

function toTensor(fixture: FixtureTensor): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = decode(fixture);
  return { shape, data: Float32Array.from(data) };
}

const extent = { size: 3, timesteps: 5, batch: 2 };
/** Cells of their own need a run around them; random layers do nothing at prediction. */
const tested = [...layerTypes.values()].filter(({ className }) => className !== "InputLayer");

describe.skipIf(!hasOnnxRuntime)("every layer, with every option at another value", () => {
  it.each(tested.map((type) => [type.className, type] as const))("%s", async (_, type) => {
    const shapes = inputShapesFor(type, extent);
    const wrong: string[] = [];
    for (const options of [optionsFor(type, extent), ...variationsOf(type, extent)]) {
      const layer = new Layer(type, options);
      wrong.push(
        ...(await compareWithEngine(modelOf(layer, shapes), shapes)).map(
          (text) => `${JSON.stringify(options)}: ${text}`,
        ),
      );
    }
    expect(wrong).toEqual([]);
  });
});

const peephole = defineCell({
  kind: "PeepholeLSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  equations({ x, state, gate, act, vector }) {
    const i = act.recurrent(gate.i(x, state.h).plus(vector("p_i").times(state.c)));
    const f = act.recurrent(gate.f(x, state.h).plus(vector("p_f").times(state.c)));
    const c = f.times(state.c).plus(i.times(act.main(gate.c(x, state.h))));
    const o = act.recurrent(gate.o(x, state.h).plus(vector("p_o").times(c)));
    return { i, f, o, c, h: o.times(act.main(c)) };
  },
});
/** Named like ONNX's own, but with the roles of two gates changed over. */
const otherLstm = defineCell({
  kind: "LSTM",
  gates: ["i", "f", "c", "o"],
  state: ["h", "c"],
  equations({ x, state, gate, act }) {
    const i = act.recurrent(gate.f(x, state.h));
    const f = act.recurrent(gate.i(x, state.h));
    const g = act.main(gate.c(x, state.h));
    const o = act.recurrent(gate.o(x, state.h));
    const c = f.times(state.c).plus(i.times(g));
    return { i, f, g, o, c, h: o.times(act.main(c)) };
  },
});

describe.skipIf(!hasOnnxRuntime)("recurrent layers", () => {
  const shape = [3, 4, 2];
  const sequence = { units: 3, returnSequences: true, returnState: true };

  it.each([
    ["a cell of one's own", peephole],
    ["a cell that only has the name of ONNX's", otherLstm],
  ])("%s keeps its equations", async (_, cell) => {
    for (const goBackwards of [false, true]) {
      const layer = new Layer(recurrentLayer(cell), { ...sequence, goBackwards });
      expect(await compareWithEngine(modelOf(layer, [shape]), [shape])).toEqual([]);
    }
  });

  it.each(activationNames)("keep their function %s on gates and candidate", async (name) => {
    // Few steps, since growing functions enlarge rounding at each.
    const short = [3, 2, 2];
    const gates = { ...sequence, activation: name, recurrentActivation: name };
    for (const layer of [layers.lstm(gates), layers.gru(gates), layers.simpleRNN({ ...sequence, activation: name })]) {
      expect(await compareWithEngine(modelOf(layer, [short]), [short])).toEqual([]);
    }
  });

  it.each([{}, { zeroOutputForMask: true }, { goBackwards: true }, { returnSequences: false }])(
    "keep states and repeat the output where a mask is false: %o",
    async (options) => {
      const x = input({ shape: [5, 2] });
      const states = ["h", "c"].map((name) => input({ shape: [3], name }));
      const masked = layers.masking({ maskValue: 0 }).apply(x);
      const outputs = layers.lstm({ ...sequence, ...options }).apply(masked, { initialState: states });
      const made = model({ inputs: [x, ...states], outputs }, { maskBesideStates: true });
      const steps = [
        [0, 0],
        [1, 2],
        [0, 0],
        [3, -1],
        [0, 0],
      ];
      const inputs = [
        tensor([steps, steps.map(([a, b]) => [b! + 1, a!])]),
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        tensor([
          [0.1, 0.2, 0.3],
          [-1, 0, 1],
        ]),
      ];
      expect(await compare(made, inputs)).toEqual([]);
    },
  );

  it("go backwards in Bidirectional without turning the sequence round twice", async () => {
    const layer = layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }) });
    const made = modelOf(layer, [shape]);
    expect(new TextDecoder().decode(writeOnnx(made))).not.toContain("Slice");
    expect(await compareWithEngine(made, [shape])).toEqual([]);
  });
});

describe.skipIf(!hasOnnxRuntime)("states of stateful layers", () => {
  it("are inputs, and outputs after the call", async () => {
    const made = sequential({
      layers: [input({ batchShape: [2, 3, 1] }), layers.lstm({ units: 2, stateful: true, name: "memory" })],
    });
    const x = { shape: [2, 3, 1], data: Float32Array.of(1, 2, 3, -1, -2, -3) };
    const bytes = writeOnnx(made);
    const zeros = { shape: [2, 2], data: new Float32Array(4) };
    const first = await runOnnx(bytes, [x, zeros, zeros]);
    expect([...first.keys()]).toEqual(["memory", "memory/state_0/next", "memory/state_1/next"]);
    const next = [...first.values()].slice(1).map(({ shape, data }) => ({ shape, data: Float32Array.from(data) }));
    const second = [...(await runOnnx(bytes, [x, ...next])).values()][0]!;
    made.predict(x);
    const expected = made.predict(x);
    expect(difference(second, { ...expected, data: Float64Array.from(expected.data) }, tolerance)).toBeUndefined();
  });
});

describe("writeOnnx", () => {
  it("asks for a number of timesteps where the model leaves it open", () => {
    const made = sequential({ layers: [input({ shape: [null, 2] }), layers.gru({ units: 1 })], name: "open" });
    expect(errorOf(() => writeOnnx(made)).message).toMatch(/^open: input .* has a size that is not known/);
    expect(writeOnnx(made, { timesteps: 4 }).length).toBeGreaterThan(100);
  });

  it("puts LSTM's gates i, f, c, o into ONNX's order i, o, f, c", () => {
    const made = sequential({ layers: [input({ shape: [3, 1] }), layers.lstm({ units: 1 })] });
    made.setWeights([tensor([[1.5, 2.5, 3.5, 4.5]]), tensor([[5.5, 6.5, 7.5, 8.5]]), tensor([10.5, 20.5, 30.5, 40.5])]);
    const file = Buffer.from(writeOnnx(made));
    const holds = (numbers: readonly number[]): boolean =>
      file.includes(Buffer.from(Float32Array.from(numbers).buffer));
    expect(holds([1.5, 4.5, 2.5, 3.5])).toBe(true);
    expect(holds([5.5, 8.5, 6.5, 7.5])).toBe(true);
    expect(holds([10.5, 40.5, 20.5, 30.5, 0, 0, 0, 0])).toBe(true); // the second bias of ONNX is none in Keras
  });

  it("refuses randomness at prediction", () => {
    const x = input({ shape: [3] });
    const y = layers.dropout({ rate: 0.5, name: "always" }).apply(x, { training: true });
    expect(errorOf(() => writeOnnx(model({ inputs: x, outputs: y }))).message).toBe(
      "always: a prediction with random numbers cannot be written: the file would give others. Leave training: true out of the call.",
    );
  });
});
