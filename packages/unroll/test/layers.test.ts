/** Every layer case of real Keras and of other implementations, on the float64 reference and on the engine. */
import { describe, expect, test } from "vitest";
import {
  type CaseResult,
  type Engine,
  imageLayerCases,
  kerasLayerCases,
  moreKerasLayerCases,
  runLayerCase,
} from "./fixture-layers.ts";
import { goldenLayerCases, runGoldenCase } from "./golden-layers.ts";

const engines: readonly Engine[] = ["reference", "wasm"];

function problems(results: readonly CaseResult[]): string[] {
  return results.filter(({ status }) => status !== "pass").map(({ id, message }) => `${id}: ${message}`);
}

describe.each(engines)("on the %s", (engine) => {
  test("all 622 layer cases give Keras's numbers, masks and statistics", () => {
    const results = kerasLayerCases().map((layerCase) => runLayerCase(layerCase, engine));
    expect(results).toHaveLength(622);
    expect(problems(results)).toEqual([]);
  });

  test("all 181 further cases of masks, states, axes and formats give Keras's numbers", () => {
    const results = moreKerasLayerCases().map((layerCase) => runLayerCase(layerCase, engine));
    expect(results).toHaveLength(181);
    expect(problems(results)).toEqual([]);
  });

  test("all 72 cases of images, volumes and the convolutional LSTM give Keras's numbers", () => {
    const results = imageLayerCases().map((layerCase) => runLayerCase(layerCase, engine));
    expect(results).toHaveLength(72);
    expect(problems(results)).toEqual([]);
  });

  test("all 194 cases of other implementations give their numbers", () => {
    const results = goldenLayerCases().map((golden) => runGoldenCase(golden, engine));
    expect(results).toHaveLength(194);
    expect(problems(results)).toEqual([]);
  });
});

test("the cases notice swapped gates, a dropped bias and a transposed kernel", () => {
  const cases = kerasLayerCases();
  const lstm = cases.find(({ id }) => id === "lstm/flags/bias1_back0_seq1_state1")!;
  const [kernel, recurrent, bias] = lstm.weights[0]!;
  const numbers = [...kernel!.data!];
  const width = kernel!.shape[1]! / 4;
  const swapped = numbers.map((_, index) => {
    const [row, column] = [Math.floor(index / (4 * width)), index % (4 * width)];
    const other = column < width ? column + width : column < 2 * width ? column - width : column;
    return numbers[row * 4 * width + other]!;
  });
  const withWeights = (weights: (typeof lstm.weights)[0]): string =>
    runLayerCase({ ...lstm, weights: [weights] }, "reference").status;
  expect(withWeights([kernel!, recurrent!, bias!])).toBe("pass");
  expect(withWeights([{ ...kernel!, data: swapped }, recurrent!, bias!])).toBe("fail");
  expect(withWeights([kernel!, recurrent!, { ...bias!, data: bias!.data!.map(() => 0) }])).toBe("fail");
  const units = recurrent!.shape[0]!;
  const square = [...recurrent!.data!];
  const turned = square.map((_, index) => square[(index % units) * 4 * units + Math.floor(index / (4 * units))] ?? 0);
  expect(withWeights([kernel!, { ...recurrent!, data: turned }, bias!])).toBe("fail");
});
