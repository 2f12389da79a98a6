import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import { sequential } from "../model/sequential.ts";
import { type CompileOptions, compiledOf, compileModel, isCompiled, trainedVariables } from "../training/compile.ts";
import { fit } from "../training/fit.ts";
import { losses, makeLoss, readLoss } from "../training/losses.ts";
import { makeMetric } from "../training/metric-rule.ts";
import { metricRules, readMetric } from "../training/metrics.ts";
import { optimizers } from "../training/optimizer.ts";
import { GroupBuilder, writeHdf5 } from "./hdf5/index.ts";
import { modelToConfig } from "./keras-model-write.ts";
import { load, loadModel, loadWeights } from "./load.ts";
import { restoreOptimizer } from "./optimizer-state.ts";
import { modelToBytes } from "./save.ts";
import { type FixtureTensor, fixture, fixtureJson } from "./testing.ts";

interface Continued {
  readonly fit: { readonly batch_size: number; readonly epochs: number };
  readonly x: FixtureTensor;
  readonly y: FixtureTensor;
  readonly cases: readonly {
    readonly id: string;
    readonly history: Readonly<Record<string, readonly number[]>>;
    readonly weights: readonly FixtureTensor[];
    readonly optimizer_variables: readonly FixtureTensor[];
  }[];
}

const continued = fixtureJson<Continued>("keras/continued/continued.json");
const [x, y] = [continued.x, continued.y].map(({ shape, data }) => ({ shape, data: Float32Array.from(data!) })) as [
  { shape: number[]; data: Float32Array },
  { shape: number[]; data: Float32Array },
]; // two of them
const options = { batchSize: continued.fit.batch_size, epochs: continued.fit.epochs, shuffle: false };
const files = continued.cases.flatMap((one) =>
  ["keras", "h5"]
    .filter((ending) => ending === "keras" || ["sgd_momentum", "adam", "nadam"].includes(one.id))
    .map((ending) => [`${one.id}.${ending}`, one] as const),
);

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(0, ...Array.from(found, (value, i) => Math.abs(value - expected[i]!)));
}

describe("a run that Keras began", () => {
  it.each(files)("goes on from %s as in Keras", async (file, one) => {
    const { model, report } = await load(fixture(`keras/continued/${file}`), { name: file });
    expect(report.ignored).toEqual([]);
    expect(report.read).toContain("the optimizer's state");
    const { history } = await fit(model, x, y, options);
    expect(Object.keys(history)).toEqual(["loss", "mae"]);
    for (const name of ["loss", "mae"])
      expect(largestDifference(history[name]!, one.history[name]!)).toBeLessThan(2e-5);
    for (const [i, variable] of model.variables.entries()) {
      expect(largestDifference(variable.data, one.weights[i]!.data!), variable.name).toBeLessThan(2e-5);
    }
    const { optimizer } = compiledOf(model);
    const [iteration, ...others] = one.optimizer_variables.map(({ data }) => data!);
    expect(optimizer.iterations).toBe(iteration![0]);
    for (const [i, slot] of optimizer.slots(trainedVariables(model)).entries()) {
      expect(largestDifference(slot.data, others[i + (optimizer.hasSchedule ? 0 : 1)]!)).toBeLessThan(2e-5);
    }
  });

  it("ends elsewhere when the optimizer begins anew", async () => {
    const [, one] = files.find(([file]) => file === "adam.keras")!;
    const model = await loadModel(fixture("keras/continued/adam.keras"));
    compileModel(model, { optimizer: compiledOf(model).optimizer.optimizer, loss: "mse" });
    const { history } = await fit(model, x, y, options);
    expect(largestDifference(history.loss!, one.history.loss!)).toBeGreaterThan(1e-3);
  });
});

describe("a run that was saved here", () => {
  it.each(continued.cases.map(({ id }) => id))("%s goes on with the same bits, from .keras and .h5", async (id) => {
    const model = await loadModel(fixture(`keras/continued/${id}.keras`));
    await fit(model, x, y, options);
    const saved = [modelToBytes(model, "keras"), modelToBytes(model, "h5")];
    const { history } = await fit(model, x, y, options);
    for (const bytes of saved) {
      const again = await load(bytes);
      expect(again.report.ignored).toEqual([]);
      expect((await fit(again.model, x, y, options)).history).toEqual(history);
      expect(again.model.getWeights()).toEqual(model.getWeights());
    }
  });

  it("keeps what Nadam carries from step to step", async () => {
    const model = await loadModel(fixture("keras/continued/nadam.keras"));
    const { carried } = compiledOf(model).optimizer;
    expect(carried).toBeLessThan(0.1);
    expect(compiledOf(await loadModel(modelToBytes(model, "h5"))).optimizer.carried).toBeCloseTo(carried, 9);
  });

  it("keeps the learning rate that a callback has set", async () => {
    const model = await loadModel(fixture("keras/continued/adam.keras"));
    compiledOf(model).optimizer.learningRate = 0.125;
    expect(compiledOf(await loadModel(modelToBytes(model))).optimizer.learningRate).toBe(0.125);
  });

  it("takes the state with weights alone, into a model that is compiled", async () => {
    const model = await loadModel(fixture("keras/continued/adam.keras"));
    const bytes = modelToBytes(model, "weights.h5");
    const other = await loadModel(modelToBytes(model, "json"));
    expect((await loadWeights(other, bytes)).read).not.toContain("the optimizer's state");
    compileModel(other, { optimizer: "adam", loss: "mse" });
    expect((await loadWeights(other, bytes)).read).toContain("the optimizer's state");
    expect(compiledOf(other).optimizer.iterations).toBe(9);
  });
});

const small = () =>
  sequential({
    layers: [input({ shape: [3, 2] }), layers.gru({ units: 2 }), layers.dense({ units: 1 })],
    name: "small",
  });

describe("compile settings", () => {
  it("come back with their options, as names and as objects", async () => {
    const model = small();
    const schedule = { class_name: "CosineDecay", config: { initial_learning_rate: 0.1, decay_steps: 7 } };
    compileModel(model, {
      optimizer: optimizers.adamW({ learningRate: schedule, clipvalue: 0.5, beta1: 0.8, amsgrad: true }),
      loss: losses.huber({ delta: 0.25 }),
      metrics: ["mae", "accuracy", makeMetric(metricRules.get("Precision")!, { thresholds: 0.7, name: "exact" })],
      weightedMetrics: ["mse"],
      lossWeights: [0.5],
    });
    for (const format of ["keras", "h5"] as const) {
      const again = compiledOf(await loadModel(modelToBytes(model, format)));
      const { optimizer } = again.optimizer;
      expect(optimizer).toMatchObject({ weightDecay: 0.004, clipvalue: 0.5, clipnorm: null });
      expect(optimizer.options).toMatchObject({ beta1: 0.8, amsgrad: 1 });
      expect(again.optimizer.learningRate).toBeCloseTo(0.1, 6);
      expect(again.outputs[0]).toMatchObject({
        lossWeight: 0.5,
        loss: { class_name: "Huber", config: { delta: 0.25 } },
      });
      const names = again.outputs[0]!.metrics.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
      expect(names[0]).toContain("mae");
      expect(names[1]).toBe("accuracy");
      expect(names[2]).toMatch(/Precision.*"name":"exact","thresholds":0.7/);
      expect(again.outputs[0]!.weightedMetrics).toHaveLength(1);
    }
  });

  it("of several outputs come back for each", async () => {
    const x = input({ shape: [3, 2] });
    const h = layers.gru({ units: 2 }).apply(x);
    const outputs = ["a", "b"].map((name) => layers.dense({ units: 2, name }).apply(h));
    const forms: readonly CompileOptions[] = [
      { loss: "mse" },
      { loss: { b: "mae" }, metrics: { b: ["mse", "accuracy"] }, lossWeights: { a: 2, b: 0.5 } },
      { loss: ["mse", losses.huber({ delta: 2 })], metrics: [["mae"], []], weightedMetrics: [[], ["mse"]] },
    ];
    for (const form of forms) {
      const made = model({ inputs: x, outputs });
      compileModel(made, form);
      for (const format of ["keras", "h5"] as const) {
        const again = compiledOf(await loadModel(modelToBytes(made, format))).outputs;
        const known = compiledOf(made).outputs;
        expect(again.map(({ name, lossWeight }) => [name, lossWeight])).toEqual(
          known.map(({ name, lossWeight }) => [name, lossWeight]),
        );
        for (const [i, { loss, metrics: watched, weightedMetrics }] of known.entries()) {
          const className = (one: Parameters<typeof readLoss>[0]) => readLoss(one, 2, 2).rule.className;
          const found = again[i]!;
          expect(found.loss === null ? null : className(found.loss)).toBe(loss === null ? null : className(loss));
          expect(found.metrics.map((one) => readMetric(one, 2, 2).name)).toEqual(
            watched.map((one) => readMetric(one, 2, 2).name),
          );
          expect(found.weightedMetrics).toHaveLength(weightedMetrics.length);
        }
      }
    }
  });

  it("are not restored when that is not wanted", async () => {
    const bytes = fixture("keras/continued/adam.keras");
    expect(isCompiled(await loadModel(bytes))).toBe(true);
    expect(isCompiled(await loadModel(bytes, { compile: false }))).toBe(false);
  });

  it("with a loss of one's own cannot be in a file, and the model is saved without", async () => {
    const model = small();
    const own = makeLoss({
      className: "Cubic",
      aliases: ["cubic"],
      defaults: {},
      equation: ({ y, p, n }) => y.minus(p).abs().power(3).rowSum().over(n),
    });
    compileModel(model, { optimizer: "adam", loss: own });
    expect(isCompiled(await loadModel(modelToBytes(model)))).toBe(false);
  });

  it("that Unroll does not have are named, and the model opens", async () => {
    const open = async (training: object) => {
      const model = small();
      const root = new GroupBuilder();
      root.attributes.model_config = JSON.stringify(modelToConfig(model));
      root.attributes.training_config = JSON.stringify(training);
      const weights = root.group("model_weights");
      weights.attributes.layer_names = model.layers.map(({ name }) => name);
      for (const layer of model.layers) {
        const group = weights.group(layer.name);
        group.attributes.weight_names = layer.arrays.map((_, i) => `w${i}`);
        layer.getWeights().forEach((weight, i) => {
          group.dataset(`w${i}`, weight as { shape: number[]; data: Float32Array });
        });
      }
      return load(writeHdf5(root));
    };
    const adam = { class_name: "Adam", config: { learning_rate: 0.01 } };
    const own = await open({ optimizer_config: adam, loss: "my_loss", metrics: [] });
    expect(isCompiled(own.model)).toBe(false);
    expect(own.report.ignored).toEqual([
      expect.stringMatching(/^compile settings: compile: there is no loss named my_loss\. There are mse, /),
    ]);
    const lion = await open({ optimizer_config: { class_name: "Lion", config: {} }, loss: "mse" });
    expect(lion.report.ignored[0]).toContain("there is no optimizer named Lion");

    const odd = { class_name: "constructor", config: { learning_rate: 0.1 } };
    const rate = (learningRate: object) => ({ class_name: "Adam", config: { learning_rate: learningRate } });
    for (const optimizer of [
      odd,
      rate(odd),
      rate({ class_name: "PiecewiseConstantDecay", config: {} }),
      rate({}),
      {},
    ]) {
      const { model, report } = await open({ optimizer_config: optimizer, loss: "mse" });
      expect(isCompiled(model)).toBe(false);
      expect(report.ignored[0]).toMatch(/^compile settings: /);
    }

    // As Keras 1.2, tf.keras 2.4 and 2.12 wrote it.
    const first = await open({
      optimizer_config: { class_name: "SGD", config: { lr: 0.1, decay: 0.5, momentum: 0.9, nesterov: false } },
      loss: "mean_squared_error",
      metrics: ["accuracy"],
      sample_weight_mode: null,
    });
    expect(first.report.ignored).toEqual([]);
    const { optimizer } = compiledOf(first.model);
    optimizer.iterations = 4;
    expect(optimizer.learningRate).toBeCloseTo(0.1 / 3, 9);
    const wrapper = {
      class_name: "MeanMetricWrapper",
      config: { name: "acc", dtype: "float32", fn: "binary_accuracy" },
    };
    const second = await open({
      optimizer_config: {
        class_name: "Custom>Adam",
        config: { name: "Adam", learning_rate: 0.01, is_legacy_optimizer: false },
      },
      loss: {
        class_name: "BinaryCrossentropy",
        config: { reduction: "auto", name: "b", from_logits: true, label_smoothing: 0 },
      },
      metrics: [[wrapper]],
      loss_weights: null,
    });
    expect(second.report.ignored).toEqual([]);
    expect(compiledOf(second.model).outputs[0]!.metrics).toEqual([
      { class_name: "binary_accuracy", config: { name: "acc" } },
    ]);
  });
});

describe("state in the order of tf.keras 2.4", () => {
  /** All first moments come before all second ones there; later versions have them weight by weight. */
  const stateOf = (steps: string, shapes: readonly number[][]) => {
    const model = small();
    compileModel(model, { optimizer: "adam", loss: "mse" });
    const weights = trainedVariables(model);
    const stored = [
      { path: steps, shape: [], dtype: "int64" as const, read: () => BigInt64Array.of(5n) },
      ...shapes.map((shape, i) => ({
        path: `array_${i}:0`,
        shape,
        dtype: "float32" as const,
        read: () => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i),
      })),
    ];
    return { model, weights, problem: restoreOptimizer(compiledOf(model), stored) };
  };

  it("is told by the name of the step counter", () => {
    const shapes = trainedVariables(small()).map(({ shape }) => [...shape]);
    const { model, weights, problem } = stateOf("Adam/iter:0", [...shapes, ...shapes]);
    expect(problem).toBeUndefined();
    const { optimizer } = compiledOf(model);
    expect(optimizer.iterations).toBe(5);
    expect(weights.map((weight) => optimizer.slotsOf(weight).momentum!.data[0])).toEqual([0, 1, 2, 3, 4]);
    expect(weights.map((weight) => optimizer.slotsOf(weight).velocity!.data[0])).toEqual([5, 6, 7, 8, 9]);
  });

  it("is refused where the arrays are not those of the model", () => {
    const shapes = trainedVariables(small()).map(({ shape }) => [...shape]);
    expect(stateOf("Adam/iter:0", shapes).problem).toBe("it has 5 arrays, and Adam keeps 10 for this model");
    const late = stateOf("iteration:0", [...shapes, ...shapes]);
    expect(late.problem).toBe("its array 3 has shape (2, 1)");
    expect(compiledOf(late.model).optimizer.iterations).toBe(0);
  });
});
