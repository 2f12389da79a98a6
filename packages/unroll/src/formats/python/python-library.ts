/** Python's builtins and the few functions of its standard library that sizes are worked out with. */
import { dictFrom } from "./evaluate.ts";
import { itemsOf, lengthOf, listOf } from "./iterate.ts";
import type { Machine } from "./machine.ts";
import { nameOf, orderOf, quotedText, textOf, truth } from "./operators.ts";
import { sorted } from "./python-methods.ts";
import type { Runtime } from "./runtime.ts";
import { type Body, STANDARD_MODULES } from "./standard-modules.ts";
import {
  ArrayValue,
  type CallArguments,
  isObject,
  isSize,
  isUnknown,
  KerasClass,
  NativeFunction,
  PyClass,
  PyDict,
  PyInstance,
  PyList,
  PyRange,
  PySet,
  PyTuple,
  type Value,
} from "./values.ts";

const FUNCTIONS: ReadonlyMap<string, Body> = new Map<string, Body>([
  ...STANDARD_MODULES,
  ["builtins.len", ({ positional: [value] }, { rt }) => lengthOf(value ?? null, rt)],
  ["builtins.range", range],
  [
    "builtins.enumerate",
    ({ positional: [value, first], keywords }, { rt }) => {
      const { items, open } = itemsOf(value ?? keywords.get("iterable") ?? null, rt);
      const start = first ?? keywords.get("start");
      const from = typeof start === "number" ? start : 0;
      return rt.list(
        items.map(
          (item, i) => new PyTuple([open ? rt.unknown("i", "counts through data that is not known") : i + from, item]),
        ),
        open,
      );
    },
  ],
  [
    "builtins.zip",
    ({ positional }, { rt }) => {
      const lists = positional.map((value) => itemsOf(value, rt));
      const open = lists.some((list) => list.open);
      const count =
        lists.length === 0
          ? 0
          : Math.min(...lists.map((list) => (list.open ? Number.POSITIVE_INFINITY : list.items.length)));
      const rounds = Number.isFinite(count) ? count : 1;
      return rt.list(
        Array.from(
          { length: rounds },
          (_, i) => new PyTuple(lists.map((list) => list.items[list.open ? 0 : i] ?? null)),
        ),
        open && !Number.isFinite(count),
      );
    },
  ],
  [
    "builtins.divmod",
    (args, { rt }) => {
      const [a, b] = args.positional;
      if (typeof a !== "number" || typeof b !== "number" || b === 0)
        return rt.unknown("divmod(...)", "is of numbers that are not known");
      const quotient = Math.floor(a / b);
      return new PyTuple([quotient, a - quotient * b]);
    },
  ],
  [
    "builtins.map",
    ({ positional: [fn, values], at }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      return rt.list(
        items.map((item) => rt.call(fn ?? null, { positional: [item], keywords: new Map(), at })),
        open,
      );
    },
  ],
  [
    "builtins.filter",
    ({ positional: [fn, values], at }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      let unsure = open;
      const kept = items.filter((item) => {
        const holds = truth(fn === null ? item : rt.call(fn ?? null, { positional: [item], keywords: new Map(), at }));
        unsure ||= holds === undefined;
        return holds !== false;
      });
      return rt.list(kept, unsure);
    },
  ],
  [
    "builtins.list",
    ({ positional: [value] }, { rt }) =>
      value === undefined
        ? rt.list([])
        : isUnknown(value)
          ? value.part(".__list__", rt.at, value.name)
          : listOf(value, rt),
  ],
  [
    "builtins.tuple",
    ({ positional: [value] }, { rt }) => {
      if (value === undefined) return new PyTuple([]);
      if (isUnknown(value)) return value;
      const list = listOf(value, rt);
      return list.open ? list : new PyTuple(list.items);
    },
  ],
  [
    "builtins.set",
    ({ positional: [value] }, { rt }) => {
      const { items, open } = value === undefined ? { items: [], open: false } : itemsOf(value, rt);
      const set = new PySet(items, rt.uncertain);
      set.open = open || items.some(isUnknown);
      return set;
    },
  ],
  [
    "builtins.dict",
    (args, { rt }) => {
      const [pairs] = args.positional;
      if (pairs === undefined || pairs instanceof PyDict) return dictFrom(args);
      const { items, open } = itemsOf(pairs, rt);
      const dict = new PyDict(rt.uncertain);
      dict.open = open;
      for (const pair of items) {
        if (pair instanceof PyTuple || pair instanceof PyList) dict.set(pair.items[0] ?? null, pair.items[1] ?? null);
        else dict.open = true;
      }
      return dict;
    },
  ],
  [
    "builtins.str",
    ({ positional: [value] }, { rt }) =>
      textOf(value ?? "") ?? rt.unknown(`str(${nameOf(value ?? "")})`, "depends on a value that is not known"),
  ],
  [
    "builtins.repr",
    ({ positional: [value] }, { rt }) =>
      quotedText(value ?? null) ?? rt.unknown("repr(...)", "depends on a value that is not known"),
  ],
  ["builtins.int", (args, { rt }) => number(args, Math.trunc, "int", rt)],
  ["builtins.float", (args, { rt }) => number(args, (value) => value, undefined, rt)],
  [
    "builtins.bool",
    ({ positional: [value] }, { rt }) =>
      truth(value ?? false) ?? rt.unknown(`bool(${nameOf(value ?? null)})`, "is not known"),
  ],
  ["builtins.abs", (args, { rt }) => number(args, Math.abs, undefined, rt)],
  [
    "builtins.round",
    ({ positional: [value, digits] }, { rt }) => {
      if (typeof value !== "number") return isUnknown(value) ? value : rt.unknown("round(...)", "is not known");
      return Number(value.toFixed(typeof digits === "number" ? Math.min(Math.max(digits, 0), 20) : 0));
    },
  ],
  ["builtins.max", (args, { rt }) => extreme(args, "max", rt)],
  ["builtins.min", (args, { rt }) => extreme(args, "min", rt)],
  [
    "builtins.sum",
    ({ positional: [values] }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      if (!open && items.every((item) => typeof item === "number")) return items.reduce((sum, item) => sum + item, 0);
      return rt.unknown(`sum(${nameOf(values ?? null)})`, "is a sum over data that is not known");
    },
  ],
  [
    "builtins.sorted",
    ({ positional: [values] }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      return rt.list(sorted(items) ?? [...items], open);
    },
  ],
  [
    "builtins.reversed",
    ({ positional: [values] }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      return rt.list(items.toReversed(), open);
    },
  ],
  [
    "builtins.any",
    ({ positional: [values] }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      if (items.some((item) => truth(item) === true)) return true;
      return open || items.some((item) => truth(item) === undefined) ? rt.unknown("any(...)", "is not known") : false;
    },
  ],
  [
    "builtins.all",
    ({ positional: [values] }, { rt }) => {
      const { items, open } = itemsOf(values ?? null, rt);
      if (items.some((item) => truth(item) === false)) return false;
      return open || items.some((item) => truth(item) === undefined) ? rt.unknown("all(...)", "is not known") : true;
    },
  ],
  [
    "builtins.isinstance",
    ({ positional: [value, cls] }, { rt }) =>
      isInstance(value ?? null, cls ?? null) ?? rt.unknown("isinstance(...)", "is not known"),
  ],
  ["builtins.print", () => null],
  ["builtins.hasattr", (_args, { rt }) => rt.unknown("hasattr(...)", "is not known")],
  [
    "builtins.getattr",
    ({ positional: [object, name] }, { rt }) =>
      typeof name === "string" ? rt.attribute(object ?? null, name) : rt.unknown("getattr(...)", "is not known"),
  ],
  [
    "builtins.type",
    ({ positional: [value] }, { rt }) =>
      value instanceof PyInstance ? value.cls : rt.unknown("type(...)", "is not known"),
  ],
  ["math.ceil", (args, { rt }) => number(args, Math.ceil, undefined, rt)],
  ["math.floor", (args, { rt }) => number(args, Math.floor, "int", rt)],
  ["math.sqrt", (args, { rt }) => number(args, Math.sqrt, undefined, rt)],
  ["math.log", (args, { rt }) => number(args, Math.log, undefined, rt)],
  ["math.log2", (args, { rt }) => number(args, Math.log2, undefined, rt)],
  ["math.log10", (args, { rt }) => number(args, Math.log10, undefined, rt)],
  ["math.exp", (args, { rt }) => number(args, Math.exp, undefined, rt)],
  [
    "math.pow",
    ({ positional: [a, b] }, { rt }) =>
      typeof a === "number" && typeof b === "number" ? a ** b : rt.unknown("pow(...)", "is not known"),
  ],
  ["copy.deepcopy", ({ positional: [value] }) => value ?? null],
  ["copy.copy", ({ positional: [value] }) => value ?? null],
  ["collections.OrderedDict", (args) => dictFrom(args)],
  [
    "collections.defaultdict",
    () => {
      const dict = new PyDict();
      dict.open = true;
      return dict;
    },
  ],
  [
    "collections.Counter",
    ({ positional: [values] }, { rt }) => {
      const counts = new PyDict(rt.uncertain);
      const { items, open } = values === undefined ? { items: [], open: true } : itemsOf(values, rt);
      for (const item of items) {
        const before = counts.get(item);
        counts.set(item, typeof before === "number" ? before + 1 : 1);
      }
      counts.open = open;
      return counts;
    },
  ],
]);

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["builtins.__name__", "__main__"],
  ["math.pi", Math.PI],
  ["math.e", Math.E],
]);

/** A builtin or function of the standard library by its path, or undefined. */
export function pythonMember(path: string, machine: Machine): Value | undefined {
  const constant = CONSTANTS.get(path);
  if (constant !== undefined) return constant;
  const body = FUNCTIONS.get(path);
  return body === undefined ? undefined : new NativeFunction(path.split(".").at(-1)!, (args) => body(args, machine));
}

function range({ positional }: CallArguments, { rt }: Machine): Value {
  const sizes = positional.map((value) =>
    isSize(value) ? value : typeof value === "boolean" ? Number(value) : undefined,
  );
  if (sizes.length === 0 || sizes.includes(undefined))
    return rt.unknown("range(...)", "runs over numbers that are not known");
  const [a, b, step] = sizes;
  return b === undefined ? new PyRange(0, a!, 1) : new PyRange(a!, b, step ?? 1);
}

/** `int`, `float` and functions of one number. */
function number(
  { positional: [value] }: CallArguments,
  compute: (value: number) => number,
  operator: "int" | undefined,
  rt: Runtime,
): Value {
  if (value === undefined) return 0;
  const given =
    typeof value === "string" && value.trim() !== ""
      ? Number(value)
      : typeof value === "boolean"
        ? Number(value)
        : value;
  if (typeof given === "number") {
    const result = compute(given);
    return Number.isFinite(result) ? result : rt.unknown(`${nameOf(value)}`, "is no finite number");
  }
  if (isUnknown(given)) return operator === undefined ? given : rt.combine(operator, [given]);
  return given instanceof ArrayValue ? given : rt.unknown(`int(${nameOf(value)})`, "is not a number that is known");
}

function extreme(args: CallArguments, which: "max" | "min", rt: Runtime): Value {
  const single = args.positional.length === 1;
  const { items, open } = single ? itemsOf(args.positional[0]!, rt) : { items: args.positional, open: false };
  if (open)
    return rt.unknown(`${which}(${nameOf(args.positional[0] ?? null)})`, "depends on data that the code does not show");
  const key = args.keywords.get("key");
  const keyed = items.map((item) => ({
    item,
    key: key === undefined ? item : rt.call(key, { positional: [item], keywords: new Map(), at: args.at }),
  }));
  let best = keyed[0];
  for (const candidate of keyed.slice(1)) {
    const order = orderOf(candidate.key, best!.key);
    if (order === undefined) {
      return items.every(isSize)
        ? rt.combine(which, items)
        : rt.unknown(`${which}(...)`, "depends on data that the code does not show");
    }
    if (which === "max" ? order > 0 : order < 0) best = candidate;
  }
  if (best !== undefined) return best.item;
  const otherwise = args.keywords.get("default");
  return otherwise === undefined ? rt.unknown(`${which}(...)`, "is taken of nothing") : otherwise;
}

function isInstance(value: Value, cls: Value): boolean | undefined {
  if (cls instanceof PyTuple) {
    const results = cls.items.map((item) => isInstance(value, item));
    return results.includes(true) ? true : results.includes(undefined) ? undefined : false;
  }
  if (isUnknown(value)) return undefined;
  if (isObject(cls) && cls.kind === "native") {
    if (cls.name === "int") return typeof value === "number" && Number.isInteger(value);
    if (cls.name === "float") return typeof value === "number" && !Number.isInteger(value);
    if (cls.name === "str") return typeof value === "string";
    if (cls.name === "bool") return typeof value === "boolean";
    return isObject(value) && value.kind === cls.name;
  }
  if (cls instanceof KerasClass) {
    if (!isObject(value)) return false;
    if (value.kind === "layer") return cls.name === "Layer" || value.className === cls.name;
    return value.kind === "model" ? cls.family === "model" || cls.name === "Layer" : false;
  }
  if (cls instanceof PyClass) return value instanceof PyInstance ? inherits(value.cls, cls) : false;
  return undefined;
}

function inherits(cls: PyClass, from: PyClass): boolean {
  return cls === from || cls.bases.some((base) => inherits(base, from));
}
