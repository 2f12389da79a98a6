/** Reads `--input`: .npy, .npz, .csv or .json into the tensors that a model takes; or makes seeded random data. */
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { type NestedArray, type Tensor, tensor } from "../core/tensor.ts";
import { checkNumberCells } from "../data/number-cells.ts";
import { inFile } from "../formats/failure.ts";
import { toFloat32 } from "../formats/numbers.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { SymbolicTensor } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import type { Flag, FlagValues } from "./command.ts";

export const inputFlag: Flag = {
  kind: "string",
  value: "FILE",
  many: true,
  doc: "data: .npy .npz .csv .json, one for each input",
};

/**
 * The data of the `--input` flags, one tensor for each input; undefined when there are no flags.
 *
 * @throws UnrollError `usage`, `file`, `format`, `data`
 */
export async function readInputs(flags: FlagValues, model: Model): Promise<Tensor[] | undefined> {
  const paths = (flags.input ?? []) as readonly string[]; // a flag that may be repeated
  if (paths.length === 0) return undefined;
  const inputs = model.hasGraph ? model.inputs : undefined;
  const tensors: Tensor[] = [];
  for (const path of paths) tensors.push(...(await readTensors(path, inputs?.slice(tensors.length))));
  if (inputs === undefined || tensors.length === inputs.length) return tensors;
  throw new UnrollError({
    code: "usage",
    path: "--input",
    expected: `the model has ${inputs.length} ${inputs.length === 1 ? "input" : "inputs"}: ${inputs.map(({ node, shape }) => `${node.layer.name} ${formatShape(shape)}`).join(", ")}`,
    received: `${tensors.length} arrays`,
    hint: "Repeat --input, one file for each in this order.",
  });
}

/** The targets of `--target`, one tensor for each file or array in it. Throws UnrollError `file`, `format`, `data`. */
export async function readTargets(paths: readonly string[]): Promise<Tensor[]> {
  const tensors: Tensor[] = [];
  for (const path of paths) tensors.push(...(await readTensors(path, undefined)));
  return tensors;
}

async function readTensors(path: string, inputs: readonly SymbolicTensor[] | undefined): Promise<Tensor[]> {
  const bytes = await readFileBytes(path);
  const ending = /\.[a-z]+$/i.exec(path)?.[0].toLowerCase();
  switch (ending) {
    case ".npy": {
      const { readNpy } = await import("../formats/npy.ts");
      const { shape, data } = readNpy(bytes, path);
      return [{ shape, data: toFloat32(data) }];
    }
    case ".npz": {
      const { readNpz } = await import("../formats/npy.ts");
      const arrays = readNpz(bytes, path);
      const names = inputs?.map(({ node }) => node.layer.name) ?? [];
      const ordered = names.every((name) => arrays.some((one) => one.path === name))
        ? names.map((name) => arrays.find((one) => one.path === name)!)
        : arrays;
      return ordered.map((one) => ({ shape: one.shape, data: toFloat32(one.read()) }));
    }
    case ".csv":
      return [await readCsvTensor(bytes, path, inputs?.[0]?.shape)];
    case ".json":
      return readJsonTensors(bytes, path, inputs);
    default:
      throw new UnrollError({
        code: "format",
        path,
        expected: "data must be .npy, .npz, .csv or .json",
        received: `name = ${path}`,
      });
  }
}

/** Rows of a table as examples, or as the timesteps of one example, whichever the input's shape asks for. */
async function readCsvTensor(bytes: Uint8Array, path: string, shape: Shape | undefined): Promise<Tensor> {
  const { parseCsv, tableToMatrix } = await import("../data/index.ts");
  const table = parseCsv(bytes, { name: path });
  checkNumberCells(table, path);
  const matrix = tableToMatrix(table);
  const data = Float32Array.from(matrix.data);
  const sizes = matrix.shape;
  const [rows, columns] = sizes;
  if (shape === undefined || shape.length <= 2) return { shape: sizes, data };
  const inner = shape.slice(1);
  const known = inner.every((size) => size !== null) ? sizeOf(inner as readonly number[]) : undefined; // no null
  if (known !== undefined && columns === known) {
    return { shape: [rows, ...(inner as readonly number[])], data };
  }
  const [timesteps, features] = inner;
  if (shape.length === 3 && columns === features && (timesteps === null || rows % timesteps! === 0)) {
    const steps = timesteps ?? rows;
    return { shape: [rows / steps, steps, columns], data };
  }
  throw new UnrollError({
    code: "data",
    path,
    expected: `the table must hold ${formatShape(shape)}: one example a row, or one timestep a row`,
    received: `${rows} rows of ${columns} columns`,
  });
}

/**
 * Sentences for each input that has NaN or infinities, to which numbers beyond float32 have become; rows and columns are counted
 * from 0, a column is one feature.
 */
export function numberRemarks(inputs: readonly Tensor[], model: Model): string[] {
  return inputs.flatMap(({ shape, data }, input) => {
    const name = model.hasGraph ? ` ${model.inputs[input]?.node.layer.name ?? ""}` : "";
    const columns = Math.max(1, shape.at(-1) ?? 1);
    return (["NaN", "infinity"] as const).flatMap((what) => {
      const index = what === "NaN" ? data.findIndex(Number.isNaN) : data.findIndex(isInfinite);
      if (index === -1) return [];
      return [remarkOn(what, name, `at row ${Math.floor(index / columns)}, column ${index % columns} (from 0)`)];
    });
  });
}

/** `The input x has NaN, first on line 3, column b.` */
export function remarkOn(what: "NaN" | "infinity", name: string, place: string): string {
  const words = what === "NaN" ? "NaN" : "numbers that float32 holds as infinite (beyond 3.4e38)";
  return `The input${name} has ${words}, first ${place}.`;
}

function isInfinite(value: number): boolean {
  return Math.abs(value) === Number.POSITIVE_INFINITY;
}

function readJsonTensors(bytes: Uint8Array, path: string, inputs: readonly SymbolicTensor[] | undefined): Tensor[] {
  const json = parseJson(new TextDecoder().decode(bytes), path);
  const names = inputs?.map(({ node }) => node.layer.name) ?? [];
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const byName = json as Readonly<Record<string, unknown>>;
    if (names.length > 0 && names.every((name) => byName[name] !== undefined)) {
      return names.map((name) => toTensor(byName[name], `${path}: ${name}`));
    }
  }
  return [toTensor(json, path)];
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ").slice(0, 160) : String(cause);
    const line = text.trimEnd().split("\n").length;
    throw new UnrollError(
      {
        code: "format",
        path,
        expected: "the file must be JSON",
        received: /end of JSON/.test(reason) ? `${reason}, in line ${line}` : reason,
        ...(/\b(NaN|Infinity)\b/.test(text) ? { hint: "JSON has no NaN and no Infinity: use .npy or .csv." } : {}),
      },
      { cause },
    );
  }
}

/** Nested arrays, or `{ shape, data }`. Throws UnrollError `data` with the place of what is no number. */
function toTensor(value: unknown, path: string): Tensor {
  try {
    if (Array.isArray(value)) return tensor(value as NestedArray); // `tensor` checks the nesting
    if (isRecord(value) && Array.isArray(value.shape) && Array.isArray(value.data)) {
      return tensor(value.data as NestedArray, value.shape as number[]); // and here the sizes too
    }
  } catch (error) {
    throw error instanceof UnrollError ? inFile(path, error) : error;
  }
  throw new UnrollError({
    code: "data",
    path,
    expected: "data must be nested arrays of numbers, or { shape, data } with a list for each",
    received: isRecord(value)
      ? `an object with ${Object.keys(value).join(", ").slice(0, 80) || "nothing"}`
      : String(value),
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sizes for axes that the model leaves open. */
const openSize = 8;
/** More is refused before memory is taken. */
const largestRandom = 2 ** 24;

/** Seeded random data that fits the model: normal numbers, or whole numbers below the vocabulary where they are looked up. */
export function randomInputs(model: Model, examples: number, seed = 0): Tensor[] {
  const random = new Random(seed);
  return model.inputs.map((input) => {
    const shape = input.shape.map((size, axis) => size ?? (axis === 0 ? examples : openSize));
    const count = sizeOf(shape);
    if (count > largestRandom) {
      throw new UnrollError({
        code: "memory",
        path: input.node.layer.name,
        expected: `random data is made up to ${largestRandom.toLocaleString("en-US")} numbers`,
        received: `shape = ${formatShape(shape)}, ${count.toLocaleString("en-US")} numbers`,
        hint: "Give --input FILE. Counts and shapes need no data.",
      });
    }
    const vocabulary = vocabularyOf(input, model);
    if (vocabulary !== undefined) {
      return { shape, data: Int32Array.from({ length: count }, () => random.below(vocabulary)) };
    }
    return { shape, data: Float32Array.from({ length: count }, () => random.normal()) };
  });
}

/** The option inputDim of a layer that reads the input, where one has it. */
function vocabularyOf(input: SymbolicTensor, model: Model): number | undefined {
  const readers = model.graph.calls.filter(({ inputs }) => inputs.includes(input)).map(({ layer }) => layer);
  const sizes = readers.flatMap(({ config }) => (typeof config.inputDim === "number" ? [config.inputDim] : []));
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}
