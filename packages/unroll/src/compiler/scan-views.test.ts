/** Recurrent layers that read a view of another array: the view has other strides, above all for a single example. */
import { input, type Layer, layers, sequential } from "unroll";
import { describe, expect, it } from "vitest";

const fronts = {
  "max pooling": () => layers.maxPooling1d({ poolSize: 2 }),
  reshape: () => layers.reshape({ targetShape: [3, 4] }),
  cropping: () => layers.cropping1d({ cropping: [1, 2] }),
} as const;
type Options = { readonly units: number; readonly goBackwards: boolean };
const makers: Readonly<Record<(typeof cells)[number], (options: Options) => Layer>> = layers;
const cells = ["simpleRNN", "lstm", "gru"] as const;
const cases = Object.keys(fronts).flatMap((front) =>
  cells.flatMap((cell) =>
    [1, 2].flatMap((batch) => [false, true].map((goBackwards) => ({ front, cell, batch, goBackwards }))),
  ),
);

describe("a scan over a view", () => {
  it.each(cases)("of $front by $cell, $batch examples, backwards $goBackwards, is as by hand", (one) => {
    const { front, cell, batch, goBackwards } = one;
    const net = sequential({
      layers: [
        input({ shape: [6, 2] }),
        fronts[front as keyof typeof fronts](),
        makers[cell]({ units: 2, goBackwards }),
      ],
      seed: 4,
    });
    const x = { shape: [batch, 6, 2], data: Float32Array.from({ length: batch * 12 }, (_, i) => Math.sin(i * 1.7)) };
    expect(net.verify(x).toText()).toContain("Every number agrees");
    const y = { shape: [batch, 2], data: new Float32Array(2 * batch).fill(0.5) };
    const by = (device: "wasm" | "reference") => net.gradients(x, y, { loss: "mse", training: false, device });
    const reference = by("reference");
    by("wasm").forEach(({ data }, array) => {
      for (const [at, value] of data.entries()) expect(value).toBeCloseTo(reference[array]!.data[at]!, 5);
    });
  });
});
