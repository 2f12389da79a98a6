/**
 * Everything that a model can be written as, by the name of a file: the formats of save.ts, and those that take several files
 * (TensorFlow.js with its shards) or are code that predicts by itself (a NumPy loop, a plain TypeScript loop).
 */
import type { Model } from "../model/model.ts";
import { numpyWeights, toNumpy } from "./code-numpy.ts";
import { plainWeights, toPlainTypeScript } from "./code-plain.ts";
import { kerasParams } from "./plain-lstm.ts";
import {
  formatOfPath,
  modelToBytes,
  storableOf,
  type WritableFormat,
  withoutArchitecture,
  withoutWeights,
  writableFormats,
} from "./save.ts";
import { writeOnnx } from "./write-onnx.ts";
import { writeTfjs } from "./write-tfjs.ts";

/** `tfjs`: model.json with shards. `numpy`, `plain`: the forward pass as Python with NumPy, as TypeScript with nothing. */
export type TargetFormat = WritableFormat | "tfjs" | "numpy" | "plain";

export const targetFormats: readonly TargetFormat[] = [...writableFormats, "tfjs", "numpy", "plain"];

export interface TargetOptions {
  /** Stands for a number of timesteps that the model leaves open, where the format needs one (onnx, numpy, plain). */
  readonly timesteps?: number;
}

/** Code with more numbers than this has them in a file beside it. */
const mostInlineNumbers = 2000;

/**
 * The format that a file's name asks for: its ending, `model.json` for TensorFlow.js, `.numpy.py` and `.plain.ts` for loops.
 *
 * @throws UnrollError `format`
 */
export function targetOfPath(path: string): TargetFormat {
  const name = path.split(/[/\\]/).at(-1)!.toLowerCase();
  if (name === "model.json") return "tfjs";
  if (name.endsWith(".numpy.py")) return "numpy";
  if (name.endsWith(".plain.ts")) return "plain";
  return formatOfPath(path);
}

/** What a file of this format holds of the model, in words. */
export function contentsOf(format: TargetFormat): string {
  if (format === "numpy" || format === "plain") return "the forward pass with its weights";
  if (format === "tfjs") return "architecture and weights";
  if (withoutWeights.has(format)) return "the architecture";
  return withoutArchitecture.has(format) ? "the weights" : "architecture and weights";
}

/** Whether the weights go into it. */
export function holdsWeights(format: TargetFormat): boolean {
  return format === "tfjs" || format === "numpy" || format === "plain" || !withoutWeights.has(format);
}

/** What Keras and TensorFlow.js read: their LSTM has one bias. */
const forKeras: ReadonlySet<TargetFormat> = new Set(["keras", "h5", "weights.h5", "json", "py", "tfjs"]);

/** How many parameters the model has as a file of this format holds it. */
export function paramsIn(format: TargetFormat, model: Model): number {
  return forKeras.has(format) ? kerasParams(model) : model.countParams();
}

/**
 * The files by name, the one that was asked for last: parts beside it come first, so that it never names one that is missing.
 *
 * @param name of the file, without a folder
 * @throws UnrollError as the format's writer does: `unsupported` for what it cannot express, `shape` where it needs `timesteps`
 */
export function modelToFiles(
  model: Model,
  format: TargetFormat,
  name: string,
  options: TargetOptions = {},
): ReadonlyMap<string, Uint8Array> {
  switch (format) {
    case "tfjs": {
      const { "model.json": json, ...shards } = writeTfjs(storableOf(model));
      return new Map([...Object.entries(shards), [name, json!]]); // writeTfjs always makes it
    }
    case "numpy":
      return codeFiles(model, name, "npz", (weights) => toNumpy(model, { ...options, weights }), numpyWeights);
    case "plain":
      return codeFiles(
        model,
        name,
        "json",
        (weights) => toPlainTypeScript(model, { ...options, weights }),
        plainWeights,
      );
    case "onnx":
      return new Map([[name, writeOnnx(model, options)]]);
    default:
      return new Map([[name, modelToBytes(model, format)]]);
  }
}

function codeFiles(
  model: Model,
  name: string,
  ending: string,
  write: (weights: "inline" | { file: string }) => string,
  writeWeights: (model: Model) => Uint8Array | string,
): ReadonlyMap<string, Uint8Array> {
  const encode = (text: Uint8Array | string) => (typeof text === "string" ? new TextEncoder().encode(text) : text);
  if (model.countParams() <= mostInlineNumbers) return new Map([[name, encode(write("inline"))]]);
  const beside = `${name.replace(/\.\w+$/, "")}.weights.${ending}`;
  return new Map([
    [beside, encode(writeWeights(model))],
    [name, encode(write({ file: beside }))],
  ]);
}
