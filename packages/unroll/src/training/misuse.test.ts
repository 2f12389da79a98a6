/** What a newcomer gets wrong in compile and fit: each is said in words, nothing is passed over in silence. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { CSVLogger, ModelCheckpoint } from "./callback-files.ts";
import { type Callback, EarlyStopping, LearningRateScheduler } from "./callbacks.ts";
import { compileModel } from "./compile.ts";
import { evaluate, evaluateBatches, testOnBatch, trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { gradients } from "./gradients.ts";
import { losses } from "./losses.ts";
import { modelMemory } from "./memory.ts";
import { metrics } from "./metrics.ts";
import { optimizers } from "./optimizer.ts";
import { schedules } from "./schedules.ts";
import { numbers, quiet, smallModel, smallX, smallY } from "./testing.ts";
import { traceGradients } from "./trace-gradients.ts";

async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was refused";
}

/** `fit` as it is called from JavaScript, where no type stands guard. */
const loosely = (options: object) => () => fit(smallModel({}), smallX, smallY, { print: quiet, ...options });

/** As JavaScript without types would. */
const named = (holder: object, name: string) => () => (holder as Readonly<Record<string, unknown>>)[name];

describe("callbacks without what they need", () => {
  it.each([
    [() => new LearningRateScheduler(0.1 as never), "LearningRateScheduler: schedule must be a function"],
    [() => new ModelCheckpoint(undefined as never), "ModelCheckpoint: path must be the name of a file."],
    [() => new CSVLogger(undefined as never), "CSVLogger: path must be the name of a file."],
  ])("say so when they are made", async (run, message) => {
    expect(await refusal(run)).toContain(message);
  });
});

describe("names spelt as in Keras", () => {
  it.each([
    [named(optimizers, "Adam"), "optimizers: there is none named Adam. It is optimizers.adam here."],
    [named(optimizers, "adamw"), "optimizers: there is none named adamw. It is optimizers.adamW here."],
    [named(losses, "MeanSquaredError"), "It is losses.meanSquaredError here."],
    [named(metrics, "AUC"), "It is metrics.auc here."],
    [named(schedules, "ExponentialDecay"), "It is schedules.exponentialDecay here."],
    [() => optimizers.adam({ lr: 0.1 } as never), "Adam: has no option named lr. Did you mean learningRate?"],
    [
      () => optimizers.sgd({ speed: 1 } as never),
      "SGD: has no option named speed. Its options are learningRate, weightDecay, clipnorm, clipvalue, globalClipnorm, name, momentum, nesterov.",
    ],
  ])("are told what they are here", async (run, message) => {
    expect(await refusal(async () => run())).toContain(message);
  });

  it("are what they were otherwise", () => {
    expect(Object.keys({ ...optimizers })).toContain("adam");
    expect(named(metrics, "then")()).toBeUndefined();
  });
});

describe("data that is not there", () => {
  it("is asked for by the inputs' names and shapes", async () => {
    const net = smallModel();
    const message = /: needs data for input_layer\S* \(None, 4, 2\)\. Received: nothing\. Give an array or a tensor/;
    expect(await refusal(async () => net.predict(undefined as never))).toMatch(message);
    expect(await refusal(async () => net.predict(null as never))).toMatch(message);
  });
});

describe("options of fit", () => {
  it.each([
    [{ epoch: 3 }, "fit: has no option named epoch. Did you mean epochs?"],
    [{ checkpoint: "run" }, /^fit: checkpoint: must say the path of a file/],
    [{ validationSplit: "0.2" }, /validationSplit must be a number\. Received: validationSplit = "0\.2"\.$/],
    [{ batch_size: 3 }, "fit: has no option named batch_size. Did you mean batchSize?"],
    [{ classWeight: { zero: 2 } }, /classWeight must be an object of numbers by class index\. Received: zero: 2\./],
    [{ classWeight: { 0: "much" } }, /Received: 0: much\. For instance \{ 0: 1, 1: 3 \}\./],
    [{ classWeight: new Map([[0, 2]]) }, /Received: classWeight = \[object Map\]\./],
    [
      { callbacks: ["EarlyStopping"] },
      /^callbacks\[0\]: must have a method that fit calls\. Received: string EarlyStopping\./,
    ],
    [
      { callbacks: [EarlyStopping] },
      "callbacks[0]: must be a callback, not its class. Received: the class EarlyStopping. Make one: new EarlyStopping().",
    ],
    [{ callbacks: [() => {}] }, /Received: a function\. A callback is an object with some of onTrainBegin, /],
    [{ callbacks: [{}] }, /Received: an object without any\. A callback is an object with some of onTrainBegin, /],
    [{ callbacks: [{ on_epoch_end() {} }] }, "callbacks[0]: fit never calls on_epoch_end. Did you mean onEpochEnd?"],
    [{ callbacks: [{ onEpochEnds() {} }] }, "callbacks[0]: fit never calls onEpochEnds. Did you mean onEpochEnd?"],
  ])("%j is refused", async (options, message) => {
    const found = await refusal(loosely(options));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });

  it("may be one callback, of a class of its own, with methods of its own", async () => {
    class Counting implements Callback {
      epochs = 0;
      onEpochEnd(): void {
        this.epochs++;
        this.onward();
      }
      onward(): void {}
    }
    const counting = new Counting();
    await fit(smallModel(), smallX, smallY, { epochs: 3, callbacks: counting });
    expect(counting.epochs).toBe(3);
  });

  it("are not taken as the targets of an iterable", async () => {
    const batches = [{ x: smallX, y: smallY }].values();
    expect(await refusal(() => fit(smallModel(), batches, { epochs: 2 } as never))).toMatch(
      /an iterable of batches brings its own targets.* fit\(batches, undefined, \{ epochs: 2 \}\)\./,
    );
  });

  it("do not make up for targets that are fewer, or none", async () => {
    expect(await refusal(() => fit(smallModel(), smallX, smallY.data.slice(1)))).toMatch(
      /must have one entry for each of the 10 examples\. Received: shape = \[9\]\. Cut the inputs and the targets to the same/,
    );
    expect(await refusal(() => evaluate(smallModel(), smallX))).toMatch(
      /targets are needed: .* Received: targets = undefined\. Give them behind the inputs: fit\(x, y\), evaluate\(x, y\)\./,
    );
  });

  it("do not make up for missing examples", async () => {
    const none = () => fit(smallModel(), numbers([0, 4, 2]), numbers([0, 1]));
    expect(await refusal(none)).toMatch(/there must be at least one example\. Received: shape = \[0, 4, 2\]\./);
  });
});

describe("options of compile", () => {
  it.each([
    [{ metric: ["mae"] }, "compile: has no option named metric. Did you mean metrics?"],
    [{ loss_weights: 2 }, "compile: has no option named loss_weights. Did you mean lossWeights?"],
    [{ loss: "msee" }, /^compile: there is no loss named msee\. Did you mean mse\?/],
    [{ loss: "xyzzyplugh" }, /no loss named xyzzyplugh\. There are mse, mae, .*huber/],
    [{ optimizer: "xyzzyplugh" }, /no optimizer named xyzzyplugh\. There are sgd, .*adam, /],
    [{ metrics: ["xyzzyplugh"] }, /no metric named xyzzyplugh\. There are accuracy, .*mse, /],
    [{ loss: "MeanSquareError" }, /named MeanSquareError\. Did you mean mean_squared_error\?$/],
    [{ metrics: ["acuracy"] }, "compile: there is no metric named acuracy. Did you mean accuracy?"],
    [{ weightedMetrics: ["maee"] }, /there is no metric named maee/],
    [{ optimizer: { adam: 1 } }, /compile: there is no optimizer in this\. Received: an object with adam\./],
    [
      { optimizer: optimizers.adam },
      /Received: function\. Give a name or optimizers\.adam\(\{ learningRate: 0\.01 \}\)\./,
    ],
    [{ metrics: [{ name: "mae" }] }, /there is no metric in this\. Received: an object with name\./],
    [{ optimizer: { className: "Adm" } }, /there is no optimizer named Adm/],
    [{ loss: () => 0 }, /Received: function\. makeLoss makes a loss of your own\./],
  ])("%j is refused at once", async (options, message) => {
    const found = await refusal(() => compileModel(smallModel(), options as never));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });

  it("take a class's name and options in this library's spelling as in Keras's", () => {
    const scores = [
      {
        optimizer: { class_name: "SGD", config: { learning_rate: 0.5, clipnorm: 1 } },
        loss: { class_name: "Huber", config: { delta: 0.1 } },
        metrics: [{ class_name: "BinaryAccuracy", config: { threshold: 0.25 } }],
      },
      {
        optimizer: { className: "SGD", config: { learningRate: 0.5, clipnorm: 1 } },
        loss: { className: "Huber", config: { delta: 0.1 } },
        metrics: [{ className: "BinaryAccuracy", config: { threshold: 0.25 } }],
      },
    ].map((options) => {
      const net = smallModel(options);
      return [trainOnBatch(net, smallX, smallY), evaluate(net, smallX, smallY)];
    });
    expect(scores[1]).toEqual(scores[0]);
    const plain = smallModel({ optimizer: "sgd", loss: "huber", metrics: ["binary_accuracy"] });
    expect(trainOnBatch(plain, smallX, smallY).loss).not.toBe(scores[0]![0]!.loss);
  });

  it("may name one metric without a list", () => {
    const net = smallModel({ metrics: "mae", weightedMetrics: "mse" });
    expect(Object.keys(evaluate(net, smallX, smallY))).toEqual(["loss", "mae", "mse"]);
  });
});

describe("class indices as targets", () => {
  const classifier = () => {
    const net = sequential({
      layers: [input({ shape: [4, 2] }), layers.gru({ units: 2 }), layers.dense({ units: 3, name: "kind" })],
    });
    compileModel(net, { loss: "sparse_categorical_crossentropy" });
    return net;
  };
  const x = numbers([4, 4, 2]);

  it.each([
    [[0, 1, 3, 2], "3 (example 2 of the batch)"],
    [[0, -1, 1, 2], "-1 (example 1 of the batch)"],
    [[0.5, 1, 1, 2], "0.5 (example 0 of the batch)"],
  ])("%j are refused, because a class that is not there would cost nothing", async (y, received) => {
    const fitInOrder: typeof fit = (net, x, y) => fit(net, x, y, { shuffle: false });
    for (const run of [trainOnBatch, testOnBatch, evaluate, fitInOrder]) {
      expect(await refusal(() => run(classifier(), x, y))).toBe(
        `kind: targets must be class indices from 0 to 2, one for each of its 3 units. Received: ${received}. Give the layer as many units as there are classes, and count classes from 0.`,
      );
    }
  });

  it("are refused as well where gradients are asked for", () => {
    const y = [0, 1, 3, 2];
    for (const run of [gradients, traceGradients]) {
      expect(() => run(classifier(), x, y)).toThrow(/^kind: targets must be class indices from 0 to 2.* Received: 3 /);
      expect(() => run(classifier(), x, y, { loss: "sparse_categorical_crossentropy" })).toThrow(/Received: 3 /);
      expect(run(classifier(), x, [0, 1, 2, 2])).toBeDefined();
    }
  });

  it("may hold the class that the loss ignores", () => {
    const net = classifier();
    compileModel(net, {
      loss: { class_name: "SparseCategoricalCrossentropy", config: { from_logits: true, ignore_class: -1 } },
    });
    expect(testOnBatch(net, x, [0, -1, 1, 2]).loss).toBeGreaterThan(0);
    expect(() => testOnBatch(net, x, [0, -2, 1, 2])).toThrow(/Received: -2/);
  });
});

describe("a declared batch size", () => {
  const declared = () => {
    const net = sequential({ layers: [input({ batchShape: [2, 3, 1] }), layers.simpleRNN({ units: 1 })], name: "net" });
    compileModel(net, { loss: "mse" });
    return net;
  };
  const [x, y] = [numbers([3, 3, 1]), numbers([3, 1])];

  it.each([
    ["trainOnBatch", () => trainOnBatch(declared(), x, y)],
    ["testOnBatch", () => testOnBatch(declared(), x, y)],
    ["gradients", () => gradients(declared(), x, y)],
    ["a fit on batches", () => fit(declared(), () => [{ x, y }])],
    ["evaluateBatches", () => evaluateBatches(declared(), [{ x, y }])],
  ])("is kept to by %s", async (_, run) => {
    expect(await refusal(run)).toBe(
      "net: the input was declared with batches of 2 examples. Received: a batch of 3. Give 2 examples, or declare the input without a batch size.",
    );
  });

  it("lets a batch of that size pass", () => {
    expect(testOnBatch(declared(), numbers([2, 3, 1]), numbers([2, 1])).loss).toBeGreaterThan(0);
  });
});

describe("options of evaluate and of single steps", () => {
  it("are refused where nobody reads them", async () => {
    const net = smallModel();
    const given = { batch_size: 2 } as object;
    expect(await refusal(() => evaluate(net, smallX, smallY, given))).toBe(
      "evaluate: has no option named batch_size. Did you mean batchSize?",
    );
    expect(await refusal(() => trainOnBatch(net, smallX, smallY, given))).toMatch(/^trainOnBatch: has no option/);
    expect(await refusal(() => testOnBatch(net, smallX, smallY, given))).toMatch(/^testOnBatch: has no option/);
    expect(await refusal(() => gradients(net, smallX, smallY, given))).toMatch(/^gradients: has no option/);
    expect(await refusal(() => traceGradients(net, smallX, smallY, given))).toMatch(/^traceGradients: has no option/);
    expect(await refusal(() => modelMemory(net, { batchSize: 2 } as object))).toBe(
      "memory: has no option named batchSize. Its options are batch, timesteps, training.",
    );
  });
});

describe("options of schedules", () => {
  it.each<[() => unknown, string]>([
    [
      () => schedules.exponentialDecay({ initial_learning_rate: 0.1, decaySteps: 9, decayRate: 0.9 } as never),
      "ExponentialDecay: has no option named initial_learning_rate. Did you mean initialLearningRate?",
    ],
    [
      () => schedules.inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 9 } as never),
      "InverseTimeDecay: decayRate must be a number. Received: decayRate = undefined.",
    ],
    [
      () => schedules.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 0 }),
      "PolynomialDecay: decaySteps must be a number above 0. Received: decaySteps = 0.",
    ],
    [
      () => schedules.piecewiseConstantDecay({ boundaries: [3], values: [1] }),
      "values must have one entry more than boundaries. Received: 1 values and 1 boundaries.",
    ],
    [
      () => schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 9, warmupSteps: "2" as never }),
      'CosineDecay: warmupSteps must be a number. Received: warmupSteps = "2".',
    ],
    [
      () => schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5, tMul: 0 }),
      "CosineDecayRestarts: tMul must be a number above 0.",
    ],
    [
      () => smallModel({ optimizer: { class_name: "SGD", config: { learning_rate: { class_name: "CosineDecay" } } } }),
      "CosineDecay: initialLearningRate must be a number. Received: initialLearningRate = undefined.",
    ],
  ])("are checked when one is made: %s", (make, message) => {
    expect(make).toThrow(message);
  });
});
