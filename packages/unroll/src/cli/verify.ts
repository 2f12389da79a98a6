/** `unroll verify FILE`: the engine beside the by-hand evaluation. */
import { verifyModel } from "../explain/index.ts";
import type { Command } from "./command.ts";
import { dataFor } from "./data-for.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, printJson } from "./print.ts";
import { inputFlag } from "./read-data.ts";

export const verify: Command = {
  name: "verify",
  doc: "compare the engine with the by-hand evaluation",
  positionals: ["FILE"],
  flags: {
    input: inputFlag,
    tolerance: { kind: "number", value: "T", doc: "largest difference; by default 1e-5" },
    ...modelFlags,
  },
  examples: ["unroll verify model.keras", "unroll verify model.keras --input x.npy --tolerance 1e-6"],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const one = await readOneModel(fileOf(invocation), flags, terminal);
    const { inputs, keras } = await dataFor(one, flags, terminal, fileOf(invocation));
    const result = verifyModel(one.model, inputs, {
      ...(typeof flags.tolerance === "number" ? { tolerance: flags.tolerance } : {}),
      ...(keras === undefined ? {} : { keras: keras.length === 1 ? keras[0]! : keras }),
    });
    if (flags.json === true) printJson(terminal, result);
    else terminal.out(result.toText({ width: terminal.columns }));
    return result.passed ? 0 : 1;
  },
};
