/** `unroll trace FILE --input X`: every gate of every timestep of one example, by hand. */
import { traceModel } from "../explain/index.ts";
import type { Command } from "./command.ts";
import { dataFor } from "./data-for.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, printJson } from "./print.ts";
import { inputFlag } from "./read-data.ts";

export const trace: Command = {
  name: "trace",
  doc: "show every gate of every timestep of one example",
  positionals: ["FILE"],
  flags: {
    input: inputFlag,
    sample: { kind: "whole", least: 0, value: "N", doc: "which example, from 0" },
    layer: { kind: "string", value: "N", doc: "one layer: its name, or its place from 0" },
    format: { kind: "string", choices: ["table", "csv", "html"], doc: "by default table" },
    rows: { kind: "whole", choices: ["all"], value: "N", doc: "rows of each table; by default 60" },
    ...modelFlags,
  },
  examples: [
    "unroll trace model.keras --input x.npy",
    "unroll trace model.keras --input x.csv --layer gru --format csv",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const one = await readOneModel(fileOf(invocation), flags);
    const { inputs } = await dataFor(one, flags, terminal);
    const layer = layerOf(invocation);
    const made = traceModel(one.model, inputs, {
      ...(typeof flags.sample === "number" ? { sample: flags.sample } : {}),
      ...(layer === undefined ? {} : { layer }),
    });
    if (flags.json === true) printJson(terminal, made);
    else if (flags.format === "csv") terminal.out(made.toCsv());
    else if (flags.format === "html") terminal.out(made.toHtml());
    else {
      const rows = flags.rows === "all" ? Number.POSITIVE_INFINITY : flags.rows;
      terminal.out(made.toTable({ width: terminal.columns, ...(typeof rows === "number" ? { rows } : {}) }));
    }
    return 0;
  },
};
