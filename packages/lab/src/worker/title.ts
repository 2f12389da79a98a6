/** A model in one line. */
import type { ModelView } from "./model-views.ts";

/** "LSTM(8) → Dense(1)" */
export function titleOf({ layers }: ModelView): string {
  return layers
    .filter(({ className }) => className !== "InputLayer")
    .map(({ className, options }) => {
      const size = options.find(({ name }) => name === "units" || name === "filters")?.value;
      return size === undefined ? className : `${className}(${size})`;
    })
    .join(" → ");
}
