import { expect, test } from "vitest";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { layers } from "./index.ts";
import { checkInitializer, initialize, initializerNames } from "./initializers.ts";
import { checkRegularizer } from "./penalties.ts";

function draw(
  name: string,
  shape: readonly number[],
  config: Readonly<Record<string, unknown>> = {},
  seed = 1,
): Float32Array {
  return initialize(checkInitializer({ className: name, config }, "test", "option"), shape, new Random(seed));
}

const mean = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
const deviation = (data: ArrayLike<number>): number => {
  const centre = mean(data);
  return Math.sqrt(mean(Array.from(data, (value) => (value - centre) ** 2)));
};
const largest = (data: ArrayLike<number>): number => Math.max(...Array.from(data, Math.abs));

// Limits by hand from Keras's formulas: fans are those of the whole stored array.
test.each([
  ["glorot_uniform", [5, 16], Math.sqrt(6 / (5 + 16))],
  ["glorot_uniform", [3, 2, 8], Math.sqrt(6 / (3 * 2 + 3 * 8))],
  ["he_uniform", [6, 40], Math.sqrt(6 / 6)],
  ["lecun_uniform", [6, 40], Math.sqrt(3 / 6)],
  ["random_uniform", [6, 40], 0.05],
])("%s of %j stays below its limit and comes near it", (name, shape, limit) => {
  const data = draw(name, shape);
  expect(largest(data)).toBeLessThanOrEqual(limit);
  expect(largest(data)).toBeGreaterThan(0.85 * limit);
});

test.each([
  ["glorot_normal", [100, 100], Math.sqrt(2 / 200)],
  ["he_normal", [50, 200], Math.sqrt(2 / 50)],
  ["lecun_normal", [50, 200], Math.sqrt(1 / 50)],
])("%s of %j has the stated deviation after it is cut off at two", (name, shape, stated) => {
  const data = draw(name, shape);
  expect(deviation(data)).toBeGreaterThan(0.97 * stated);
  expect(deviation(data)).toBeLessThan(1.03 * stated);
  expect(largest(data)).toBeLessThanOrEqual((2 * stated) / 0.8796256610342398 + 1e-6);
  expect(Math.abs(mean(data))).toBeLessThan(0.05 * stated);
});

test.each([
  [4, 16],
  [16, 4],
  [5, 5],
])("orthogonal of %i by %i has orthonormal rows or columns as a whole", (rows, columns) => {
  const data = draw("orthogonal", [rows, columns], { gain: 2 });
  const count = Math.min(rows, columns);
  const at = (vector: number, index: number): number =>
    rows < columns ? data[vector * columns + index]! : data[index * columns + vector]!;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < count; b++) {
      let dot = 0;
      for (let i = 0; i < Math.max(rows, columns); i++) dot += at(a, i) * at(b, i);
      expect(dot).toBeCloseTo(a === b ? 4 : 0, 5);
    }
  }
});

test("single gate blocks of an orthogonal array are not orthogonal", () => {
  const data = draw("orthogonal", [3, 12]);
  let dot = 0;
  for (let i = 0; i < 3; i++) dot += data[i]! * data[12 + i]!;
  expect(Math.abs(dot)).toBeGreaterThan(1e-3);
});

test("constants are what they say", () => {
  expect([...draw("zeros", [2, 2])]).toEqual([0, 0, 0, 0]);
  expect([...draw("ones", [3])]).toEqual([1, 1, 1]);
  expect([...draw("constant", [2], { value: 0.5 })]).toEqual([0.5, 0.5]);
  expect([
    ...draw("constant", [2, 2], {
      value: [
        [1, 2],
        [3, 4],
      ],
    }),
  ]).toEqual([1, 2, 3, 4]);
  expect([...draw("identity", [2, 3], { gain: 2 })]).toEqual([2, 0, 0, 0, 2, 0]);
});

test("the same generator gives the same numbers, and a seed of its own goes before the generator", () => {
  for (const name of initializerNames) {
    expect(draw(name, [3, 4])).toEqual(draw(name, [3, 4]));
    expect(draw(name, [3, 4])).toHaveLength(sizeOf([3, 4]));
  }
  expect(draw("he_normal", [3, 4], { seed: 9 }, 1)).toEqual(draw("he_normal", [3, 4], { seed: 9 }, 2));
  expect(draw("he_normal", [3, 4], {}, 1)).not.toEqual(draw("he_normal", [3, 4], {}, 2));
});

test("variance scaling takes every mode and distribution of Keras", () => {
  const config = { scale: 3, mode: "fan_out", distribution: "uniform" };
  expect(largest(draw("variance_scaling", [4, 50], config))).toBeLessThanOrEqual(Math.sqrt((3 * 3) / 50));
  const normal = draw("variance_scaling", [50, 100], { distribution: "untruncated_normal" });
  expect(deviation(normal)).toBeCloseTo(Math.sqrt(1 / 50), 2);
});

test("names are read in each spelling; others are refused with a suggestion", () => {
  for (const name of ["glorot_uniform", "GlorotUniform", "glorotUniform"]) {
    expect(checkInitializer(name, "x", "y")).toEqual({ className: "GlorotUniform", config: { seed: null } });
  }
  expect(checkInitializer("uniform", "x", "y").className).toBe("RandomUniform");
  expect(checkInitializer({ className: "OrthogonalInitializer" }, "x", "y").className).toBe("Orthogonal");
  expect(() => checkInitializer("he_unifrom", "dense", "kernelInitializer")).toThrow(/Did you mean HeUniform\?/);
  expect(() => checkInitializer({ className: "Zeros", config: { value: 1 } }, "dense", "k")).toThrow(
    /no option named value/,
  );
  expect(() => checkInitializer(3, "dense", "kernelInitializer")).toThrow(/must be an initializer/);
});

test("Keras's serialized form is told apart from the spelling that layers take", () => {
  expect(() => checkInitializer({ class_name: "Zeros", config: {} }, "dense", "kernelInitializer")).toThrow(
    'dense: kernelInitializer must have this library\'s spelling. Received: kernelInitializer = { class_name: "Zeros" }. Write { className: "Zeros", config: { ... } }, with options in camelCase.',
  );
  expect(() => checkInitializer({ name: "Zeros" }, "dense", "kernelInitializer")).toThrow(
    "Received: kernelInitializer = { name }.",
  );
  expect(() => checkRegularizer({ class_name: "L2" }, "dense", "kernelRegularizer")).toThrow(
    'Write { className: "L2", config: { ... } }',
  );
});

test("what needs a matrix refuses a vector by its name, as Keras does", () => {
  for (const name of ["orthogonal", "identity"]) {
    const dense = layers.dense({ units: 2, name: "out", biasInitializer: name });
    dense.build([null, 3]);
    expect(() => dense.getWeights()).toThrow(
      /^out\/bias: the initializer (Orthogonal|Identity) fills arrays of .*2 axes\. Received: shape = \[2\]\./,
    );
  }
  const convolution = layers.conv1d({ filters: 2, kernelSize: 2, kernelInitializer: "identity" });
  convolution.build([null, 4, 2]);
  expect(() => convolution.getWeights()).toThrow("Identity fills arrays of 2 axes. Received: shape = [2, 2, 2].");
});
