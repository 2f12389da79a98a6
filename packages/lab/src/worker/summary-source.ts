/**
 * Keras code from the table that `model.summary()` prints. Shapes and counts tell units, features and kernel sizes; what no
 * number tells stays a name in the code, and the page asks for it. Counting itself is the library's business.
 */
import { type ParsedSummary, parseSummaries, type SummaryRow } from "unroll/formats/python/index.ts";
import { UnrollError } from "./library.ts";
import { withTable } from "./printed.ts";

/** Blocks of columns in each array, and rows of the bias. */
const cells: readonly (readonly [name: string, gates: number, biases: number, option: string])[] = [
  ["SimpleRNN", 1, 1, ""],
  ["LSTM", 4, 1, ""],
  ["GRU", 3, 2, ""],
  ["GRU", 3, 1, ", reset_after=False"],
];
/** Without an option that a table would have to tell. */
const plain = ["BatchNormalization", "Flatten", "GlobalAveragePooling1D", "GlobalMaxPooling1D", "LayerNormalization"];
const drops = ["Dropout", "SpatialDropout1D"];
const pools = ["MaxPooling1D", "AveragePooling1D"];

type Sizes = readonly (number | null)[];

/**
 * The code of the first table in a text; undefined where there is none, or where code stands beside it.
 *
 * @throws UnrollError `unsupported` for a row that no layer can be written from
 */
export function codeOfSummary(text: string): string | undefined {
  if (/\bmodel\s*=|\bSequential\(|\.add\(/.test(text)) return undefined;
  const table = parseSummaries(text)[0];
  return table === undefined ? undefined : write(table);
}

function write(table: ParsedSummary): string {
  const { rows, modelName } = table;
  const outer = rows.filter(({ depth }) => depth === 0);
  const first = outer[0]!; // a table has rows
  const given = first.type === "InputLayer" ? sizesOf(first).slice(1) : undefined;
  let before: Sizes | undefined = given;
  let input: Sizes | undefined = given;
  const lines = outer.slice(given === undefined ? 0 : 1).map((row) => {
    const { call, reads } = layerOf(row, before);
    input ??= reads;
    before = sizesOf(row).slice(1);
    return `model.add(${call}name=${JSON.stringify(row.name)}))`;
  });
  const shape = input ?? [null, Number.NaN];
  const code = [
    "from tensorflow.keras.models import Sequential",
    "from tensorflow.keras.layers import *",
    "",
    "# Written from the printed summary: what it does not print has Keras's default.",
    `model = Sequential(name=${JSON.stringify(modelName ?? "model")})`,
    `model.add(Input((${shape.map(python).join(", ")}${shape.length === 1 ? "," : ""})))`,
    ...lines,
  ].join("\n");
  return withTable(code, table);
}

/** The call without its end, and what a first layer must have read for its count; NaN is a size that nothing tells. */
function layerOf(row: SummaryRow, before: Sizes | undefined): { readonly call: string; readonly reads?: Sizes } {
  const { type, params } = row;
  const shape = sizesOf(row).slice(1);
  const width = shape.at(-1) ?? 0;
  const features = before?.at(-1);
  const time = shape.length > 1 ? shape[0]! : null;
  const sequences = shape.length > 1 ? ", return_sequences=True" : "";
  const isBoth = type === "Bidirectional";
  if (isBoth || cells.some(([name]) => name === type)) {
    const units = isBoth ? width / 2 : width;
    for (const [name, gates, biases, option] of isBoth ? [cells[1]!, cells[2]!, cells[3]!, cells[0]!] : cells) {
      if (!isBoth && name !== type) continue;
      const read = (params ?? 0) / (isBoth ? 2 : 1) / gates / units - units - biases;
      if (!Number.isInteger(read) || read < 1 || (typeof features === "number" && features !== read)) continue;
      const call = `${name}(${units}${sequences}${option}`;
      return { call: isBoth ? `Bidirectional(${call}), ` : `${call}, `, reads: [time, read] };
    }
    // No cell of these sizes has that count: it is shown beside the one that it has.
    if (typeof features === "number" && Number.isInteger(units)) {
      return { call: isBoth ? `Bidirectional(LSTM(${units}${sequences})), ` : `${type}(${units}${sequences}, ` };
    }
  } else if (type === "Dense" || type === "TimeDistributed") {
    const read = (params ?? 0) / width - 1;
    const call = type === "Dense" ? `Dense(${width}, ` : `TimeDistributed(Dense(${width})), `;
    if (typeof features === "number") return { call };
    if (Number.isInteger(read) && read > 0) return { call, reads: [...shape.slice(0, -1), read] };
  } else if (type === "Embedding") return { call: `Embedding(${(params ?? 0) / width}, ${width}, `, reads: [time] };
  else if (type === "Conv1D") {
    const taps = (params ?? 0) / width - 1;
    const kernel = typeof features === "number" && taps % features === 0 ? String(taps / features) : "kernel_size";
    const same = before !== undefined && before[0] === time && kernel !== "1" ? ', padding="same"' : "";
    return { call: `Conv1D(${width}, ${kernel}${same}, `, reads: [null, Number.NaN] };
  } else if (pools.includes(type)) {
    const from = before?.[0];
    const size = typeof from === "number" && typeof time === "number" ? Math.floor(from / time) : "pool_size";
    return { call: `${type}(${size}, ` };
  } else if (type === "RepeatVector") return { call: `RepeatVector(${time}, ` };
  else if (drops.includes(type)) return { call: `${type}(0.5, ` };
  else if (plain.includes(type)) return { call: `${type}(` };
  throw new UnrollError({
    code: "unsupported",
    path: `${row.name} (${type})`,
    expected: "the layer must follow from its row of the summary",
    received: `output shape = (${sizesOf(row).map(python).join(", ")}), parameters = ${params}`,
    hint: "Paste the code that builds the model.",
  });
}

/** The sizes of the first output. */
function sizesOf({ outputShape }: SummaryRow): Sizes {
  const shape = outputShape ?? [];
  return Array.isArray(shape[0]) ? (shape[0] as Sizes) : (shape as Sizes); // a list of shapes, or one
}

function python(size: number | null): string {
  return size === null ? "None" : Number.isNaN(size) ? "features" : String(size);
}
