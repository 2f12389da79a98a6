/** Attributes and methods of arrays. */
import { flattened, REDUCTIONS, reduced, reshapeTo, squeezed, transposed } from "./array-operations.ts";
import { sizeOfShape } from "./array-shapes.ts";
import type { Runtime } from "./runtime.ts";
import {
  type ArrayValue,
  type CallArguments,
  isSize,
  ModuleValue,
  NativeFunction,
  PyTuple,
  type Value,
} from "./values.ts";

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
      return native(({ positional: [axis], keywords }) => squeezed(array, axis ?? keywords.get("axis")));
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
      if (REDUCTIONS.has(name)) {
        return native(({ positional: [axis], keywords, at }) =>
          reduced(name)({ positional: axis === undefined ? [array] : [array, axis], keywords, at }, rt),
        );
      }
      return undefined;
  }
}

/** Sizes that the code does not show are the same unknowns each time they are asked for. */
const shapes = new WeakMap<ArrayValue, Value>();

function shapeOf(array: ArrayValue, rt: Runtime): Value {
  const known = shapes.get(array);
  if (known !== undefined) return known;
  const shape = newShapeOf(array, rt);
  shapes.set(array, shape);
  return shape;
}

function newShapeOf(array: ArrayValue, rt: Runtime): Value {
  const axes = array.shape.map(
    (axis, i): Value =>
      axis ?? rt.unknown(`${array.label ?? "array"}.shape[${i}]`, "is a size of data that the code does not show"),
  );
  if (!array.open) return new PyTuple(axes);
  return rt.unknownShape(`${array.label ?? "array"}.shape`, axes.filter(isSize));
}
