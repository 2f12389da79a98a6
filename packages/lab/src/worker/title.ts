/** A model in one line. */
import type { ModelView } from "./model-views.ts";

interface Chained {
  readonly className: string;
}

/** "LSTM → Dense" */
export function classesOf({ layers }: { readonly layers: readonly Chained[] }): string {
  return chain(layers, ({ className }) => className);
}

/** "LSTM(8) → Dense(1)" */
export function titleOf({ layers }: Pick<ModelView, "layers">): string {
  return chain(layers, ({ className, options }) => {
    const size = options.find(({ name }) => name === "units" || name === "filters")?.value;
    return size === undefined ? className : `${className}(${size})`;
  });
}

/** What a model reads is no part of it. */
function chain<L extends Chained>(layers: readonly L[], say: (layer: L) => string): string {
  return layers
    .filter(({ className }) => className !== "InputLayer")
    .map(say)
    .join(" → ");
}
