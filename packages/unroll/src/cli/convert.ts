/** `unroll convert IN OUT`: a model in another format, chosen by the name of OUT or by --as. */
import { basename, dirname, join } from "node:path";
import { UnrollError } from "../core/errors.ts";
import type { FileReport } from "../formats/container.ts";
import { writeFiles } from "../formats/files.ts";
import {
  contentsOf,
  holdsWeights,
  modelToFiles,
  paramsIn,
  type TargetFormat,
  targetFormats,
  targetOfPath,
} from "../formats/write-files.ts";
import type { Model } from "../model/model.ts";
import { isCompiled } from "../training/compile.ts";
import type { Command } from "./command.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { printJson } from "./print.ts";
import { checkTarget } from "./targets.ts";

/** Formats that have a place for what a model is trained with. */
const trainable: ReadonlySet<TargetFormat> = new Set(["keras", "h5", "weights.h5"]);

export const convert: Command = {
  name: "convert",
  doc: "write a model in another format",
  positionals: ["IN", "OUT"],
  flags: {
    as: {
      kind: "string",
      value: "FORMAT",
      choices: targetFormats,
      doc: "the format, where OUT's name does not say it",
    },
    timesteps: { kind: "whole", value: "N", doc: "a length that the model leaves open" },
    force: { kind: "boolean", doc: "replace OUT where it is there already" },
    ...modelFlags,
  },
  examples: [
    "unroll convert model.h5 model.keras",
    "unroll convert notebook.ipynb model.py",
    "unroll convert model.keras web/model.json      TensorFlow.js, with shards",
    "unroll convert model.json model.keras --weights weights.npz",
    "unroll convert model.keras model.onnx          written only, never read",
    "unroll convert model.keras model.ts            its code; written only",
    "unroll convert model.keras model.numpy.py      a loop; written only",
    "unroll convert model.keras loop.ts --as plain  the same in TypeScript",
  ],
  async run({ positionals, flags, terminal }) {
    const [from, to] = positionals as readonly [string, string]; // counted before
    const format = (flags.as as TargetFormat | undefined) ?? targetOfPath(to); // one of the choices
    const sources = [from, flags.weights];
    await checkTarget(to, { sources, replace: flags.force === true });
    const { model, hasWeights, report } = await readOneModel(from, flags, terminal);
    const timesteps = typeof flags.timesteps === "number" ? { timesteps: flags.timesteps } : {};
    if (flags.timesteps !== undefined) checkTimesteps(model, format);
    const named = modelToFiles(model, format, basename(to), timesteps);
    const files = new Map([...named].map(([name, bytes]) => [join(dirname(to), name), bytes]));
    for (const path of files.keys()) await checkTarget(path, { sources, replace: flags.force === true });
    if (!hasWeights && holdsWeights(format)) {
      terminal.note("The file has no weights: freshly drawn ones are written.\n");
    }
    for (const line of leftOut(report, isCompiled(model) && !trainable.has(format))) {
      terminal.note(`Left out: ${line}\n`);
    }
    const params = paramsIn(format, model);
    if (params !== model.countParams()) {
      terminal.note("The two biases of an LSTM are written as their sum: Keras's LSTM has one.\n");
    }
    await writeFiles(files);
    const written = [...files.keys()];
    if (flags.json === true) {
      printJson(terminal, { written: to, files: written, format, params, ignored: report.ignored });
    } else {
      const beside = written.length === 1 ? "" : ` with ${written.slice(0, -1).join(", ")}`;
      const holds = `${contentsOf(format)} of ${model.name}, ${params.toLocaleString("en-US")} parameters`;
      terminal.out(`Wrote ${to}${beside} (${format}): ${holds}.\n`);
    }
    return 0;
  },
};

/** Formats that hold a forward pass of fixed sizes. */
const sized: ReadonlySet<TargetFormat> = new Set(["onnx", "numpy", "plain"]);

/** A length that changes nothing is told. Throws UnrollError `usage`. */
function checkTimesteps(model: Model, format: TargetFormat): void {
  const isOpen = !model.hasGraph || model.inputs.some(({ shape }) => shape.slice(1).includes(null));
  if (isOpen && sized.has(format)) return;
  const reason = isOpen ? `${format} keeps it open` : "the model has lengths of its own";
  throw new UnrollError({
    code: "usage",
    path: "unroll convert",
    expected: `--timesteps has no use here: ${reason}`,
    hint: "Leave it out.",
  });
}

function leftOut({ ignored }: FileReport, losesTraining: boolean): readonly string[] {
  return losesTraining
    ? [...ignored, "compile settings and the optimizer's state, which the format has no place for"]
    : ignored;
}
