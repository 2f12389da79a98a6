/** The letters in which sizes are written: the library's own, those of papers (N, T, D, M, K), or Keras's words. */
import type { Notation } from "./library.ts";
import type { LetterStyle } from "./protocol.ts";

/** By the letter's meaning, which the library gives. A dense layer's units are outputs, K. */
const styles: Readonly<
  Record<LetterStyle, (letter: { readonly name: string; readonly meaning: string }) => string | undefined>
> = {
  own: () => undefined,
  papers: ({ name, meaning }) =>
    meaning === "units" && name.startsWith("u")
      ? "K"
      : { batch: "N", timesteps: "T", features: "D", units: "M", heads: "H" }[meaning],
  keras: ({ meaning }) =>
    ({
      batch: "batch",
      timesteps: "timesteps",
      features: "features",
      units: "units",
      filters: "filters",
      groups: "groups",
      stride: "strides",
      dilation: "dilation_rate",
      vocabulary: "input_dim",
      heads: "num_heads",
      "window size": "kernel_size",
      "vector size": "output_dim",
      "key features": "key_dim",
      "value features": "value_dim",
      "gates, blocks of every array": "gates",
    })[meaning],
};

let style: LetterStyle = "own";

export function writeLettersAs(next: LetterStyle): void {
  style = next;
}

/** For the library's renderer. */
export const sizes: Notation = { sizes: (letter) => styles[style](letter) };

/** A letter's name as formulas have it. */
export function letterName(letter: { readonly name: string; readonly meaning: string }): string {
  const other = styles[style](letter);
  const mark = /_.*$/.exec(letter.name)?.[0] ?? "";
  return other === undefined ? letter.name : `${other}${mark}`;
}
