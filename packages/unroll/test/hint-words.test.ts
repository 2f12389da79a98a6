/** Hints that name what only programs can do, each thrown by the library itself: a sentence that changes there must change in the table of its words too. */
import { describe, expect, it } from "vitest";
import { tensor } from "../src/core/tensor.ts";
import { parseCsv } from "../src/data/index.ts";
import { defaultLimits } from "../src/formats/failure.ts";
import { withoutProgramming } from "../src/formats/hint-words.ts";
import { parseJson } from "../src/formats/json.ts";
import { layerToConfig } from "../src/formats/keras-config.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { input, Layer, layers, resetNames } from "../src/layers/index.ts";
import { standIn } from "../src/layers/stand-in.ts";
import { type Sequential, sequential } from "../src/model/sequential.ts";
import { errorOf } from "./conformance.ts";

const dense = { class_name: "Dense", config: { units: 1 } };

/** Two examples take more than there can be, one by itself too. */
function long(): Sequential {
  const repeated = layers.repeatVector({ n: 200_000_000 });
  return sequential({ layers: [input({ shape: [8] }), repeated, layers.gru({ units: 8, returnSequences: true })] });
}

/** What the library throws, what its hint says to a program and what to somebody without one. */
const cases: readonly (readonly [what: string, work: () => unknown, ofLibrary: string, said: string | undefined])[] = [
  [
    "a header only",
    () => parseCsv("a,b\n"),
    "If that line is data, pass header: false.",
    "If that line is data, put a line with the columns' names above it.",
  ],
  [
    "numbers in place of a header",
    () => parseCsv("1,2\n3,4\n", { header: true }),
    "Pass header: false, and columns with the names.",
    "Put a line with the columns' names above it.",
  ],
  [
    "a column without a name",
    () => parseCsv("a,,c\n1,2,3\n", { header: true }),
    "Add the name, or pass header: false if the first line is data.",
    "Add the name, or put a line with all names above it if it is data.",
  ],
  [
    "bytes in another encoding",
    () => parseCsv(Uint8Array.of(97, 44, 98, 10, 49, 44, 0xe4, 10), { encoding: "utf-8" }),
    'Pass encoding: "windows-1252" for files of older spreadsheets, or export the data as CSV in UTF-8.',
    "Save it as CSV in UTF-8, as spreadsheets and editors can.",
  ],
  [
    "a zero byte in text",
    () => parseCsv("a,b\n1,\u0000\n"),
    'This looks like a binary file, or text in UTF-16. Pass encoding: "utf-16le" if it is text, or export the data as CSV in UTF-8.',
    "This looks like a binary file, or text in UTF-16. Save it as CSV in UTF-8, as spreadsheets and editors can.",
  ],
  [
    "a row that is too short",
    () => parseCsv("a,b,c\n1,2,3\n1,2\n"),
    'Look for a missing ",", or a line break inside a value that is not quoted. Pass delimiter if the fields are not parted by ",".',
    'Look for a missing ",", or a line break inside a value that is not quoted. If another character parts them, save it with commas.',
  ],
  [
    "too many columns",
    () => parseCsv("a,b,c\n1,2,3\n", { maxColumns: 2 }),
    "Raise maxColumns if that is right.",
    undefined,
  ],
  [
    "too many rows",
    () => parseCsv("a\n1\n2\n3\n", { maxRows: 2 }),
    "Raise maxRows, or read it in pieces with readCsvBatches.",
    undefined,
  ],
  [
    "text among numbers",
    () => tensor([["a"]] as never),
    "Text must become numbers first: Number(...), or ids from a tokenizer.",
    "Text must become numbers first, such as ids from a tokenizer.",
  ],
  [
    "a batch that does not fit",
    () => long().predict(tensor(new Float32Array(16), [2, 8])),
    "Use a smaller batchSize.",
    "Use fewer examples at a time.",
  ],
  [
    "a model without an input shape",
    () => sequential({ layers: [layers.dense({ units: 1 })] }).graph,
    "Give the first layer a batchInputShape, begin with an input layer, call build(inputShape), or predict once.",
    "Begin with an input layer.",
  ],
  [
    "a config that is none",
    () => modelFromConfig("[]"),
    "Pass what model.to_json() gives; for a saved file use loadModel.",
    "Give what model.to_json() gives.",
  ],
  [
    "a class of one's own",
    () => modelFromConfig({ class_name: "Sequential", config: { layers: [dense, { class_name: "Zzz", config: {} }] } }),
    "Define it with defineLayer or defineCell and pass it in customTypes.",
    undefined,
  ],
  [
    "a layer of which only the sizes are known",
    () =>
      layerToConfig(
        new Layer(standIn("Mystery"), { outputShapes: [[null, 4]], params: 8, reason: "its code is not there" }),
      ),
    "Write it as layers, or define it with defineLayer.",
    "Write it as layers.",
  ],
  [
    "a document larger than a limit",
    () => parseJson("[1, 2, 3]", "x.json", { ...defaultLimits, maxJsonBytes: 4 }),
    "Raise limits.maxJsonBytes if you trust this file.",
    undefined,
  ],
];

describe("hints without programming", () => {
  it.each(cases)("%s", (_, work, ofLibrary, said) => {
    resetNames();
    const error = errorOf(work);
    expect(error.hint).toBe(ofLibrary);
    expect(withoutProgramming(error).hint).toBe(said);
  });
});
