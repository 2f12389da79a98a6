/** `unroll solve FILE --input X`: a prediction, a layer or a timestep worked out by hand, as text, document or spreadsheet. */
import { UnrollError } from "../core/errors.ts";
import type { WorkedSolution } from "../explain/worked/solution.ts";
import { solveModel } from "../explain/worked/solve.ts";
import { writeFile } from "../formats/files.ts";
import type { Command } from "./command.ts";
import { dataFor } from "./data-for.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, printJson } from "./print.ts";
import { inputFlag } from "./read-data.ts";
import { checkTarget } from "./targets.ts";

const formats = ["text", "markdown", "latex", "html", "xlsx"] as const;
type Format = (typeof formats)[number];
const endings: Readonly<Record<string, Format>> = {
  txt: "text",
  md: "markdown",
  tex: "latex",
  html: "html",
  xlsx: "xlsx",
};

export const solve: Command = {
  name: "solve",
  doc: "work a prediction or a timestep out by hand",
  positionals: ["FILE"],
  flags: {
    input: inputFlag,
    sample: { kind: "whole", least: 0, value: "N", doc: "which example, from 0" },
    layer: { kind: "string", value: "N", doc: "one layer: its name, or its place from 0" },
    timestep: { kind: "whole", least: 0, value: "T", doc: "one timestep of that layer, from 0" },
    format: { kind: "string", choices: formats, doc: "by default by --out's ending" },
    digits: { kind: "whole", most: 6, value: "N", doc: "digits shown of each number; by default 5" },
    out: { kind: "string", value: "FILE", doc: "write .txt .md .tex .html .xlsx" },
    force: { kind: "boolean", doc: "replace --out's file where it is there" },
    ...modelFlags,
  },
  examples: [
    "unroll solve model.keras --input x.npy --out solution.xlsx",
    "unroll solve model.keras --input x.csv --layer gru --timestep 2",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const file = fileOf(invocation);
    const out = typeof flags.out === "string" ? flags.out : undefined;
    const format = formatOf(flags.format, out);
    const sources = [file, flags.weights, ...((flags.input ?? []) as readonly string[])]; // a flag that may be repeated
    if (out !== undefined) await checkTarget(out, { sources, replace: flags.force === true });
    const one = await readOneModel(file, flags, terminal);
    const { inputs } = await dataFor(one, flags, terminal, file);
    const solution = solveModel(one.model, [...inputs], {
      sample: typeof flags.sample === "number" ? flags.sample : undefined,
      layer: layerOf(invocation),
      timestep: typeof flags.timestep === "number" ? flags.timestep : undefined,
    });
    const digits = typeof flags.digits === "number" ? { digits: flags.digits } : {};
    if (out !== undefined) {
      const content = await contentOf(solution, format, { ...digits, width: 100 });
      await writeFile(out, typeof content === "string" ? new TextEncoder().encode(content) : content);
      terminal.note(`Wrote ${out}.\n`);
    }
    if (flags.json === true) printJson(terminal, solution);
    else if (out === undefined) terminal.out(textOf(solution, format, { ...digits, width: terminal.columns }));
    return 0;
  },
};

/** As asked for, else by the ending of the file that is written. */
function formatOf(asked: unknown, out: string | undefined): Format {
  const ending = /\.([a-z]+)$/i.exec(out ?? "")?.[1]?.toLowerCase() ?? "";
  const format = (asked as Format | undefined) ?? endings[ending] ?? (out === undefined ? "text" : undefined); // one of the choices
  if (format === "xlsx" && out === undefined) {
    throw new UnrollError({
      code: "usage",
      path: "unroll solve",
      expected: "a spreadsheet goes into a file",
      hint: "Give --out FILE.xlsx.",
    });
  }
  if (format !== undefined) return format;
  throw new UnrollError({
    code: "usage",
    path: "unroll solve",
    expected: `--out must end in ${Object.keys(endings)
      .map((one) => `.${one}`)
      .join(", ")}`,
    received: String(out),
    hint: "Or say the --format.",
  });
}

interface TextOptions {
  readonly width: number;
  readonly digits?: number;
}

async function contentOf(solution: WorkedSolution, format: Format, options: TextOptions): Promise<string | Uint8Array> {
  return format === "xlsx" ? await solution.toXlsx() : textOf(solution, format, options);
}

function textOf(solution: WorkedSolution, format: Format, options: TextOptions): string {
  switch (format) {
    case "markdown":
      return solution.toMarkdown(options);
    case "latex":
      return solution.toLatex(options);
    case "html":
      return solution.toHtml(options);
    default:
      return solution.toText(options);
  }
}
