/** What prepares data, by shapes alone: scikit-learn's splits and scalers, Keras's padding, one-hot codes and data sets. */
import { arrayOf } from "./array-shapes.ts";
import { itemsOf, lengthOf } from "./iterate.ts";
import type { Runtime } from "./runtime.ts";
import {
  ArrayValue,
  type Axis,
  type CallArguments,
  isSize,
  isUnknown,
  NativeFunction,
  PyClass,
  PyInstance,
  PyTuple,
  type Value,
} from "./values.ts";

/** A function of a library, given its arguments. */
export type Body = (args: CallArguments, rt: Runtime) => Value;

/** A function or class of scikit-learn by its name, or undefined where it is not followed. */
export function sklearnBody(name: string): Body | undefined {
  if (name === "train_test_split") return split;
  if (/Scaler$|Encoder$|Imputer$|Normalizer$/.test(name)) return (_args, rt) => scaler(name, rt);
  return undefined;
}

/** Two parts of each array; only the first axis changes. */
function split({ positional, keywords }: CallArguments, rt: Runtime): Value {
  const trainSize = keywords.get("train_size") ?? null;
  const testSize = keywords.get("test_size") ?? (trainSize === null ? 0.25 : null);
  return rt.list(
    positional.flatMap((value): Value[] => {
      const array = isUnknown(value) ? undefined : arrayOf(value, rt);
      if (array === undefined) {
        const base = isUnknown(value) ? value : rt.unknown("data", "is data that the code does not show");
        return [
          base.part(".train", rt.at, `${base.name} (training part)`),
          base.part(".test", rt.at, `${base.name} (test part)`),
        ];
      }
      const [count, ...rest] = array.shape;
      const known = [testSize, trainSize].every((size) => size === null || typeof size === "number");
      if (typeof count !== "number" || !known) {
        const length = (): Axis => rt.unknown("length", "is the length of a part of the data");
        return [
          new ArrayValue([length(), ...rest], undefined, array.open),
          new ArrayValue([length(), ...rest], undefined, array.open),
        ];
      }
      // A share below 1, or a number of samples: scikit-learn rounds the test part up and the training part down.
      const samples = (size: Value, round: (share: number) => number): number | undefined =>
        typeof size !== "number" ? undefined : size < 1 ? round(count * size) : size;
      const given = samples(trainSize, Math.floor);
      const test = samples(testSize, Math.ceil) ?? count - given!; // one of the two is given
      return [
        new ArrayValue([given ?? count - test, ...rest], undefined, array.open),
        new ArrayValue([test, ...rest], undefined, array.open),
      ];
    }),
  );
}

/** A scaler keeps shapes; its learned numbers are not followed. */
function scaler(name: string, rt: Runtime): Value {
  if (!/Scaler$|Normalizer$|Imputer$|^LabelEncoder$|^OrdinalEncoder$/.test(name))
    return rt.unknown(`${name}()`, "is not followed");
  const instance = new PyInstance(new PyClass(name, [], undefined));
  for (const method of ["fit_transform", "transform", "inverse_transform"]) {
    instance.members.set(method, new NativeFunction(method, ({ positional: [value] }) => value ?? null));
  }
  for (const method of ["fit", "partial_fit"]) instance.members.set(method, new NativeFunction(method, () => instance));
  return instance;
}

/** A function of Keras that prepares data, by its path; undefined where it is not followed. */
export function kerasDataBody(parts: readonly string[], name: string): Body | undefined {
  if (name === "pad_sequences") return padded;
  if (name === "to_categorical") return oneHot;
  if (name === "load_data" && parts.includes("datasets")) return dataset(parts.at(-2)!);
  return undefined;
}

function padded({ positional: [sequences, maxlen], keywords }: CallArguments, rt: Runtime): Value {
  const data = sequences ?? keywords.get("sequences") ?? null;
  const length = maxlen ?? keywords.get("maxlen");
  const count = lengthOf(data, rt);
  if (isSize(length)) return new ArrayValue([count, length]);
  const { items, open } = itemsOf(data, rt);
  const longest = open
    ? undefined
    : items
        .map((item) => lengthOf(item, rt))
        .reduce<number | undefined>(
          (most, size) => (typeof size === "number" && most !== undefined ? Math.max(most, size) : undefined),
          0,
        );
  return new ArrayValue([
    count,
    longest ?? rt.unknown("longest sequence", "is the longest sequence in data that the code does not show"),
  ]);
}

function oneHot({ positional: [labels, count], keywords }: CallArguments, rt: Runtime): Value {
  const data = labels ?? keywords.get("y") ?? null;
  const classes = count ?? keywords.get("num_classes");
  const array = isUnknown(data) ? undefined : arrayOf(data, rt);
  const shape: readonly Axis[] =
    array?.shape ?? (isUnknown(data) ? [data.part(".__len__()", rt.at, `len(${data.name})`)] : [null]);
  const highest =
    array?.data === undefined || array.data.length === 0 ? undefined : array.data.reduce((a, b) => Math.max(a, b)) + 1;
  const last = isSize(classes)
    ? classes
    : (highest ?? rt.unknown("num_classes", "is the number of classes in data that the code does not show"));
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  return new ArrayValue([...kept, last]);
}

/** Samples and shapes of the data sets that Keras downloads (training, test). */
const DATASETS: ReadonlyMap<string, readonly [number, number, readonly number[], readonly number[]]> = new Map([
  ["imdb", [25000, 25000, [], []]],
  ["reuters", [8982, 2246, [], []]],
  ["mnist", [60000, 10000, [28, 28], []]],
  ["fashion_mnist", [60000, 10000, [28, 28], []]],
  ["cifar10", [50000, 10000, [32, 32, 3], [1]]],
  ["cifar100", [50000, 10000, [32, 32, 3], [1]]],
  ["boston_housing", [404, 102, [13], []]],
]);

function dataset(name: string): Body | undefined {
  const known = DATASETS.get(name);
  if (known === undefined) return undefined;
  const [train, test, sample, label] = known;
  const pair = (count: number): PyTuple =>
    new PyTuple([new ArrayValue([count, ...sample]), new ArrayValue([count, ...label])]);
  return () => new PyTuple([pair(train), pair(test)]);
}
