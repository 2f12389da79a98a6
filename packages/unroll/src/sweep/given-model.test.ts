import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel } from "../formats/load.ts";
import { input, layers } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import { givenModel, optionsOfModel, variantOf } from "./given-model.ts";
import { checkSpace, parametersOf, trainingDefaults } from "./space.ts";
import { sweep } from "./sweep.ts";
import { smallOptions, temporaryFolder } from "./testing.ts";

const stacked = (): Sequential =>
  sequential({
    name: "mine",
    layers: [
      input({ shape: [30, 1] }),
      layers.bidirectional({ layer: layers.gru({ units: 4, returnSequences: true }), name: "both" }),
      layers.lstm({ units: 3, name: "memory" }),
      layers.dropout({ rate: 0.1, name: "drop" }),
      layers.dense({ units: 1, name: "ahead" }),
    ],
  });

const settings = { ...trainingDefaults, lookback: 12 };

describe("a given model", () => {
  it("names the options of its layers that are numbers or names", () => {
    const options = optionsOfModel(stacked());
    expect([...options.keys()]).toEqual(
      expect.arrayContaining(["both.layer.units", "memory.units", "memory.activation", "drop.rate", "ahead.units"]),
    );
    expect([...options.keys()].filter((name) => /name|dtype|initializer/i.test(name))).toEqual([]);
    expect(options.get("memory.units")!.kind).toBe("whole");
  });

  it("has the options of a trial, both ways of Bidirectional, and reads windows of its lookback", () => {
    const changed = {
      ...settings,
      "both.layer.units": 6,
      "memory.units": 5,
      "memory.activation": "relu",
      "drop.rate": 0.5,
    };
    const variant = variantOf(givenModel(stacked()), changed, 1);
    expect(variant.layers.map(({ outputShape }) => outputShape)).toEqual([
      [null, 12, 12],
      [null, 5],
      [null, 5],
      [null, 1],
    ]);
    expect(variant.getLayer("memory").config).toMatchObject({ units: 5 });
    expect(variant.getLayer("drop").config).toMatchObject({ rate: 0.5 });
    // 2 directions × 3 gates × [6 × (6 + 1) + 2 × 6], 4 × [5 × (5 + 12) + 5], 5 + 1
    expect(variant.countParams()).toBe(2 * 3 * 54 + 4 * 90 + 6);
  });

  it("has them both ways too where Bidirectional was given two layers", () => {
    const [layer, backwardLayer] = [layers.gru({ units: 4 }), layers.gru({ units: 4, goBackwards: true })];
    const net = sequential({
      layers: [
        input({ shape: [6, 1] }),
        layers.bidirectional({ layer, backwardLayer, name: "both" }),
        layers.dense({ units: 1 }),
      ],
    });
    const variant = variantOf(givenModel(net), { ...settings, "both.layer.units": 5 }, 1);
    // 3 gates × [5 × (5 + 1) + 2 × 5], each way
    expect(variant.getLayer("both").countParams()).toBe(2 * 120);
  });

  it("draws its weights by the seed, whatever was built before", () => {
    const given = givenModel(stacked());
    const weights = (seed: number) =>
      variantOf(given, settings, seed)
        .getWeights()
        .map(({ data }) => [...data]);
    expect(weights(7)).toEqual(weights(7));
    expect(weights(8)).not.toEqual(weights(7));
  });

  it("may be a graph", () => {
    const x = input({ shape: [null, 1] });
    const memory = layers.gru({ units: 4, name: "memory" }).apply(x);
    const net = model({ inputs: x, outputs: layers.dense({ units: 1 }).apply(memory) });
    const given = givenModel(net);
    expect(given.lookback).toBe(21);
    expect(variantOf(given, { ...settings, "memory.units": 7 }, 1).getLayer("memory").outputShape).toEqual([null, 7]);
  });

  it("says which layer an option is of, and what its values may be", () => {
    const parameters = parametersOf(optionsOfModel(stacked()));
    const said = (space: unknown): string => {
      try {
        checkSpace(space, "space.json", parameters);
      } catch (error) {
        return (error as Error).message;
      }
      return "no error";
    };
    expect(said({ units: [4] })).toBe(
      "space.json: units is of the plain model; of a given one say which layer's option it is. Received: units. " +
        "There is both.layer.units, memory.units, ahead.units.",
    );
    expect(said({ "memory.unit": [4] })).toContain("Received: memory.unit. Did you mean memory.units?");
    expect(said({ "memory.units": [4, 0] })).toMatch(/^space.json, memory.units\[1\]: .*Received: memory.units = 0/);
    expect(said({ "memory.activation": ["tanh", "tnh"] })).toMatch(
      /^space.json, memory.activation\[1\]: .*Received: memory.activation = "tnh". Did you mean tanh\?$/,
    );
    expect(said({ "drop.rate": { from: 0, to: 1.5 } })).toContain("space.json, drop.rate.to: ");
    expect(said({ learningRate: -1 })).toContain("space.json, learningRate: learningRate must be a number above 0");
    expect(said({ "memory.units": { from: 4, to: 32, scale: "log" }, lookback: [7, 14] })).toBe("no error");
  });
});

describe("a sweep of a given model", { timeout: 120_000 }, () => {
  it("varies its options and keeps the best one with them", async () => {
    const folder = temporaryFolder();
    const net = sequential({
      layers: [input({ shape: [6, 1] }), layers.gru({ units: 4, name: "memory" }), layers.dense({ units: 1 })],
    });
    const options = { ...smallOptions(folder), epochs: 2, folds: 1, model: net };
    const place = { folder: join(folder, "s"), threads: 0 };
    const { groups } = await sweep({ "memory.units": [2, 5], learningRate: [0.01, 0.05] }, options, place);
    const [{ trials, best }] = groups as [(typeof groups)[0]]; // without groups there is one
    expect(trials.map(({ status }) => status)).toEqual(["done", "done", "done", "done"]);
    expect(new Set(trials.map(({ score }) => score)).size).toBe(4);
    expect(best!.settings.lookback).toBe(6);
    expect(best!.settings).not.toHaveProperty("cell");
    const kept = await loadModel(join(place.folder, best!.final.model));
    expect(kept.getLayer("memory").outputShape).toEqual([null, best!.settings["memory.units"]]);
  });

  it("tells before it trains that the model does not fit the series", async () => {
    const folder = temporaryFolder();
    const wide = sequential({
      layers: [input({ shape: [6, 2] }), layers.gru({ units: 4 }), layers.dense({ units: 1 })],
    });
    const options = { ...smallOptions(folder), model: wide, modelFile: "net.py" };
    const place = { folder: join(folder, "s"), threads: 0 };
    await expect(sweep({ learningRate: 0.01 }, options, place)).rejects.toThrow(
      "net.py: the model must read windows of 6 rows and 1 features",
    );
  });
});
