import { describe, expect, it } from "vitest";
import type { LayerCheck } from "./verification.ts";
import { verificationToText } from "./verification-text.ts";

const check = (layer: string, className: string): LayerCheck => ({
  layer,
  className,
  compared: 40,
  largest: { layer, sample: 1, timestep: 25, unit: 19, symbol: "output", expected: 1, engine: 1, difference: 2.4e-7 },
});

const facts = (layers: readonly LayerCheck[]) => ({
  name: "net",
  samples: 2,
  tolerance: 1e-5,
  device: { name: "wasm" } as const,
  layers,
  predictions: [],
  remarks: [],
  first: undefined,
  unverifiable: undefined,
  keras: undefined,
  passed: true,
});

const rowsOf = (layers: readonly LayerCheck[], width: number): string[] =>
  verificationToText(facts(layers) as unknown as Parameters<typeof verificationToText>[0], { width }) // what the text reads
    .split("\n")
    .filter((line) => line.includes("2.4e-7"));

describe("the table of a verification", () => {
  it("has one line a layer: classes go where they find no room, names only are cut after that", () => {
    const list = [check("bidirectional_12", "Bidirectional"), check("conv1d", "Conv1D")];
    expect(rowsOf(list, 100)).toEqual([
      "bidirectional_12 (Bidirectional)          40  2.4e-7  output[19], t 25, example 1",
      "conv1d (Conv1D)                           40  2.4e-7  output[19], t 25, example 1",
    ]);
    expect(rowsOf(list, 80)).toEqual([
      "bidirectional_12          40  2.4e-7  output[19], t 25, example 1",
      "conv1d                    40  2.4e-7  output[19], t 25, example 1",
    ]);
    expect(rowsOf([check("a_layer_with_a_name_of_many_words", "GRU")], 80)).toEqual([
      "a_layer_with_a_name_of_many_wo…          40  2.4e-7  output[19], t 25, example 1",
    ]);
  });
});
