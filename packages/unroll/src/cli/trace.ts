/**
 * `unroll trace FILE --input X`: every gate of every timestep of one example, by hand. With `--target Y` the way back: what each
 * timestep gives to each gate's and each weight's gradient.
 */
import { UnrollError } from "../core/errors.ts";
import { traceModel } from "../explain/index.ts";
import { isCompiled } from "../training/compile.ts";
import { traceGradients } from "../training/trace-gradients.ts";
import type { Command, FlagValues } from "./command.ts";
import { dataFor } from "./data-for.ts";
import { refuseIdle } from "./idle-flags.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, printJson } from "./print.ts";
import { inputFlag, readTargets } from "./read-data.ts";

export const trace: Command = {
  name: "trace",
  doc: "show every gate of every timestep of one example",
  positionals: ["FILE"],
  flags: {
    input: inputFlag,
    sample: { kind: "whole", least: 0, value: "N", doc: "which example, from 0" },
    layer: { kind: "string", value: "N", doc: "one layer: its name, or its place from 0" },
    format: { kind: "string", choices: ["table", "csv", "html"], doc: "by default table" },
    target: { kind: "string", value: "FILE", many: true, doc: "the way back: gradients of the loss at these targets" },
    loss: { kind: "string", value: "NAME", doc: "with --target; by default mse" },
    rows: { kind: "whole", choices: ["all"], value: "N", doc: "rows of each table; by default 60" },
    ...modelFlags,
  },
  examples: [
    "unroll trace model.keras --input x.npy",
    "unroll trace model.keras --input x.csv --layer gru --format csv",
    "unroll trace model.keras --input x.npy --target y.npy",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    if (flags.target === undefined) refuseIdle("trace", flags, ["loss"], "--target, the way back");
    const one = await readOneModel(fileOf(invocation), flags, terminal);
    const { inputs } = await dataFor(one, flags, terminal, fileOf(invocation));
    const targets = await readTargets((flags.target ?? []) as readonly string[]); // a flag that may be repeated
    if (targets.length > 0) {
      checkBackwards(flags);
      const loss = typeof flags.loss === "string" ? { loss: flags.loss } : isCompiled(one.model) ? {} : { loss: "mse" };
      const back = traceGradients(one.model, [...inputs], targets.length === 1 ? targets[0]! : targets, loss);
      if (flags.json === true) printJson(terminal, back);
      else terminal.out(`${back.toText()}\n`);
      return 0;
    }
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

/** The way back is told for all examples and layers at once, as text or JSON. */
function checkBackwards(flags: FlagValues): void {
  const unused = ["sample", "layer", "format", "rows"].find((name) => flags[name] !== undefined);
  if (unused === undefined) return;
  throw new UnrollError({
    code: "usage",
    path: "unroll trace",
    expected: `--${unused} does not go with --target: the way back shows all examples and layers`,
    received: `--${unused} ${flags[unused]}`,
    hint: "Leave it out, or take --json.",
  });
}
