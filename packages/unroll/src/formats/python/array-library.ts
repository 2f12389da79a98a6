/** NumPy, and what else makes or reshapes arrays (scikit-learn's splits and scalers, Keras's preprocessing), by shapes alone. */
import {
  expanded,
  flattened,
  fromAxes,
  joined,
  makeArray,
  onArray,
  product,
  productOfSizes,
  REDUCTIONS,
  reduced,
  repeated,
  reshapeTo,
  rowsJoined,
  slidingWindows,
  squeezed,
  stacked,
  timesRepeated,
  transposed,
} from "./array-operations.ts";
import { arrayOf } from "./array-shapes.ts";
import { type Body, kerasDataBody, sklearnBody } from "./data-library.ts";
import { itemsOf } from "./iterate.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import { tensorsIn } from "./tensors-in.ts";
import {
  ArrayValue,
  type CallArguments,
  isSize,
  ModuleValue,
  NativeFunction,
  PyList,
  PyTuple,
  type Value,
} from "./values.ts";

const SAME_SHAPE =
  "abs tanh exp log log10 log1p sqrt sin cos square sign round floor ceil clip nan_to_num cumsum cumprod zeros_like ones_like empty_like full_like copy ascontiguousarray float32 float64 int32 int64 constant convert_to_tensor cast flip roll sort relu sigmoid softmax normalize";
const RANDOM_BY_SIZE = new Map([
  ["normal", 2],
  ["uniform", 2],
  ["randint", 2],
  ["integers", 2],
  ["choice", 1],
  ["binomial", 2],
  ["poisson", 1],
  ["standard_normal", 0],
  ["random", 0],
  ["random_sample", 0],
  ["exponential", 1],
]);

/** A function of an array library by its full path, or undefined where it is not followed. */
export function arrayFunction(path: string, machine: Machine): Value | undefined {
  const body = bodyOf(path);
  const { rt } = machine;
  const name = path.split(".").at(-1)!;
  if (body === undefined) return undefined;
  return new NativeFunction(name, (args) => {
    // On a layer's output the same name is an operation of the graph.
    const symbolic = name !== "shape" && args.positional.some((value) => tensorsIn(value).length > 0);
    return symbolic ? machine.callLibrary(new ModuleValue(path), args) : body(args, rt);
  });
}

/** What a function of an array library gives for these arguments; an unknown where it is not followed. */
export function arrayResult(path: string, args: CallArguments, rt: Runtime): Value {
  return bodyOf(path)?.(args, rt) ?? rt.unknown(`${path}(...)`, `${path} is not followed`);
}

function bodyOf(path: string): Body | undefined {
  const parts = path.split(".");
  const name = parts.at(-1)!;
  if (name === "newaxis" || parts.length < 2) return undefined;
  if (parts[0] === "numpy" || parts[0] === "tensorflow") return numpyBody(parts.slice(1), name);
  if (parts[0] === "sklearn") return sklearnBody(name);
  if (path === "keras.backend.repeat") return timesRepeated;
  if (parts[0] === "keras" && ["backend", "ops", "activations"].includes(parts[1]!)) return numpyBody([name], name);
  if (parts[0] === "keras") return kerasDataBody(parts, name);
  return undefined;
}

function numpyBody(parts: readonly string[], name: string): Body | undefined {
  if (parts[0] === "random" && parts.length > 1) {
    // A generator of its own has the same functions.
    if (name === "default_rng" || name === "RandomState") return () => new ModuleValue("numpy.random");
    if (name === "rand" || name === "randn") return ({ positional }, rt) => fromAxes(new PyTuple(positional), rt);
    const position = RANDOM_BY_SIZE.get(name);
    if (position === undefined) return undefined;
    return ({ positional, keywords }, rt) => {
      const size =
        keywords.get("size") ??
        keywords.get("shape") ??
        (parts.length === 2 && isShapeFirst(name, positional) ? positional[0] : positional[position]);
      return size === undefined || size === null ? rt.unknown(`${name}()`, "is a random number") : fromAxes(size, rt);
    };
  }
  if (parts.join(".") === "lib.stride_tricks.sliding_window_view") {
    return ({ positional: [value, window, axis], keywords }, rt) =>
      onArray(value, rt, (array) =>
        slidingWindows(array, window ?? keywords.get("window_shape") ?? null, axis ?? keywords.get("axis") ?? null, rt),
      );
  }
  if (parts.length > 2 || name === "random") return undefined;
  if (SAME_SHAPE.split(" ").includes(name))
    return ({ positional: [value] }, rt) =>
      value === undefined
        ? null
        : typeof value === "number"
          ? (numberAfter(name, value) ?? rt.unknown(`${name}(${value})`, "is not worked out"))
          : (arrayOf(value, rt) ?? value);
  if (REDUCTIONS.has(name)) return reduced(name);
  return NUMPY.get(name);
}

const OF_ONE_NUMBER: ReadonlyMap<string, (value: number) => number> = new Map([
  ["abs", Math.abs],
  ["sqrt", Math.sqrt],
  ["square", (value) => value ** 2],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
  ["exp", Math.exp],
  ["log", Math.log],
  ["log10", Math.log10],
  ["log1p", Math.log1p],
  ...["float32", "float64"].map((name): [string, (value: number) => number] => [name, (value) => value]),
  ...["int32", "int64"].map((name): [string, (value: number) => number] => [name, Math.trunc]),
]);

/** What such a function makes of one number; undefined where it is not followed or no finite number. */
function numberAfter(name: string, value: number): number | undefined {
  const result = OF_ONE_NUMBER.get(name)?.(value);
  return Number.isFinite(result) ? result : undefined;
}

/** TensorFlow's `random.normal(shape)` against NumPy's `random.normal(mean, deviation, size)`. */
function isShapeFirst(name: string, positional: readonly Value[]): boolean {
  return ["normal", "uniform"].includes(name) && (positional[0] instanceof PyTuple || positional[0] instanceof PyList);
}

const NUMPY: ReadonlyMap<string, Body> = new Map<string, Body>([
  ...["array", "asarray", "asfarray"].map((name) => [name, makeArray] as const),
  ...["zeros", "ones", "empty", "full", "fill"].map((name): [string, Body] => [
    name,
    ({ positional: [shape], keywords }, rt) =>
      fromAxes(shape ?? keywords.get("shape") ?? keywords.get("dims") ?? null, rt),
  ]),
  ["eye", ({ positional: [n, m] }, rt) => fromAxes(new PyTuple([n ?? null, m ?? n ?? null]), rt)],
  ["identity", ({ positional: [n] }, rt) => fromAxes(new PyTuple([n ?? null, n ?? null]), rt)],
  [
    "arange",
    ({ positional, keywords }, rt) => {
      const stop = keywords.get("stop") ?? keywords.get("limit");
      const [a, b, third] = stop === undefined ? positional : [keywords.get("start") ?? positional[0] ?? 0, stop];
      const [from, to] = b === undefined ? [0, a] : [a, b];
      const by = third ?? keywords.get("step") ?? keywords.get("delta") ?? 1;
      if (typeof from === "number" && typeof to === "number" && typeof by === "number" && by !== 0) {
        const count = Math.max(0, Math.ceil((to - from) / by));
        rt.reserve(Math.min(count, 1));
        return new ArrayValue(
          [count],
          count <= 10_000 ? Array.from({ length: count }, (_, i) => from + i * by) : undefined,
        );
      }
      return isSize(to) && from === 0 && by === 1
        ? new ArrayValue([to])
        : new ArrayValue([rt.unknown("len(arange)", "is not known")]);
    },
  ],
  ["linspace", ({ positional, keywords }, rt) => fromAxes(positional[2] ?? keywords.get("num") ?? 50, rt)],
  [
    "reshape",
    ({ positional: [value, shape], keywords }, rt) =>
      reshapeTo(value ?? null, shape ?? keywords.get("newshape") ?? keywords.get("shape") ?? null, rt),
  ],
  [
    "expand_dims",
    ({ positional: [value, axis], keywords }, rt) => expanded(value ?? null, axis ?? keywords.get("axis") ?? 0, rt),
  ],
  [
    "squeeze",
    ({ positional: [value, axis], keywords }, rt) =>
      onArray(value, rt, (array) => squeezed(array, axis ?? keywords.get("axis"))),
  ],
  ...["matmul", "batch_dot"].map((name) => [name, product] as const),
  ["dot", (args, rt) => product(args, rt)],
  [
    "permute_dimensions",
    ({ positional: [value, axes], keywords }, rt) =>
      onArray(value, rt, (array) => transposed(array, axes ?? keywords.get("pattern"))),
  ],
  [
    "transpose",
    ({ positional: [value, axes], keywords }, rt) =>
      onArray(value, rt, (array) => transposed(array, axes ?? keywords.get("axes") ?? keywords.get("perm"))),
  ],
  ["ravel", ({ positional: [value] }, rt) => onArray(value, rt, (array) => flattened(array, rt))],
  ["concatenate", (args, rt) => joined(args, 0, rt)],
  ["concat", (args, rt) => joined(args, 0, rt)],
  ["vstack", rowsJoined],
  ["stack", stacked],
  ["hstack", (args, rt) => joined(args, 1, rt)],
  [
    "append",
    ({ positional: [a, b] }, rt) =>
      joined({ positional: [new PyList([a ?? null, b ?? null]), 0], keywords: new Map(), at: rt.at }, 0, rt),
  ],
  [
    "column_stack",
    ({ positional: [list] }, rt) => {
      const { items, open } = itemsOf(list ?? null, rt);
      const first = arrayOf(items[0] ?? null, rt);
      return first === undefined || open
        ? rt.unknown("column_stack(...)", "is not followed")
        : new ArrayValue([first.shape[0] ?? null, items.length]);
    },
  ],
  [
    "unique",
    ({ positional: [value] }, rt) =>
      onArray(value, rt, (array) => {
        if (array.data === undefined)
          return new ArrayValue([
            rt.unknown(
              `len(unique(${nameOf(value ?? null)}))`,
              "counts different values in data that the code does not show",
            ),
          ]);
        const different = [...new Set(array.data)].sort((a, b) => a - b);
        return new ArrayValue([different.length], different);
      }),
  ],
  ["repeat", repeated],
  ["shape", ({ positional: [value] }, rt) => (value === undefined ? null : rt.attribute(value, "shape"))],
  ["prod", ({ positional: [value] }, rt) => productOfSizes(value, rt)],
  ["range", (args, rt) => NUMPY.get("arange")!(args, rt)],
]);
