/** Options that layers with windows or images share, spelled as freely as Keras takes them. What a window is, is in windows.ts. */
import * as fields from "./fields.ts";
import type { DataFormat } from "./windows.ts";

/** Keras puts these words into lower case before it reads them; TensorFlow's code has "SAME" and "VALID". */
/* @__NO_SIDE_EFFECTS__ */
function inAnyCase<C extends string>(field: fields.Field<C, C>): fields.Field<C, C> {
  return {
    ...field,
    check(value, where, option) {
      const lower = typeof value === "string" ? value.toLowerCase() : value;
      // Where no case helps, the error shows what was given.
      return field.check(field.choices!.some((known) => known === lower) ? lower : value, where, option);
    },
  };
}

/** How windows meet the ends: "valid", and what else the layer knows. */
/* @__NO_SIDE_EFFECTS__ */
export function padding<const C extends string>(doc: string, choices: readonly ["valid", ...C[]]) {
  return inAnyCase<"valid" | C>(fields.choice<"valid" | C>(doc, choices, "valid"));
}

/** The same for windows that slide along `rank` axes. */
/* @__NO_SIDE_EFFECTS__ */
export function slidingPadding(rank: number) {
  return padding<"same" | "causal">(
    "valid: whole windows only; same: zeros around; causal: zeros before (one dimension).",
    rank === 1 ? ["valid", "same", "causal"] : ["valid", "same"],
  );
}

const plainFormat = inAnyCase<DataFormat>(
  fields.choice("Which axis holds the channels.", ["channels_last", "channels_first"], "channels_last"),
);

/** Which axis holds the channels; null is Keras's word for the default. */
export const dataFormat: fields.Field<DataFormat, DataFormat | null> = {
  ...plainFormat,
  check: (value, where, option) => plainFormat.check(value ?? "channels_last", where, option),
};
