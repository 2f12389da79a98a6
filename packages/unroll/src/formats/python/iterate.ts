/** Walking over values: the items of a loop or comprehension, unpacking, and lengths. */
import { lengthOfOpen } from "./array-shapes.ts";
import { SymbolicTensor } from "./keras-graph.ts";
import { MOST_ROUNDS, type Runtime } from "./runtime.ts";
import { knownDifference, type Size } from "./unknown.ts";
import { ArrayValue, isObject, isUnknown, PyDict, PyList, type PyRange, PySet, PyTuple, type Value } from "./values.ts";

/** Items to loop over; `open` where their number is not known (or too large), so that one stands for all. */
export interface Items {
  readonly items: readonly Value[];
  readonly open: boolean;
}

/** What a `for` over `value` goes through. */
export function itemsOf(value: Value, rt: Runtime): Items {
  const items = allItems(value, rt);
  rt.spend(items.items.length);
  if (items.items.length <= MOST_ROUNDS) return items;
  return { items: [example(items.items[0]!, rt)], open: true };
}

/** An item that stands for many: a number becomes unknown, an object stays. */
function example(first: Value, rt: Runtime): Value {
  return typeof first === "number" ? rt.unknown("item", `goes through more than ${MOST_ROUNDS} values`) : first;
}

function allItems(value: Value, rt: Runtime): Items {
  if (typeof value === "string") {
    rt.reserve(value.length);
    return { items: [...value], open: false };
  }
  if (!isObject(value)) return { items: [], open: false };
  switch (value.kind) {
    case "list":
      return { items: [...value.items], open: value.open };
    case "tuple":
      return { items: value.items, open: false };
    case "set":
      return { items: [...value.entries.values()], open: value.open };
    case "dict":
      return { items: [...value.entries.values()].map((entry) => entry.key), open: value.open };
    case "range":
      return rangeItems(value, rt);
    case "array":
      return rowsOf(value, rt);
    case "unknown":
      return { items: [value.part("[i]", rt.at)], open: true };
    default:
      return { items: [rt.unknown("item", "comes from something that is not followed")], open: true };
  }
}

function rangeItems(range: PyRange, rt: Runtime): Items {
  const { start, stop, step } = range;
  if (typeof start === "number" && typeof stop === "number" && typeof step === "number" && step !== 0) {
    const count = Math.max(0, Math.ceil((stop - start) / step));
    if (count <= MOST_ROUNDS) return { items: Array.from({ length: count }, (_, i) => start + i * step), open: false };
  }
  const end = isUnknown(stop) ? stop : isUnknown(start) ? start : undefined;
  return { items: [rt.unknown("i", end?.reason ?? `goes through more than ${MOST_ROUNDS} values`)], open: true };
}

function rowsOf(array: ArrayValue, rt: Runtime): Items {
  const [count, ...rest] = array.shape;
  if (array.data !== undefined && rest.length === 0) return { items: array.data, open: false };
  const row =
    rest.length === 0 && !array.open
      ? rt.unknown("item", "is a number of data that the code does not show")
      : new ArrayValue(rest, undefined, array.open);
  if (typeof count !== "number" || count > MOST_ROUNDS) return { items: [row], open: true };
  return { items: Array.from({ length: count }, () => row), open: false };
}

/** `len(value)`: a number, or an unknown with a name. */
export function lengthOf(value: Value, rt: Runtime): Size {
  if (typeof value === "string") return value.length;
  if (isObject(value)) {
    switch (value.kind) {
      case "tuple":
        return value.items.length;
      case "list":
        return value.open ? lengthOfOpen(value.label, rt) : value.items.length;
      case "dict":
      case "set":
        return value.open ? lengthOfOpen(value.label, rt) : value.entries.size;
      case "range": {
        if (typeof value.step === "number" && Math.abs(value.step) === 1) {
          const length = knownDifference(value.stop, value.start);
          if (length !== undefined) return Math.max(0, length * value.step);
        }
        const { start, stop, step } = value;
        if (typeof start === "number" && typeof stop === "number" && typeof step === "number" && step !== 0) {
          return Math.max(0, Math.ceil((stop - start) / step));
        }
        return rt.combine("-", [value.stop, value.start]);
      }
      case "array": {
        const [length] = value.shape;
        if (typeof length === "number" || isUnknown(length)) return length;
        return rt.unknown(`len(${value.label ?? "..."})`, "is the length of data that the code does not show");
      }
      case "unknown":
        return value.part(".__len__()", rt.at, `len(${value.name})`);
    }
  }
  return rt.unknown("len(...)", "is the length of something that is not followed");
}

/** Values for `count` targets, the one at `star` taking what is left. */
export function unpack(value: Value, count: number, star: number, rt: Runtime): Value[] {
  if (value instanceof SymbolicTensor) return unpackTensor(value, count);
  if (isUnknown(value)) {
    return Array.from(
      { length: count },
      (_, i) =>
        value.prefix?.[i] ?? (i === star ? rt.list([value.part(`[${i}]`, rt.at)], true) : value.part(`[${i}]`, rt.at)),
    );
  }
  const { items, open } = allItems(value, rt);
  rt.spend(items.length);
  const at = (i: number): Value => {
    const item = items[i];
    return item === undefined
      ? rt.unknown("item", "was expected in an assignment, but there are too few values")
      : item;
  };
  if (open) return Array.from({ length: count }, (_, i) => (i === star ? rt.list([...items], true) : at(0)));
  if (star < 0) return Array.from({ length: count }, (_, i) => at(i));
  const after = count - star - 1;
  const middle = items.slice(star, Math.max(star, items.length - after));
  const values: Value[] = Array.from({ length: star }, (_, i) => at(i));
  values.push(rt.list([...middle]));
  for (let i = 0; i < after; i++) values.push(at(items.length - after + i));
  return values;
}

/** A layer of the user's own may give several tensors; unpacking it tells how many. */
function unpackTensor(tensor: SymbolicTensor, count: number): Value[] {
  const { outputs } = tensor.node;
  while (outputs.length < count && count <= 8) outputs.push(new SymbolicTensor(tensor.node, outputs.length, undefined));
  return Array.from({ length: count }, (_, i) => outputs[i] ?? tensor);
}

/** A list from anything that can be walked over. */
export function listOf(value: Value, rt: Runtime): PyList {
  const { items, open } = itemsOf(value, rt);
  return rt.list([...items], open);
}

/** The values inside a container, for functions that take one: lists, tuples, sets, dict keys. */
export function isContainer(value: Value): value is PyList | PyTuple | PySet | PyDict {
  return value instanceof PyList || value instanceof PyTuple || value instanceof PySet || value instanceof PyDict;
}
