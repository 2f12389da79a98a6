/** Every layer type in the list keeps to the contract; see conformance.ts. */
import { describe, expect, test } from "vitest";
import { UnrollError } from "../src/core/errors.ts";
import { Random } from "../src/core/random.ts";
import { type Shape, sizeOf } from "../src/core/shape.ts";
import { Layer, layerTypes } from "../src/layers/index.ts";
import {
  countByFormula,
  type Extent,
  engineError,
  engineGradientError,
  errorOf,
  errorText,
  extents,
  gradientError,
  inputShapesFor,
  makeLayer,
  type Options,
  optionsFor,
  plainConfig,
  programOf,
  roundTrip,
  variationsOf,
} from "./conformance.ts";

const usual: Extent = { size: 3, timesteps: 5, batch: 2 };

/** An input layer has no input and computes nothing. */
const types = [...layerTypes].filter(([name]) => name !== "InputLayer");

describe.each(types)("%s", (className, type) => {
  /** Runs a check where the layer takes these options and inputs; a refusal must be a clear error. */
  function forEachExtent(check: (options: Options, shapes: number[][], extent: Extent) => void): void {
    let checked = 0;
    for (const extent of extents) {
      const shapes = inputShapesFor(type, extent);
      try {
        check(optionsFor(type, extent), shapes, extent);
        checked++;
      } catch (error) {
        // One timestep is too few for some windows.
        if (!(error instanceof UnrollError) || extent.timesteps > 1) throw error;
        expect(error.message).toMatch(errorText);
      }
    }
    expect(checked).toBeGreaterThanOrEqual(extents.length / 2);
  }

  test("computes the shapes that its shape rule says, with None and with numbers", () => {
    forEachExtent((options, shapes) => {
      const layer = makeLayer(type, options, shapes);
      const { outputs } = programOf(layer, shapes);
      expect(outputs.map(({ shape }) => shape)).toEqual(layer.outputShapes(shapes));
      const open: Shape[] = shapes.map(([, ...rest]) => [null, ...rest]);
      const closed = layer
        .outputShapes(open)
        .map(([batch, ...rest]) => [batch === null ? shapes[0]![0] : batch, ...rest]);
      expect(closed).toEqual(outputs.map(({ shape }) => shape));
    });
  });

  test("computes the shapes of its rule at every other value of an option", () => {
    const shapes = inputShapesFor(type, usual);
    let checked = 0;
    for (const options of variationsOf(type, usual)) {
      try {
        const layer = makeLayer(type, options, shapes);
        const { outputs } = programOf(layer, shapes, true);
        expect(
          outputs.map(({ shape }) => shape),
          JSON.stringify(Object.keys(options)),
        ).toEqual(layer.outputShapes(shapes));
        checked++;
      } catch (error) {
        if (!(error instanceof UnrollError)) throw error;
        expect(error.message).toMatch(errorText);
      }
    }
    expect(checked >= variationsOf(type, usual).length / 2).toBe(true);
  });

  test("has as many numbers as its formulas say", () => {
    forEachExtent((options, shapes) => {
      const layer = makeLayer(type, options, shapes);
      const held = layer.getWeights().reduce((sum, { data }) => sum + data.length, 0);
      expect(layer.countParams()).toBe(held);
      expect(countByFormula(layer, shapes)).toBe(held);
    });
  });

  test("computes on the engine what the reference computes, in training too", () => {
    forEachExtent((options, shapes) => {
      const layer = makeLayer(type, options, shapes);
      expect(engineError(layer, shapes)).toBeLessThan(2e-4);
      expect(engineError(makeLayer(type, options, shapes), shapes, true)).toBeLessThan(2e-4);
    });
  });

  test("computes on the engine what the reference computes at every other value of an option", () => {
    const shapes = inputShapesFor(type, usual);
    for (const options of variationsOf(type, usual)) {
      try {
        expect(engineError(makeLayer(type, options, shapes), shapes)).toBeLessThan(2e-4);
      } catch (error) {
        if (!(error instanceof UnrollError)) throw error;
      }
    }
  });

  test("has the gradients of central differences, and the engine the same", () => {
    for (const extent of [usual, { size: 4, timesteps: 3, batch: 1 }]) {
      const shapes = inputShapesFor(type, extent);
      const layer = makeLayer(type, optionsFor(type, extent), shapes);
      expect(gradientError(layer, shapes)).toBeLessThan(1e-5);
      expect(engineGradientError(layer, shapes)).toBeLessThan(1e-3);
    }
  });

  test("is the same layer after a round trip through Keras's config", () => {
    const shapes = inputShapesFor(type, usual);
    for (const options of [optionsFor(type, usual), ...variationsOf(type, usual)]) {
      let layer: Layer;
      try {
        layer = makeLayer(type, options, shapes);
      } catch (error) {
        if (error instanceof UnrollError) continue;
        throw error;
      }
      const again = roundTrip(layer);
      expect(again.name).toBe(layer.name);
      expect(plainConfig(again)).toEqual(plainConfig(layer));
      again.build(shapes);
      expect(again.countParams()).toBe(layer.countParams());
    }
  });

  test("draws its first numbers from the seed alone", () => {
    const shapes = inputShapesFor(type, usual);
    const drawn = [5, 5, 6].map((seed) => {
      const layer = new Layer(type, optionsFor(type, usual));
      layer.build(shapes, new Random(seed));
      return layer.getWeights().map(({ data }) => [...data]);
    });
    expect(drawn[1]).toEqual(drawn[0]);
    const random = drawn[0]!.some((numbers) => new Set(numbers).size > 2);
    if (random) expect(drawn[2]).not.toEqual(drawn[0]);
  });

  test("gives back the weights it was given, and refuses others by name and shape", () => {
    const shapes = inputShapesFor(type, usual);
    const layer = makeLayer(type, optionsFor(type, usual), shapes);
    const weights = layer.getWeights();
    layer.setWeights(weights);
    expect(layer.getWeights()).toEqual(weights);
    const tooMany = errorOf(() => layer.setWeights([...weights, [1, 2]]));
    expect(tooMany.code).toBe("weights");
    expect(tooMany.message).toMatch(errorText);
    if (weights.length === 0) return;
    const [first, ...others] = weights as [(typeof weights)[0], ...typeof weights];
    const wrong = new Float32Array(sizeOf(first.shape) + 1);
    const misfit = errorOf(() => layer.setWeights([wrong, ...others]));
    expect(misfit.message).toContain(layer.variables[0]!.name);
    expect(misfit.message).toMatch(errorText);
    expect(layer.getWeights()).toEqual(weights);
  });

  test("refuses an unknown option, and an input of wrong rank or other features", () => {
    const options = optionsFor(type, usual);
    const unknown = errorOf(() => new Layer(type, { ...options, unitz: 3 }));
    expect([unknown.code, unknown.message]).toEqual(["unknown-name", expect.stringMatching(errorText)]);
    const shapes = inputShapesFor(type, usual);
    const { min, max } = type.inputRank ?? { min: 1 };
    const wrongRank = max === undefined ? min - 1 : max + 1;
    if (wrongRank > 0) {
      const tooFar = shapes.map(() => new Array<number>(wrongRank).fill(3));
      const rank = errorOf(() => new Layer(type, options).build(tooFar));
      expect(rank.code).toBe("shape");
      expect(rank.message).toMatch(errorText);
    }
    const layer = makeLayer(type, options, shapes);
    const kernel = layer.variables.find(({ shape }) => shape.includes(usual.size) && shape.length > 0);
    if (kernel === undefined || className === "Embedding") return;
    const wider = shapes.map((shape) => [...shape.slice(0, -1), usual.size + 1]);
    const features = errorOf(() => layer.build(wider));
    expect(features.message).toMatch(errorText);
    expect(features.code).toBe("shape");
  });

  test("takes no memory before its numbers are read", () => {
    const huge = { size: 100_000, timesteps: 30_000, batch: 1 };
    try {
      const layer = new Layer(type, optionsFor(type, huge));
      layer.build(inputShapesFor(type, huge).map(([, ...rest]) => [null, ...rest]));
      expect(layer.countParams()).toBeGreaterThanOrEqual(0);
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      expect(error.message).toMatch(errorText);
    }
  });
});
