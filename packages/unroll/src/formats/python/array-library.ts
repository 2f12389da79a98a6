/** NumPy, and what else makes or reshapes arrays (scikit-learn's splits and scalers, Keras's preprocessing), by shapes alone. */
import { arrayOf, axesOf, concatenated, reshaped, sizeOfShape } from "./array-shapes.ts";
import { type Body, kerasDataBody, sklearnBody } from "./data-library.ts";
import { itemsOf, listOf } from "./iterate.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import { tensorsIn } from "./tensors-in.ts";
import {
  ArrayValue,
  type CallArguments,
  isObject,
  isSize,
  isUnknown,
  ModuleValue,
  NativeFunction,
  PyList,
  PyTuple,
  type Value,
} from "./values.ts";

const SAME_SHAPE =
  "abs tanh exp log log10 log1p sqrt sin cos square sign round floor ceil clip nan_to_num cumsum cumprod zeros_like ones_like empty_like full_like copy ascontiguousarray float32 float64 int32 int64 constant convert_to_tensor cast flip roll sort relu sigmoid softmax normalize";
const REDUCE =
  "sum mean std var max min prod median argmax argmin amax amin all any reduce_mean reduce_sum reduce_max reduce_min nanmax nanmin";
const RANDOM_BY_SIZE = new Map([
  ["normal", 2],
  ["uniform", 2],
  ["randint", 2],
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
  if (parts[0] === "keras" && ["backend", "ops", "activations"].includes(parts[1]!)) return numpyBody([name], name);
  if (parts[0] === "keras") return kerasDataBody(parts, name);
  return undefined;
}

function numpyBody(parts: readonly string[], name: string): Body | undefined {
  if (parts[0] === "random" && parts.length > 1) {
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
  if (parts.length > 2 || name === "random") return undefined;
  if (SAME_SHAPE.split(" ").includes(name))
    return ({ positional: [value] }, rt) =>
      value === undefined
        ? null
        : typeof value === "number"
          ? rt.unknown(`${name}(${value})`, "is not worked out")
          : (arrayOf(value, rt) ?? value);
  if (REDUCE.split(" ").includes(name)) return reduced(name);
  return NUMPY.get(name);
}

/** TensorFlow's `random.normal(shape)` against NumPy's `random.normal(mean, deviation, size)`. */
function isShapeFirst(name: string, positional: readonly Value[]): boolean {
  return ["normal", "uniform"].includes(name) && (positional[0] instanceof PyTuple || positional[0] instanceof PyList);
}

const NUMPY: ReadonlyMap<string, Body> = new Map<string, Body>([
  ...["array", "asarray", "asfarray", "stack"].map((name) => [name, makeArray] as const),
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
      const [a, b, step] = stop === undefined ? positional : [keywords.get("start") ?? positional[0] ?? 0, stop];
      const [from, to] = b === undefined ? [0, a] : [a, b];
      const by = step ?? 1;
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
    ({ positional: [value] }, rt) =>
      onArray(
        value,
        rt,
        (array) =>
          new ArrayValue(
            array.shape.filter((axis) => axis !== 1),
            array.data,
            array.open,
          ),
      ),
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
  ["vstack", (args, rt) => joined(args, 0, rt)],
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
  [
    "repeat",
    ({ positional: [value, count] }, rt) =>
      onArray(value, rt, (array) =>
        isSize(count) && typeof array.shape[0] === "number" && typeof count === "number"
          ? new ArrayValue([array.shape[0] * count, ...array.shape.slice(1)])
          : array,
      ),
  ],
  ["shape", ({ positional: [value] }, rt) => (value === undefined ? null : rt.attribute(value, "shape"))],
  [
    "prod",
    ({ positional: [value] }, rt) => {
      const axes = axesOf(value);
      const size = axes === undefined ? undefined : sizeOfShape(axes);
      return size ?? rt.unknown(`prod(${nameOf(value ?? null)})`, "is a product of sizes that are not known");
    },
  ],
  ["range", (args, rt) => NUMPY.get("arange")!(args, rt)],
]);

function makeArray({ positional: [value] }: CallArguments, rt: Runtime): Value {
  if (value === undefined) return null;
  if (isUnknown(value)) return value;
  const list = isObject(value) && (value.kind === "range" || value.kind === "set") ? listOf(value, rt) : value;
  return arrayOf(list, rt) ?? rt.unknown("array(...)", "is made of data that the code does not show");
}

function fromAxes(shape: Value, rt: Runtime): Value {
  if (isUnknown(shape) && shape.prefix === undefined) return new ArrayValue([shape]);
  const axes = axesOf(shape);
  return axes === undefined ? rt.unknown("array", "has a shape that is not known") : new ArrayValue(axes);
}

/** Rows of the first with columns of the second, over the axes before. */
function product({ positional: [left, right] }: CallArguments, rt: Runtime): Value {
  const [a, b] = [arrayOf(left ?? null, rt), arrayOf(right ?? null, rt)];
  if (a === undefined || b === undefined || a.open || b.open || b.shape.length === 0)
    return rt.unknown("matmul(...)", "multiplies data that the code does not show");
  const columns = b.shape.length === 1 ? [] : [b.shape.at(-1)!];
  return new ArrayValue([...a.shape.slice(0, -1), ...columns]);
}

function onArray(value: Value | undefined, rt: Runtime, body: (array: ArrayValue) => Value): Value {
  if (value === undefined || isUnknown(value)) return value ?? null;
  const array = arrayOf(value, rt);
  return array === undefined ? rt.unknown("array", "is made of data that the code does not show") : body(array);
}

function reduced(name: string): Body {
  return ({ positional: [value, given], keywords }, rt) => {
    const axis = given ?? keywords.get("axis");
    if (value === undefined) return null;
    if (name === "prod" && axis === undefined)
      return NUMPY.get("prod")!({ positional: [value], keywords: new Map(), at: rt.at }, rt);
    if (isUnknown(value)) return value.part(`.${name}()`, rt.at, `${name}(${value.name})`);
    const array = arrayOf(value, rt);
    if (array === undefined)
      return rt.unknown(`${name}(${nameOf(value)})`, "is worked out from data that the code does not show");
    if (typeof axis === "number") {
      const at = axis < 0 ? array.shape.length + axis : axis;
      const kept = keywords.get("keepdims") === true;
      return new ArrayValue(
        array.shape.flatMap((size, i) => (i !== at ? [size] : kept ? [1] : [])),
        undefined,
        array.open,
      );
    }
    if (array.data !== undefined && array.data.length > 0) {
      if (name === "max" || name === "amax") return array.data.reduce((a, b) => Math.max(a, b));
      if (name === "min" || name === "amin") return array.data.reduce((a, b) => Math.min(a, b));
      if (name === "sum") return array.data.reduce((a, b) => a + b);
    }
    return rt.unknown(`${name}(${nameOf(value)})`, "is worked out from data that the code does not show");
  };
}

function reshapeTo(value: Value, shape: Value, rt: Runtime): Value {
  const axes = axesOf(shape);
  if (axes === undefined) return rt.unknown("reshape(...)", "has a shape that is not known");
  if (isUnknown(value)) {
    // The number of samples stays that of the data; the other sizes are written here.
    return new ArrayValue(axes.map((axis, i) => (axis === -1 ? value.part(`.shape[${i}]`, rt.at) : axis)));
  }
  const array = arrayOf(value, rt);
  return array === undefined
    ? new ArrayValue(axes.map((axis) => (axis === -1 ? null : axis)))
    : reshaped(array, axes, rt);
}

function expanded(value: Value, axis: Value, rt: Runtime): Value {
  if (typeof axis !== "number") return isUnknown(value) ? value : rt.unknown("expand_dims(...)", "is not followed");
  return onArray(value, rt, (array) => {
    const at = axis < 0 ? array.shape.length + 1 + axis : axis;
    return new ArrayValue([...array.shape.slice(0, at), 1, ...array.shape.slice(at)], array.data, array.open);
  });
}

function transposed(array: ArrayValue, axes: Value | undefined): ArrayValue {
  const order = axes === undefined || axes === null ? undefined : axesOf(axes);
  const shape =
    order === undefined
      ? array.shape.toReversed()
      : order.map((axis) => (typeof axis === "number" ? (array.shape.at(axis) ?? null) : null));
  return new ArrayValue(shape, undefined, array.open);
}

function flattened(array: ArrayValue, rt: Runtime): ArrayValue {
  return new ArrayValue(
    [sizeOfShape(array.shape) ?? rt.unknown("size", "is the size of data that the code does not show")],
    array.data,
  );
}

function joined({ positional: [list, given], keywords }: CallArguments, axis: number, rt: Runtime): Value {
  const { items, open } = itemsOf(list ?? null, rt);
  const arrays = items.map((item) => arrayOf(item, rt));
  const at = given ?? keywords.get("axis") ?? axis;
  const first = arrays[0];
  if (first === undefined || arrays.includes(undefined) || typeof at !== "number")
    return rt.unknown("concatenate(...)", "joins data that the code does not show");
  if (open)
    return new ArrayValue(
      [rt.unknown("length", "joins data that the code does not show"), ...first.shape.slice(1)],
      undefined,
      first.open,
    );
  // Checked above: every item is an array.
  const whole = concatenated(arrays as ArrayValue[], first.shape.length === 1 ? 0 : at, rt);
  return whole ?? rt.unknown("concatenate(...)", "joins arrays that do not fit");
}

/** An attribute or method of an array, or undefined for one that is not followed. */
export function arrayMember(array: ArrayValue, name: string, rt: Runtime): Value | undefined {
  const native = (body: (args: CallArguments) => Value): Value => new NativeFunction(name, body);
  switch (name) {
    case "shape":
      return shapeOf(array, rt);
    case "ndim":
      return array.open ? undefined : array.shape.length;
    case "size":
      return (array.open ? undefined : sizeOfShape(array.shape)) ?? undefined;
    case "T":
      return transposed(array, undefined);
    case "values":
      return array;
    case "dtype":
      return new ModuleValue("numpy.dtype");
    case "reshape":
      return native(({ positional, keywords }) =>
        reshapeTo(
          array,
          positional.length === 1
            ? positional[0]!
            : positional.length === 0
              ? (keywords.get("shape") ?? null)
              : new PyTuple(positional),
          rt,
        ),
      );
    case "astype":
    case "copy":
    case "numpy":
    case "to_numpy":
    case "round":
    case "clip":
      return native(() => array);
    case "flatten":
    case "ravel":
      return native(() => flattened(array, rt));
    case "squeeze":
      return native(
        () =>
          new ArrayValue(
            array.shape.filter((axis) => axis !== 1),
            array.data,
            array.open,
          ),
      );
    case "transpose":
      return native(({ positional }) =>
        transposed(array, positional.length > 1 ? new PyTuple(positional) : positional[0]),
      );
    case "tolist":
      return native(() =>
        array.data !== undefined && array.shape.length === 1
          ? rt.list([...array.data])
          : rt.unknown("tolist()", "is not followed"),
      );
    case "item":
      return native(() => array.data?.[0] ?? rt.unknown("item()", "is a number of data that the code does not show"));
    default:
      if (REDUCE.split(" ").includes(name)) {
        return native(({ positional: [axis], keywords, at }) =>
          reduced(name)({ positional: axis === undefined ? [array] : [array, axis], keywords, at }, rt),
        );
      }
      return undefined;
  }
}

function shapeOf(array: ArrayValue, rt: Runtime): Value {
  const axes = array.shape.map(
    (axis, i): Value =>
      axis ?? rt.unknown(`${array.label ?? "array"}.shape[${i}]`, "is a size of data that the code does not show"),
  );
  if (!array.open) return new PyTuple(axes);
  return rt.unknownShape(`${array.label ?? "array"}.shape`, axes.filter(isSize));
}
