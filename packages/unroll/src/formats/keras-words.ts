/**
 * What the library says of options, `resetAfter: false` and `option kernelSize`, in the spelling of Keras's code: for readers
 * whose model comes from Python. Texts are in explain/; only names of options change here.
 */
import type { Derivation, ShapeDerivation } from "../equations/derive.ts";
import { Explanation, type LayerExplanation } from "../explain/explanation.ts";
import { snakeCase } from "../layers/naming.ts";

/** `resetAfter: false` → `reset_after=False`, `option kernelSize` → `option kernel_size`. */
export function inKerasWords(text: string): string {
  return text
    .replaceAll(
      /\b([a-z]+(?:[A-Z][a-z]+)+): (true|false)\b/g,
      (_, option: string, value: string) => `${snakeCase(option)}=${value === "true" ? "True" : "False"}`,
    )
    .replaceAll(/\boption [a-z]\w*(?:, or [a-z]\w*)?/g, (names) => names.replaceAll(/\w+/g, snakeCase));
}

/** The same explanation with options as Keras's code writes them. */
export function explanationInKerasWords({ name, layers, total, nonTrainable }: Explanation): Explanation {
  return new Explanation({ name, layers: layers.map(layerInKerasWords), total: inWords(total), nonTrainable });
}

/** The same of a single derivation. */
export function derivationInKerasWords(derivation: Derivation | ShapeDerivation): Derivation | ShapeDerivation {
  return "axes" in derivation ? shapeInWords(derivation) : inWords(derivation);
}

function layerInKerasWords(layer: LayerExplanation): LayerExplanation {
  return {
    ...layer,
    count: inWords(layer.count),
    outputs: layer.outputs.map(shapeInWords),
    remarks: layer.remarks.map(inKerasWords),
    inside: layer.inside.map(layerInKerasWords),
  };
}

function shapeInWords(derivation: ShapeDerivation): ShapeDerivation {
  return { ...derivation, axes: derivation.axes.map(inWords) };
}

function inWords(derivation: Derivation): Derivation {
  return {
    ...derivation,
    letters: derivation.letters.map((letter) => ({ ...letter, from: inKerasWords(letter.from) })),
    parts: derivation.parts.map(inWords),
  };
}
