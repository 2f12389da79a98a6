/**
 * What the interpreter computes with. User text never becomes a key of a plain object: names live in Maps.
 * Keras's own objects (layers, tensors, models) are in keras-graph.ts and arrive here as `KerasValue`.
 */
import type { Expression, Parameter, Statement } from "./ast.ts";
import type { Position } from "./document.ts";
import type { KerasLayer, KerasModel, SymbolicTensor } from "./keras-graph.ts";
import type { Size, Unknown } from "./unknown.ts";

export type Value =
  | null
  | boolean
  | number
  | string
  | PyList
  | PyTuple
  | PyDict
  | PySet
  | PyRange
  | PySlice
  | PyEllipsis
  | PyFunction
  | PyClass
  | PyInstance
  | PySuper
  | ModuleValue
  | NativeFunction
  | ArrayValue
  | KerasClass
  | KerasObject
  | KerasLayer
  | KerasModel
  | SymbolicTensor
  | Unknown;

/** A list; `open` once something was appended an unknown number of times, after which its items are only examples. */
export class PyList {
  readonly kind = "list";
  items: Value[];
  open: boolean;
  label: string | undefined;
  /** How many uncertain blocks it was made inside of; see Runtime.uncertain. */
  readonly madeIn: number;

  constructor(items: Value[], open = false, madeIn = 0) {
    this.items = items;
    this.open = open;
    this.madeIn = madeIn;
  }
}

export class PyTuple {
  readonly kind = "tuple";
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A dict; keys are compared by `keyOf`. */
export class PyDict {
  readonly kind = "dict";
  readonly entries = new Map<string, { key: Value; value: Value }>();
  open = false;
  label: string | undefined;
  readonly madeIn: number;

  constructor(madeIn = 0) {
    this.madeIn = madeIn;
  }

  get(key: Value): Value | undefined {
    return this.entries.get(keyOf(key))?.value;
  }

  set(key: Value, value: Value): void {
    this.entries.set(keyOf(key), { key, value });
  }
}

export class PySet {
  readonly kind = "set";
  readonly entries = new Map<string, Value>();
  open = false;
  label: string | undefined;
  readonly madeIn: number;

  constructor(items: Iterable<Value> = [], madeIn = 0) {
    for (const item of items) this.entries.set(keyOf(item), item);
    this.madeIn = madeIn;
  }
}

/** `range(start, stop, step)`, kept as its three numbers. */
export class PyRange {
  readonly kind = "range";
  readonly start: Size;
  readonly stop: Size;
  readonly step: Size;

  constructor(start: Size, stop: Size, step: Size) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

export class PySlice {
  readonly kind = "slice";
  readonly start: Value;
  readonly stop: Value;
  readonly step: Value;

  constructor(start: Value, stop: Value, step: Value) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

export class PyEllipsis {
  readonly kind = "ellipsis";
}

/** A `def` or `lambda` with the scope it was written in. */
export class PyFunction {
  readonly kind = "function";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly defaults: ReadonlyMap<string, Value>;
  readonly body: readonly Statement[] | Expression;
  readonly scope: Scope;
  readonly cell: number;
  readonly text: string;
  readonly suspends: boolean;
  readonly binding: "plain" | "static" | "class" | "property";
  readonly self: Value | undefined;
  called = false;

  constructor(record: Omit<PyFunction, "kind" | "called">) {
    this.name = record.name;
    this.parameters = record.parameters;
    this.defaults = record.defaults;
    this.body = record.body;
    this.scope = record.scope;
    this.cell = record.cell;
    this.text = record.text;
    this.suspends = record.suspends;
    this.binding = record.binding;
    this.self = record.self;
  }
}

/** A class of the user's; `kerasBase` where it extends Keras's Model or Layer. */
export class PyClass {
  readonly kind = "class";
  readonly name: string;
  readonly bases: readonly PyClass[];
  readonly kerasBase: "Model" | "Layer" | "Sequential" | undefined;
  /** The layer of Keras's that it extends: `LSTM`; undefined for Layer itself. */
  readonly kerasLayer: string | undefined;
  /** A base that is looked up before that layer and is not known, as the code writes it. */
  readonly unknownBase: string | undefined;
  readonly members = new Map<string, Value>();

  constructor(
    name: string,
    bases: readonly PyClass[],
    kerasBase: "Model" | "Layer" | "Sequential" | undefined,
    kerasLayer?: string,
    unknownBase?: string,
  ) {
    this.name = name;
    this.bases = bases;
    this.kerasBase = kerasBase;
    this.kerasLayer = kerasLayer;
    this.unknownBase = unknownBase;
  }

  find(name: string): Value | undefined {
    const own = this.members.get(name);
    if (own !== undefined) return own;
    for (const base of this.bases) {
      const inherited = base.find(name);
      if (inherited !== undefined) return inherited;
    }
    return undefined;
  }
}

export class PyInstance {
  readonly kind = "instance";
  readonly cls: PyClass;
  readonly members = new Map<string, Value>();
  /** The Keras layer or model it acts as, once it was used as one. */
  keras: KerasLayer | KerasModel | undefined;

  constructor(cls: PyClass) {
    this.cls = cls;
  }
}

/** What `super()` gives: looks names up above `above`. */
export class PySuper {
  readonly kind = "super";
  readonly instance: PyInstance;
  readonly above: PyClass;

  constructor(instance: PyInstance, above: PyClass) {
    this.instance = instance;
    this.above = above;
  }
}

/** A module or a name inside a library, by its full path; calling one that is not modelled gives an unknown. */
export class ModuleValue {
  readonly kind = "module";
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** Arguments of one call, after stars were spread. */
export interface CallArguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** True where `**` spread what is known in part or not at all. */
  readonly open?: true;
  readonly at: Position;
}

/** A function of ours that stands for a Python one. */
export class NativeFunction {
  readonly kind = "native";
  readonly name: string;
  readonly call: (args: CallArguments) => Value;

  constructor(name: string, call: (args: CallArguments) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** One axis of an array: a size, an unknown size, or null for any. */
export type Axis = Size | null;

/** An array known by its shape, and by its numbers where they are few and written in the code. */
export class ArrayValue {
  readonly kind = "array";
  readonly shape: readonly Axis[];
  /** True where more axes may follow the known ones. */
  readonly open: boolean;
  readonly data: readonly number[] | undefined;
  label: string | undefined;

  constructor(shape: readonly Axis[], data?: readonly number[], open = false) {
    this.shape = shape;
    this.data = data;
    this.open = open;
  }
}

/** A class of Keras's that builds layers or models: `keras.layers.LSTM`. */
export class KerasClass {
  readonly kind = "keras-class";
  readonly name: string;
  readonly family: "layer" | "model";

  constructor(name: string, family: "layer" | "model") {
    this.name = name;
    this.family = family;
  }
}

/** An initialiser, regulariser, optimizer, loss, metric or callback, as Keras serialises it. */
export class KerasObject {
  readonly kind = "keras-object";
  readonly module: string;
  readonly className: string;
  readonly config: ReadonlyMap<string, Value>;

  constructor(module: string, className: string, config: ReadonlyMap<string, Value>) {
    this.module = module;
    this.className = className;
    this.config = config;
  }
}

/** Variables of the module, a function call or a class body. */
export class Scope {
  readonly variables = new Map<string, Value>();
  readonly parent: Scope | undefined;
  /** Names that `global` or `nonlocal` sends outward. */
  readonly outward = new Set<string>();
  /** The class whose body this is. */
  readonly cls: PyClass | undefined;

  constructor(parent?: Scope, cls?: PyClass) {
    this.parent = parent;
    this.cls = cls;
  }

  find(name: string): Value | undefined {
    const own = this.variables.get(name);
    if (own !== undefined) return own;
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      // Methods do not see the names of the class around them.
      const value = scope.cls !== undefined ? undefined : scope.variables.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(name: string, value: Value): void {
    if (this.outward.has(name)) {
      for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
        if (scope.variables.has(name) || scope.parent === undefined) {
          scope.variables.set(name, value);
          return;
        }
      }
    }
    this.variables.set(name, value);
  }
}

let identities = 0;
const identityOf = new WeakMap<object, number>();

/** A text that is equal for equal keys of dicts and members of sets. */
export function keyOf(value: Value, depth = 0): string {
  if (value === null) return "none";
  if (typeof value === "string") return `s${value}`;
  if (typeof value === "number" || typeof value === "boolean") return `n${Number(value)}`;
  // Deep or long tuples count as different even where they are equal: comparing them may take for ever.
  if (value.kind === "tuple" && value.items.length <= 64 && depth < 4) {
    return `t(${value.items.map((item) => keyOf(item, depth + 1)).join(",")})`;
  }
  const known = identityOf.get(value);
  if (known !== undefined) return `o${known}`;
  identityOf.set(value, ++identities);
  return `o${identities}`;
}

/** True for values with a `kind`, that is, everything but None, booleans, numbers and strings. */
export function isObject(value: Value | undefined): value is Exclude<Value, null | boolean | number | string> {
  return typeof value === "object" && value !== null;
}

export function isSequence(value: Value | undefined): value is PyList | PyTuple {
  return isObject(value) && (value.kind === "list" || value.kind === "tuple");
}

export function isUnknown(value: Value | undefined): value is Unknown {
  return isObject(value) && value.kind === "unknown";
}

/** True for numbers and unknowns, which may turn out to be numbers. */
export function isSize(value: Value | undefined): value is Size {
  return typeof value === "number" || isUnknown(value);
}
