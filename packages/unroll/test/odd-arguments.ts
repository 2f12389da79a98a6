/**
 * Odd arguments as Keras met them (fixtures/keras/odd-arguments.json.gz), given to Unroll: who takes what, and with which numbers.
 * What may differ, and why, is in keras-differences.ts.
 */
import { UnrollError } from "../src/core/errors.ts";
import type { Tensor } from "../src/core/tensor.ts";
import { input, type Layer, layers } from "../src/layers/index.ts";
import type { ModelData } from "../src/model/data.ts";
import type { Model } from "../src/model/model.ts";
import { sequential } from "../src/model/sequential.ts";
import { compileModel } from "../src/training/compile.ts";
import { evaluate } from "../src/training/evaluate.ts";
import { fit } from "../src/training/fit.ts";
import { readFixture } from "./fixture-files.ts";

/** JSON with `{ float: "nan" }` for what it cannot say. */
type Plain = unknown;

export interface LayerCase {
  readonly layer: string;
  /** In Keras's spelling. */
  readonly args: Readonly<Record<string, Plain>>;
  /** A shape, or "ids" for class indices. */
  readonly input: readonly number[] | "ids";
  /** Null where Keras refuses. The first twelve numbers of each output. */
  readonly gives: null | {
    readonly params: number;
    readonly shapes: readonly (readonly number[])[];
    readonly values: readonly (readonly Plain[])[];
  };
}

export interface RunCase {
  readonly method: "fit" | "evaluate" | "predict";
  /** What the model ends in. */
  readonly head: "value" | "sequence" | "classes" | "yes";
  readonly loss: string;
  readonly metrics: readonly string[];
  readonly x: Plain;
  readonly y: Plain;
  readonly options: Readonly<Record<string, Plain>>;
  /** Null where Keras refuses; else the first numbers by name. */
  readonly gives: null | Readonly<Record<string, readonly Plain[]>>;
}

export interface OddArguments {
  readonly keras: string;
  readonly layers: readonly LayerCase[];
  readonly runs: readonly RunCase[];
}

export const oddArguments = (): OddArguments => readFixture<OddArguments>("keras/odd-arguments.json.gz");

/** How Unroll differs: `refuses` what Keras takes, `takes` what Keras refuses, or gives other `numbers`. */
export interface Difference {
  readonly kind: "refuses" | "takes" | "numbers";
  /** What Unroll says or gives. */
  readonly ours: string;
}

/** Undefined where both do the same. An error that is not one for users is thrown on. */
export function layerDifference(one: LayerCase): Difference | undefined {
  const found = attempt(() => runLayer(one));
  return compared(found, one.gives, (ours, keras) => {
    const sameShapes = JSON.stringify(ours.shapes) === JSON.stringify(keras.shapes) && ours.params === keras.params;
    return sameShapes && keras.values.every((values, index) => close(ours.values[index]!, values));
  });
}

export async function runDifference(one: RunCase): Promise<Difference | undefined> {
  const found = await attemptAsync(() => runModel(one));
  return compared(found, one.gives, (ours, keras) => {
    const names = Object.keys(keras);
    const sameNames = String(Object.keys(ours).sort()) === String([...names].sort());
    return sameNames && names.every((name) => close(ours[name]!, keras[name]!));
  });
}

type Attempt<T> = { readonly value: T } | { readonly refused: string };

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { value: run() };
  } catch (error) {
    return refusalOf(error);
  }
}

async function attemptAsync<T>(run: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): { refused: string } {
  if (error instanceof UnrollError) return { refused: error.message };
  throw error;
}

function compared<T, K>(
  found: Attempt<T>,
  keras: K | null,
  agree: (ours: T, keras: K) => boolean,
): Difference | undefined {
  if ("refused" in found) return keras === null ? undefined : { kind: "refuses", ours: found.refused };
  if (keras === null) return { kind: "takes", ours: JSON.stringify(found.value) };
  return agree(found.value, keras) ? undefined : { kind: "numbers", ours: JSON.stringify(found.value) };
}

/** Float32 on both sides, in sums of other orders. */
function close(ours: readonly number[], keras: readonly Plain[]): boolean {
  return keras.every((plain, index) => {
    const [a, b] = [ours[index]!, Number(read(plain))];
    return (
      Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b))
    );
  });
}

function runLayer({ layer: name, args, input: shape }: LayerCase) {
  const options = camelOptions(args);
  const layer =
    name === "Bidirectional"
      ? layers.bidirectional({ mergeMode: options.mergeMode as never, layer: innerOf(options) })
      : factoryOf(name)(options);
  const x: Tensor = shape === "ids" ? { shape: [2, 3], data: Int32Array.of(0, 1, 2, 4, 3, 0) } : waves(shape);
  layer.build(x.shape);
  setKnownWeights(layer);
  const outputs = [layer.apply(x)].flat() as Tensor[]; // numbers in, numbers out
  return {
    params: layer.countParams(),
    shapes: outputs.map((output) => [...output.shape]),
    values: outputs.map(({ data }) => [...data.subarray(0, 12)]),
  };
}

function innerOf({ layer, mergeMode, ...options }: Readonly<Record<string, unknown>>): Layer {
  return factoryOf(String(layer))({ units: 2, ...options });
}

/** A factory as it is called from JavaScript, where no type stands guard. */
function factoryOf(className: string): (options: object) => Layer {
  const wanted = className.toLowerCase();
  const [, make] = Object.entries(layers).find(([name]) => name.toLowerCase() === wanted)!;
  return make as unknown as (options: object) => Layer;
}

async function runModel({ method, head, loss, metrics, x, y, options }: RunCase): Promise<Record<string, number[]>> {
  const ends = {
    value: layers.dense({ units: 1 }),
    sequence: layers.dense({ units: 1 }),
    classes: layers.dense({ units: 3, activation: "softmax" }),
    yes: layers.dense({ units: 1, activation: "sigmoid" }),
  };
  const net: Model<false> = sequential({
    layers: [
      input({ shape: [3, 2] }),
      layers.simpleRNN({ units: 2, returnSequences: head === "sequence" }),
      ends[head],
    ],
    name: "net",
  });
  setKnownWeights(net);
  compileModel(net, { optimizer: "sgd", loss, metrics: [...metrics] });
  const given = Object.fromEntries(
    Object.entries(camelOptions(options)).map(([name, value]) => [
      name,
      name === "classWeight" ? value : dataOf(value),
    ]),
  );
  const [inputs, targets] = [dataOf(x) as ModelData, dataOf(y) as ModelData];
  if (method === "predict") return { values: [...net.predict(inputs, given).data.subarray(0, 12)] };
  if (method === "evaluate") {
    return Object.fromEntries(
      Object.entries(evaluate(net, inputs, targets, given)).map(([name, value]) => [name, [value]]),
    );
  }
  const { history } = await fit(net, inputs, targets, { ...given, shuffle: false, print: () => {} });
  return Object.fromEntries(Object.entries(history).map(([name, values]) => [name, [...values]]));
}

function camelOptions(args: Readonly<Record<string, Plain>>): Record<string, unknown> {
  const camel = (name: string): string => name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [camel(name), read(value)]));
}

function read(plain: Plain): unknown {
  if (Array.isArray(plain)) return plain.map(read);
  if (typeof plain !== "object" || plain === null || !("float" in plain)) return plain;
  return plain.float === "nan"
    ? Number.NaN
    : plain.float === "inf"
      ? Number.POSITIVE_INFINITY
      : Number.NEGATIVE_INFINITY;
}

function dataOf(plain: Plain): unknown {
  if (typeof plain !== "object" || plain === null || !("shape" in plain)) return plain;
  const { shape, offset } = plain as { readonly shape: readonly number[]; readonly offset: number }; // as the script wrote it
  return waves(shape, offset);
}

function waves(shape: readonly number[], offset = 0.3): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7 + offset)) };
}

function setKnownWeights(layer: Layer): void {
  const weights = layer.getWeights().map(({ shape, data }, array): Tensor => {
    const more = layer.variables[array]!.name.includes("variance") ? 0.6 : 0;
    return { shape, data: data.map((_, k) => 0.4 * Math.sin(1.3 * k + array + 1) + more) };
  });
  if (weights.length > 0) layer.setWeights(weights);
}
