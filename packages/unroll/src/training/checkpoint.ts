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
import type { CallbackState } from "./callbacks.ts";
import { type Compiled, trainedVariables } from "./compile.ts";
import type { FitResult } from "./fit-options.ts";
import { optimizerConfig } from "./optimizer.ts";

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

export function checkpointBytes(compiled: Compiled, progression: Progression): Uint8Array {
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
  return writeSafetensors(tensors, { format: "unroll-checkpoint", version, run: JSON.stringify(saved) });
}

/**
 * Puts a checkpoint's arrays in place. Gives undefined when there is no such file.
 *
 * @throws UnrollError `file` when it is not a checkpoint, or one of another model, optimizer or data; then nothing has changed.
 */
export async function loadCheckpoint(
  path: string,
  compiled: Compiled,
  data: string,
  callbacks: number,
): Promise<Progression | undefined> {
  await removeUnfinished(path);
  const fs = await import("node:fs");
  if (!fs.existsSync(path)) return undefined;
  return restoreCheckpoint(await readFile(path, defaultLimits), path, compiled, data, callbacks);
}

/** Deletes what a killed process had begun to write beside the checkpoint; its number is in the name. */
async function removeUnfinished(path: string): Promise<void> {
  const fs = await import("node:fs/promises");
  const { basename, dirname, join } = await import("node:path");
  const folder = dirname(path);
  for (const name of await fs.readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".tmp")) continue;
    const owner = Number(name.slice(basename(path).length + 1).split(".")[0]);
    if (Number.isInteger(owner) && !isRunning(owner)) await fs.rm(join(folder, name), { force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM"; // it runs, but for somebody else
  }
}

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
  const saved = JSON.parse(metadata.run) as Saved; // written by checkpointBytes, its arrays are checked below
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
