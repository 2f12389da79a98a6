/** ActivityRegularization: a layer that passes its input on, with a penalty on it that training adds to the loss. */
import { defineLayer } from "./contract.ts";
import * as fields from "./fields.ts";

export const activityRegularization = defineLayer({
  className: "ActivityRegularization",
  doc: "Passes its input on, with a penalty on it.",
  fields: {
    l1: fields.penalty("Penalty on sizes."),
    l2: fields.penalty("Penalty on squares."),
  },
  passesMask: true,
  outputSizes: (_, [input]) => [input!],
  compute: ({ inputs: [x] }) => ({ outputs: [x!] }),
});
