/**
 * What an error's hint says to somebody who writes a program, in words for somebody at the command line or in the lab. Only
 * sentences that name what these lack are here; the others fit all.
 */
import type { UnrollError } from "../core/errors.ts";
import { copyOf } from "./failure.ts";

/** A sentence about an option, and what to do without it; undefined leaves it out. */
const sentences: readonly (readonly [RegExp, string | undefined])[] = [
  [
    /^If that line is data, pass header: false\.$/,
    "If that line is data, put a line with the columns' names above it.",
  ],
  [/^Pass header: false, and columns with the names\.$/, "Put a line with the columns' names above it."],
  [
    /^Add the name, or pass header: false if the first line is data\.$/,
    "Add the name, or put a line with all names above it if it is data.",
  ],
  [
    /^Pass encoding: "windows-1252" for files of older spreadsheets, or export the data as CSV in UTF-8\.$/,
    "Save it as CSV in UTF-8, as spreadsheets and editors can.",
  ],
  [
    /^Pass encoding: "utf-16le" if it is text, or export the data as CSV in UTF-8\.$/,
    "Save it as CSV in UTF-8, as spreadsheets and editors can.",
  ],
  [/^Pass delimiter if the fields are not parted by /, "If another character parts them, save it with commas."],
  [/^Use a smaller batchSize\.$/, "Use fewer examples at a time."],
  [
    /^Text must become numbers first: Number\(\.\.\.\), or ids from a tokenizer\.$/,
    "Text must become numbers first, such as ids from a tokenizer.",
  ],
  [/^Give the first layer a batchInputShape, begin with an input layer, /, "Begin with an input layer."],
  [/^Write it as layers, or define it with defineLayer\.$/, "Write it as layers."],
  [/^Pass what model\.to_json\(\) gives; for a saved file use loadModel\.$/, "Give what model.to_json() gives."],
  [/^Raise max\w+|readCsvBatches/, undefined],
  [/customTypes|limits\.|defineLayer/, undefined],
];

/** The same error with what can be done without writing a program. */
export function withoutProgramming(error: UnrollError): UnrollError {
  const hint = error.hint
    ?.split(/(?<=\.) (?=[A-Z])/)
    .flatMap((sentence) => {
      const known = sentences.find(([pattern]) => pattern.test(sentence));
      return known === undefined ? [sentence] : (known[1] ?? []);
    })
    .join(" ");
  return hint === error.hint ? error : copyOf(error, { hint: hint === "" ? undefined : hint });
}
