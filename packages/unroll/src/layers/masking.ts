/** Masking: timesteps whose features all have one value are skipped by the layers that follow, and zeroed here. */
import { one } from "../equations/expr.ts";
import { map, reduce, reshape } from "../program/builder.ts";
import { defineLayer } from "./contract.ts";
import * as fields from "./fields.ts";

export const masking = defineLayer({
  className: "Masking",
  doc: "Marks timesteps whose features all have one value as padding.",
  fields: { maskValue: fields.number("The value that means padding.", 0) },
  inputRank: { min: 2 },
  outputSizes: (_, [input]) => [input!],
  compute({ config, inputs: [x] }) {
    const differs = map([x!], ([value]) => one.minus(value!.equals(config.maskValue)));
    const steps = reduce("max", differs, [x!.shape.length - 1]);
    return {
      outputs: [map([x!, steps], ([value, step]) => value!.times(step!))],
      masks: [reshape(steps, x!.shape.slice(0, -1))],
    };
  },
});
