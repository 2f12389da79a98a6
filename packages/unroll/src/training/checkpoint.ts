/**
 * Checkpoints: everything a run needs to end with the same bits as if it had never been interrupted. One safetensors file
 * holds the arrays, with the rest as JSON in its metadata; it is written whole or not at all.
 */
import { UnrollError } from "../core/errors.ts";
import type { RandomState } from "../core/random.ts";
import type { Variable } from "../core/variable.ts";
import { defaultLimits } from "../formats/failure.ts";
import { readFile, writeFile } from "../formats/files.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { removeUnfinished } from "../formats/unfinished.ts";
import type { CallbackState } from "./callbacks.ts";
import { type Compiled, trainedVariables } from "./compile.ts";
import type { SourcePlace } from "./fit-data.ts";
import type { FitResult } from "./fit-options.ts";
import { optimizerConfig } from "./optimizer.ts";

/** Where and how often `fit` saves what a run needs to go on. */
export interface CheckpointOptions {
  /** The file; it is replaced each time. */
  readonly path: string;
  /** Save after every so many batches of the whole run. */
  readonly everyBatches?: number;
  /** Save after every so many epochs; 1 when neither is given. */
  readonly everyEpochs?: number;
}

/** Where a run is, beside its arrays. */
export interface Progression {
  /** The data in words: another run's checkpoint is refused. */
  readonly data: string;
  /** Of an iterable; undefined where the epoch begins it anew. */
  readonly place: SourcePlace | undefined;
  readonly epoch: number;
  readonly batch: number;
  readonly random: RandomState;
  readonly order: RandomState;
  readonly totals: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly epochs: readonly number[];
  readonly finished: boolean;
  readonly stopped: FitResult["stopped"];
  readonly callbacks: readonly CallbackState[];
}

interface Saved extends Progression {
  readonly optimizer: unknown;
  readonly iterations: number;
  readonly carried: number;
  readonly learningRate: number | null;
}

const version = "1";

/** The arrays of a run by name: weights, the optimizer's slots, states of stateful layers. */
function arraysOf({ model, optimizer }: Compiled): Map<string, Variable> {
  const arrays = new Map<string, Variable>();
  for (const [index, variable] of model.variables.entries()) arrays.set(`weight.${index}.${variable.name}`, variable);
  for (const [index, slot] of optimizer.slots(trainedVariables(model)).entries())
    arrays.set(`slot.${index}.${slot.name}`, slot);
  for (const [index, state] of model.layers.flatMap((layer) => layer.states).entries())
    arrays.set(`state.${index}`, state);
  return arrays;
}

/** @throws UnrollError `file` */
export async function saveCheckpoint(path: string, compiled: Compiled, progression: Progression): Promise<void> {
  await writeFile(path, checkpointBytes(compiled, progression));
}

function checkpointBytes(compiled: Compiled, progression: Progression): Uint8Array {
  const { optimizer } = compiled;
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, { shape, data }] of arraysOf(compiled)) tensors[name] = { shape, data };
  const callbacks = progression.callbacks.map((state) => withoutArrays(state, tensors));
  const saved: Saved = {
    ...progression,
    callbacks,
    optimizer: optimizerConfig(optimizer.optimizer),
    iterations: optimizer.iterations,
    carried: optimizer.carried,
    learningRate: optimizer.hasSchedule ? null : optimizer.learningRate,
  };
  return writeSafetensors(tensors, { format: "unroll-checkpoint", version, run: JSON.stringify(saved, plainNumber) });
}

/** JSON would write null for a metric that is not a number, and that null would be added up as 0. */
function plainNumber(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value;
}

function anyNumber(_: string, value: unknown): unknown {
  const isMarked = typeof value === "object" && value !== null && "$number" in value;
  return isMarked ? Number(value.$number) : value;
}

/**
 * A checkpoint's bytes, or undefined where there is no such file. What killed runs left half written beside it is deleted.
 *
 * @throws UnrollError `file`
 */
export async function readCheckpoint(path: string): Promise<Uint8Array | undefined> {
  await removeUnfinished(path);
  const fs = await import("node:fs");
  return fs.existsSync(path) ? await readFile(path, defaultLimits) : undefined;
}

/**
 * Puts a checkpoint's arrays in place, and gives the rest.
 *
 * @throws UnrollError `file` when it is not a checkpoint, or one of another model, optimizer or data; then nothing has changed.
 */
export function restoreCheckpoint(
  bytes: Uint8Array,
  path: string,
  compiled: Compiled,
  data: string,
  callbacks: number,
): Progression {
  const { weights, metadata } = readSafetensors(bytes, path);
  const tensors = new Map(weights.map((weight) => [weight.path, weight]));
  if (metadata.format !== "unroll-checkpoint" || metadata.version !== version || metadata.run === undefined) {
    throw refusal(path, "the file must be a checkpoint of this version", `format = ${metadata.format ?? "unknown"}`);
  }
  const saved = savedIn(metadata.run, path);
  const { optimizer } = compiled;
  const expected = JSON.stringify(optimizerConfig(optimizer.optimizer));
  if (JSON.stringify(saved.optimizer) !== expected) {
    throw refusal(path, "the checkpoint must be of the same optimizer", JSON.stringify(saved.optimizer));
  }
  if (saved.data !== data) throw refusal(path, `the checkpoint must be of the same data, ${data}`, saved.data);
  if (saved.callbacks.length !== callbacks) {
    throw refusal(
      path,
      `the run must have the ${saved.callbacks.length} callbacks that it began with`,
      `${callbacks} callbacks`,
    );
  }
  const arrays = arraysOf(compiled);
  const names = [...tensors.keys()].filter((name) => !name.startsWith("callback."));
  const other =
    [...arrays.keys()].find((name) => String(tensors.get(name)?.shape) !== String(arrays.get(name)!.shape)) ??
    names.find((name) => !arrays.has(name));
  if (other !== undefined) {
    const shape = tensors.get(other)?.shape;
    throw refusal(
      path,
      `the checkpoint must be of the same model: ${other}`,
      `shape = [${shape?.join(", ") ?? "none"}]`,
    );
  }
  const numbersOf = (name: string): Float32Array => Float32Array.from(tensors.get(name)!.read() as Float32Array); // written as float32
  for (const [name, variable] of arrays) variable.assign(numbersOf(name));
  optimizer.iterations = saved.iterations;
  optimizer.carried = saved.carried;
  if (saved.learningRate !== null) optimizer.learningRate = saved.learningRate;
  return { ...saved, callbacks: saved.callbacks.map((state) => withArrays(state, numbersOf)) };
}

/** Throws UnrollError `file`. */
function savedIn(text: string, path: string): Saved {
  let saved: Partial<Saved> | null;
  try {
    saved = JSON.parse(text, anyNumber) as Partial<Saved> | null; // its fields are looked at here, its arrays by the caller
  } catch {
    throw refusal(path, "the file must be a whole checkpoint", "a part that is no JSON");
  }
  const lists = ["callbacks", "totals", "epochs", "random", "order"] as const;
  const counts = ["epoch", "batch", "iterations", "carried"] as const;
  const isPlace = saved?.place === undefined || [saved.place?.began, saved.place?.read].every(Number.isInteger);
  const isWhole =
    isPlace &&
    lists.every((name) => Array.isArray(saved?.[name])) &&
    counts.every((name) => typeof saved?.[name] === "number");
  if (isWhole && typeof saved?.history === "object") return saved as Saved; // as far as a run relies on it
  throw refusal(path, "the file must be a whole checkpoint", "one with parts missing");
}

function refusal(path: string, expected: string, received: string): UnrollError {
  return new UnrollError({
    code: "file",
    path,
    expected,
    received,
    hint: "Resume with the same code, or delete the file to begin again.",
  });
}

/** Arrays of numbers go among the tensors, their names stay in the state. */
function withoutArrays(
  state: CallbackState,
  tensors: Record<string, { shape: readonly number[]; data: Float32Array }>,
): CallbackState {
  if (state instanceof Float32Array) {
    const name = `callback.${Object.keys(tensors).length}`;
    tensors[name] = { shape: [state.length], data: state };
    return { $array: name };
  }
  if (Array.isArray(state)) return state.map((one: CallbackState) => withoutArrays(one, tensors));
  if (typeof state !== "object" || state === null) return state;
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, withoutArrays(value, tensors)]));
}

function withArrays(state: CallbackState, numbersOf: (name: string) => Float32Array): CallbackState {
  if (Array.isArray(state)) return state.map((one: CallbackState) => withArrays(one, numbersOf));
  if (typeof state !== "object" || state === null || state instanceof Float32Array) return state;
  const record = state as { readonly [name: string]: CallbackState }; // neither an array nor a number
  if (typeof record.$array === "string") return numbersOf(record.$array);
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, withArrays(value, numbersOf)]));
}
