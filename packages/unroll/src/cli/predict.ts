/**
 * `unroll predict FILE --input X`: the model's outputs. For a model of `unroll train` a table of new rows is enough: what was
 * saved beside the model says which columns it reads and how they are scaled.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { type Tensor, toNested } from "../core/tensor.ts";
import { type ForecastFacts, readSidecar, sidecarPath } from "../forecast/sidecar.ts";
import { writeFile } from "../formats/files.ts";
import type { Model } from "../model/model.ts";
import type { Command, Invocation } from "./command.ts";
import type { FileModel } from "./file-model.ts";
import { skippedSentence, unreadSentences } from "./missing-text.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { csvJob, predictLargeCsv, readsInPieces } from "./predict-csv.ts";
import type { PieceFindings } from "./predict-row-pieces.ts";
import { fileOf, printJson } from "./print.ts";
import { inputFlag, numberRemarks, readInputs, remarkOn } from "./read-data.ts";
import { checkTarget } from "./targets.ts";

export const predict: Command = {
  name: "predict",
  doc: "run the model on data",
  positionals: ["FILE"],
  flags: {
    input: inputFlag,
    out: { kind: "string", value: "FILE", doc: "write .npy, .csv or .json instead of printing" },
    force: { kind: "boolean", doc: "replace the file of --out where it is there already" },
    lookback: { kind: "whole", value: "N", doc: "CSV to CSV: predict each window of N rows" },
    workers: { kind: "whole", value: "N", least: 0, doc: "CSV to CSV: threads; for large files, one a core" },
    batch: { kind: "whole", value: "N", doc: "examples that run together; by default 32" },
    ...modelFlags,
  },
  examples: [
    "unroll predict model.keras --input x.npy",
    "unroll predict model.keras --input x.csv --out y.csv",
    "unroll predict model.keras --input years.csv --out y.csv --lookback 21",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const file = fileOf(invocation);
    const sources = [file, flags.weights, ...((flags.input ?? []) as readonly string[])]; // a flag that may be repeated
    if (typeof flags.out === "string") await checkTarget(flags.out, { sources, replace: flags.force === true });
    const one = await readOneModel(file, flags, terminal);
    const tables = ((flags.input ?? []) as readonly string[]).filter((path) => /\.csv$/i.test(path));
    const facts = tables.length === 1 ? await readSidecar(file) : undefined;
    if (facts !== undefined) {
      const { checkRowFlags, forecastRows, showRowForecasts } = await import("./predict-rows.ts");
      checkRowFlags(flags, facts, sidecarPath(file));
      if (await readsInPieces(tables[0]!, flags)) {
        return await forecastInPieces({ file, input: tables[0]!, facts, one }, invocation);
      }
      const out = typeof flags.out === "string" ? flags.out : undefined;
      const batchSize = typeof flags.batch === "number" ? flags.batch : undefined;
      const forecasts = await forecastRows(one.model, tables[0]!, facts, batchSize);
      terminal.note(`Columns, scaling and lookback are those of ${sidecarPath(file)}.\n`);
      if (forecasts.beyond !== undefined) {
        const { line, column } = forecasts.beyond;
        terminal.note(`${remarkOn("infinity", "", `on line ${line}, column ${column}, when scaled`)}\n`);
      }
      await showRowForecasts(forecasts, facts, { out, json: flags.json === true, terminal });
      return 0;
    }
    if (!one.hasWeights) terminal.note("The file has no weights: freshly drawn ones are used.\n");
    const job = csvJob(one.model, flags);
    if (job !== undefined)
      return await predictLargeCsv({ ...job, file, model: one.model, hasWeights: one.hasWeights }, invocation);
    const inputs = (await readInputs(flags, one.model)) ?? one.inputs;
    if (inputs === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "unroll predict",
        expected: "needs data",
        hint: "Give --input FILE.",
      });
    }
    for (const remark of numberRemarks(inputs, one.model)) terminal.note(`${remark}\n`);
    const batch = typeof flags.batch === "number" ? { batchSize: flags.batch } : {};
    const result = one.model.predict([...inputs], batch);
    const outputs = Array.isArray(result) ? result : [result];
    const named = outputs.map((output, index) => ({ name: one.model.outputs[index]!.node.layer.name, ...output }));
    if (typeof flags.out === "string") await writeOutputs(flags.out, outputs);
    if (flags.json === true) {
      printJson(terminal, {
        outputs: named.map(({ name, ...output }) => ({ name, shape: output.shape, values: jsonOf(output) })),
      });
    } else if (typeof flags.out !== "string") {
      terminal.out(`${named.map(outputText).join("\n\n")}\n`);
    } else {
      terminal.note(`Wrote ${flags.out}: ${outputs.map(({ shape }) => formatShape(shape)).join(", ")}.\n`);
    }
    return 0;
  },
};

interface PiecewiseForecast {
  readonly file: string;
  readonly input: string;
  readonly facts: ForecastFacts;
  readonly one: FileModel & { readonly model: Model };
}

/** Forecasts of a table that is not read at once. */
async function forecastInPieces({ file, input, facts, one }: PiecewiseForecast, invocation: Invocation): Promise<0> {
  const { terminal, flags } = invocation;
  const { forecastLayout } = await import("./predict-row-pieces.ts");
  const findings: PieceFindings = { skipped: 0, missing: [], unread: [] };
  const layout = forecastLayout(one.model, input, facts, findings);
  terminal.note(`Columns, scaling and lookback are those of ${sidecarPath(file)}.\n`);
  const { model, hasWeights } = one;
  const output = String(flags.out); // readsInPieces has seen it
  await predictLargeCsv({ input, output, lookback: undefined, layout, file, model, hasWeights }, invocation);
  const { skipped, missing, unread, beyond } = findings;
  for (const remark of unreadSentences(unread)) terminal.note(`${remark}\n`);
  if (skipped > 0) terminal.note(`${skippedSentence(skipped, missing)}\n`);
  if (beyond !== undefined) {
    terminal.note(`${remarkOn("infinity", "", `on line ${beyond.line}, column ${beyond.column}, when scaled`)}\n`);
  }
  return 0;
}

/** One line an example; further axes follow each other. */
function outputText({ name, shape, data }: Tensor & { readonly name: string }): string {
  const width = Math.max(1, sizeOf(shape.slice(1)));
  const lines = Array.from({ length: shape[0] ?? 0 }, (_, example) => {
    const values = Array.from(data.subarray(example * width, (example + 1) * width), (value) =>
      Number(value.toPrecision(8)),
    );
    return `${String(example).padStart(5)}  ${values.join("  ")}`;
  });
  return [`${name} ${formatShape(shape)}`, ...lines].join("\n");
}

/** JSON has no NaN and no infinities: they become text. */
function jsonOf(output: Tensor): unknown {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    return Number.isFinite(value) ? value : String(value);
  };
  return plain(toNested(output));
}

async function writeOutputs(path: string, outputs: readonly Tensor[]): Promise<void> {
  const [only, ...others] = outputs;
  if (only === undefined || (others.length > 0 && !path.endsWith(".json"))) {
    throw new UnrollError({
      code: "usage",
      path: "--out",
      expected: "several outputs go into one .json",
      received: path,
    });
  }
  if (path.endsWith(".npy")) {
    const { writeNpy } = await import("../formats/npy.ts");
    await writeFile(path, writeNpy({ shape: only.shape, data: only.data }));
  } else if (path.endsWith(".csv")) {
    const width = Math.max(1, sizeOf(only.shape.slice(1)));
    const head = Array.from({ length: width }, (_, index) => `output_${index}`).join(",");
    const rows = Array.from({ length: only.shape[0]! }, (_, row) =>
      only.data.subarray(row * width, (row + 1) * width).join(","),
    );
    await writeFile(path, encode(`${[head, ...rows].join("\n")}\n`));
  } else if (path.endsWith(".json")) {
    const values = outputs.map(jsonOf);
    await writeFile(path, encode(`${JSON.stringify(values.length === 1 ? values[0] : values)}\n`));
  } else {
    throw new UnrollError({
      code: "usage",
      path: "--out",
      expected: "the file must end in .npy, .csv or .json",
      received: path,
    });
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
