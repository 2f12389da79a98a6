/**
 * WebAssembly's instructions as functions from operands to code: `f32x4.add(a, f32x4.mul(b, 0.5))`. Code is a tree of plain
 * data that assembler.ts encodes and wat.ts prints. A piece of code used twice is computed twice: give it a local.
 */

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
export type ResultType = ValueType | "none";

/** What stands in the instruction beside its opcode. */
export type Immediate =
  | { readonly kind: "none" }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "global"; readonly index: number }
  | { readonly kind: "call"; readonly callee: Callee }
  | { readonly kind: "i32" | "f32" | "f64"; readonly value: number }
  | { readonly kind: "lanes"; readonly format: "f32x4" | "i32x4" | "f64x2"; readonly lanes: readonly number[] }
  | { readonly kind: "memory"; readonly offset: number; readonly alignment: number; readonly lane?: number }
  | { readonly kind: "lane"; readonly lane: number }
  | { readonly kind: "shuffle"; readonly bytes: readonly number[] };

/** An instruction with its operands; `type` is what it leaves on the stack. */
export interface Code<T extends ResultType = ResultType> {
  readonly type: T;
  /** Its name in the text format: "f32x4.add". */
  readonly name: string;
  readonly opcode: number;
  /** 0 for one-byte opcodes, 0xfc or 0xfd for the prefixed ones. */
  readonly prefix: 0 | 0xfc | 0xfd;
  readonly operands: readonly Code[];
  readonly immediate: Immediate;
}

/** A function that can be called; its index is known when the module is finished. */
export interface Callee {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ResultType;
}

/** A local variable or parameter. Used as an operand it means `local.get`. */
export interface Local<T extends ValueType = ValueType> extends Code<T> {
  readonly index: number;
}

export type I32 = Code<"i32">;
export type F32 = Code<"f32">;
export type V128 = Code<"v128">;

/** How an operand is given; numbers become constants (in every lane for the vector kinds). */
interface OperandKinds {
  i32: I32 | number;
  f32: F32 | number;
  f64: Code<"f64"> | number;
  v128: V128;
  f32x4: V128 | number;
  i32x4: V128 | number;
  f64x2: V128 | number;
}
type Kind = keyof OperandKinds;
type Operands<P extends readonly Kind[]> = { [I in keyof P]: OperandKinds[P[I]] };

const none: Immediate = { kind: "none" };

function node<T extends ResultType>(
  type: T,
  name: string,
  encoding: Encoding,
  operands: readonly Code[],
  immediate: Immediate = none,
): Code<T> {
  // Thousands of nodes are made by code that V8 still interprets: destructuring an array there costs more than all the rest.
  return { type, name, prefix: encoding[0], opcode: encoding[1], operands, immediate };
}

function toCode(kind: Kind, operand: Code | number): Code {
  if (typeof operand !== "number") return operand;
  switch (kind) {
    case "i32":
      return i32.const(operand);
    case "f32":
      return f32.const(operand);
    case "f64":
      return f64.const(operand);
    case "i32x4":
      return i32x4.const(operand);
    case "f64x2":
      return f64x2.const(operand);
    default:
      return f32x4.const(operand);
  }
}

type Encoding = readonly [0 | 0xfc | 0xfd, number];
const plain = (opcode: number): Encoding => [0, opcode];
const vector = (opcode: number): Encoding => [0xfd, opcode];

function op<const P extends readonly Kind[], R extends ResultType>(
  name: string,
  encoding: Encoding,
  parameters: P,
  result: R,
): (...operands: Operands<P>) => Code<R> {
  return (...operands) => {
    const given = operands as readonly (Code | number)[]; // a mapped tuple of these
    const codes: Code[] = [];
    for (let i = 0; i < given.length; i++) codes.push(toCode(parameters[i]!, given[i]!));
    return node(result, name, encoding, codes);
  };
}

function load<R extends ValueType>(name: string, encoding: Encoding, alignment: number, result: R) {
  return (address: I32 | number, offset = 0): Code<R> =>
    node(result, name, encoding, [toCode("i32", address)], { kind: "memory", offset, alignment });
}

function store<K extends Kind>(name: string, encoding: Encoding, alignment: number, kind: K) {
  return (address: I32 | number, value: OperandKinds[K], offset = 0): Code<"none"> =>
    node("none", name, encoding, [toCode("i32", address), toCode(kind, value)], { kind: "memory", offset, alignment });
}

const i32Binary = (name: string, opcode: number) => op(`i32.${name}`, plain(opcode), ["i32", "i32"], "i32");
export const i32 = {
  const: (value: number): I32 => node("i32", "i32.const", [0, 0x41], [], { kind: "i32", value }),
  load: load("i32.load", [0, 0x28], 4, "i32"),
  store: store("i32.store", [0, 0x36], 4, "i32"),
  eqz: op("i32.eqz", [0, 0x45], ["i32"], "i32"),
  eq: i32Binary("eq", 0x46),
  ne: i32Binary("ne", 0x47),
  ltU: i32Binary("lt_u", 0x49),
  gtS: i32Binary("gt_s", 0x4a),
  add: i32Binary("add", 0x6a),
  sub: i32Binary("sub", 0x6b),
  mul: i32Binary("mul", 0x6c),
  divU: i32Binary("div_u", 0x6e),
  remU: i32Binary("rem_u", 0x70),
  and: i32Binary("and", 0x71),
  truncSatF32: op("i32.trunc_sat_f32_s", [0xfc, 0], ["f32"], "i32"),
} as const;

const f32Binary = (name: string, opcode: number) => op(`f32.${name}`, plain(opcode), ["f32", "f32"], "f32");
const f32Compare = (name: string, opcode: number) => op(`f32.${name}`, plain(opcode), ["f32", "f32"], "i32");
export const f32 = {
  const: (value: number): F32 => node("f32", "f32.const", [0, 0x43], [], { kind: "f32", value }),
  load: load("f32.load", [0, 0x2a], 4, "f32"),
  store: store("f32.store", [0, 0x38], 4, "f32"),
  gt: f32Compare("gt", 0x5e),
  ge: f32Compare("ge", 0x60),
  add: f32Binary("add", 0x92),
  sub: f32Binary("sub", 0x93),
  div: f32Binary("div", 0x95),
  min: f32Binary("min", 0x96),
  max: f32Binary("max", 0x97),
  convertI32: op("f32.convert_i32_s", [0, 0xb2], ["i32"], "f32"),
} as const;

const f64Binary = (name: string, opcode: number) => op(`f64.${name}`, plain(opcode), ["f64", "f64"], "f64");
export const f64 = {
  const: (value: number): Code<"f64"> => node("f64", "f64.const", [0, 0x44], [], { kind: "f64", value }),
  load: load("f64.load", [0, 0x2b], 8, "f64"),
  store: store("f64.store", [0, 0x39], 8, "f64"),
  add: f64Binary("add", 0xa0),
  sub: f64Binary("sub", 0xa1),
  mul: f64Binary("mul", 0xa2),
} as const;

const lanesOfWord = (word: number): number[] => [0, 1, 2, 3].map((byte) => 4 * word + byte);
const vBinary = (name: string, opcode: number) => op(`v128.${name}`, vector(opcode), ["v128", "v128"], "v128");
/** Alignment in the instruction is a hint; 4 says that any float32 address will do. */
export const v128 = {
  load: load("v128.load", [0xfd, 0], 4, "v128"),
  store: store("v128.store", [0xfd, 11], 4, "v128"),
  /** One float32 in all four lanes. */
  load32Splat: load("v128.load32_splat", [0xfd, 9], 4, "v128"),
  /** One float32 in lane 0, zeros in the others. */
  load32Zero: load("v128.load32_zero", [0xfd, 92], 4, "v128"),
  load32Lane: (address: I32 | number, into: V128, lane: number, offset = 0): V128 =>
    node("v128", "v128.load32_lane", [0xfd, 86], [toCode("i32", address), into], {
      kind: "memory",
      offset,
      alignment: 4,
      lane,
    }),
  store32Lane: (address: I32 | number, value: V128, lane: number, offset = 0): Code<"none"> =>
    node("none", "v128.store32_lane", [0xfd, 90], [toCode("i32", address), value], {
      kind: "memory",
      offset,
      alignment: 4,
      lane,
    }),
  store64Lane: (address: I32 | number, value: V128, lane: number, offset = 0): Code<"none"> =>
    node("none", "v128.store64_lane", [0xfd, 91], [toCode("i32", address), value], {
      kind: "memory",
      offset,
      alignment: 4,
      lane,
    }),
  not: op("v128.not", [0xfd, 77], ["v128"], "v128"),
  and: vBinary("and", 78),
  /** a and not b */
  andnot: vBinary("andnot", 79),
  or: vBinary("or", 80),
  xor: vBinary("xor", 81),
  /** Bits of `a` where `mask` is 1, else of `b`. */
  bitselect: (a: V128, b: V128, mask: V128): V128 => node("v128", "v128.bitselect", [0xfd, 82], [a, b, mask]),
  /** Four lanes of 32 bits out of the eight of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (a: V128, b: V128, words: readonly [number, number, number, number]): V128 =>
    node("v128", "i8x16.shuffle", [0xfd, 13], [a, b], { kind: "shuffle", bytes: words.flatMap(lanesOfWord) }),
} as const;

const f32x4Binary = (name: string, opcode: number) => op(`f32x4.${name}`, vector(opcode), ["f32x4", "f32x4"], "v128");
const f32x4Unary = (name: string, opcode: number) => op(`f32x4.${name}`, vector(opcode), ["f32x4"], "v128");
export const f32x4 = {
  /** The same number in every lane, or one number a lane. */
  const: (value: number | readonly [number, number, number, number]): V128 =>
    node("v128", "v128.const", [0xfd, 12], [], {
      kind: "lanes",
      format: "f32x4",
      lanes: typeof value === "number" ? [value, value, value, value] : value,
    }),
  splat: op("f32x4.splat", [0xfd, 19], ["f32"], "v128"),
  extractLane: (value: V128, lane: number): F32 =>
    node("f32", "f32x4.extract_lane", [0xfd, 31], [value], { kind: "lane", lane }),
  replaceLane: (value: V128, lane: number, by: F32 | number): V128 =>
    node("v128", "f32x4.replace_lane", [0xfd, 32], [value, toCode("f32", by)], { kind: "lane", lane }),
  eq: f32x4Binary("eq", 65),
  ne: f32x4Binary("ne", 66),
  lt: f32x4Binary("lt", 67),
  gt: f32x4Binary("gt", 68),
  le: f32x4Binary("le", 69),
  ceil: f32x4Unary("ceil", 103),
  floor: f32x4Unary("floor", 104),
  abs: f32x4Unary("abs", 224),
  neg: f32x4Unary("neg", 225),
  sqrt: f32x4Unary("sqrt", 227),
  add: f32x4Binary("add", 228),
  sub: f32x4Binary("sub", 229),
  mul: f32x4Binary("mul", 230),
  div: f32x4Binary("div", 231),
  /** Not a number when either is, as NumPy's minimum. */
  min: f32x4Binary("min", 232),
  max: f32x4Binary("max", 233),
  /** `b < a ? b : a`: one instruction on x86, `a` when either is not a number. */
  pmin: f32x4Binary("pmin", 234),
  /** `a < b ? b : a`: one instruction on x86, `a` when either is not a number. */
  pmax: f32x4Binary("pmax", 235),
  convertI32x4: op("f32x4.convert_i32x4_s", [0xfd, 250], ["i32x4"], "v128"),
  /** a · b + c, rounded once or twice as the machine likes. Prefer `madd` of a function builder, which knows whether it exists. */
  relaxedMadd: op("f32x4.relaxed_madd", [0xfd, 0x105], ["f32x4", "f32x4", "f32x4"], "v128"),
  /** c - a · b */
  relaxedNmadd: op("f32x4.relaxed_nmadd", [0xfd, 0x106], ["f32x4", "f32x4", "f32x4"], "v128"),
} as const;

const i32x4Binary = (name: string, opcode: number) => op(`i32x4.${name}`, vector(opcode), ["i32x4", "i32x4"], "v128");
const i32x4Shift = (name: string, opcode: number) => op(`i32x4.${name}`, vector(opcode), ["i32x4", "i32"], "v128");
export const i32x4 = {
  const: (value: number | readonly number[]): V128 =>
    node("v128", "v128.const", [0xfd, 12], [], {
      kind: "lanes",
      format: "i32x4",
      lanes: typeof value === "number" ? [value, value, value, value] : value,
    }),
  splat: op("i32x4.splat", [0xfd, 17], ["i32"], "v128"),
  eq: i32x4Binary("eq", 55),
  shl: i32x4Shift("shl", 171),
  shrS: i32x4Shift("shr_s", 172),
  add: i32x4Binary("add", 174),
  sub: i32x4Binary("sub", 177),
  mul: i32x4Binary("mul", 181),
  truncSatF32x4: op("i32x4.trunc_sat_f32x4_s", [0xfd, 248], ["f32x4"], "v128"),
} as const;

const f64x2Binary = (name: string, opcode: number) => op(`f64x2.${name}`, vector(opcode), ["f64x2", "f64x2"], "v128");
/** Two float64 lanes, for the few places where float32 would lose too much. */
export const f64x2 = {
  const: (value: number): V128 =>
    node("v128", "v128.const", [0xfd, 12], [], { kind: "lanes", format: "f64x2", lanes: [value, value] }),
  nearest: op("f64x2.nearest", vector(148), ["f64x2"], "v128"),
  add: f64x2Binary("add", 240),
  sub: f64x2Binary("sub", 241),
  mul: f64x2Binary("mul", 242),
  div: f64x2Binary("div", 243),
  pmin: f64x2Binary("pmin", 246),
  pmax: f64x2Binary("pmax", 247),
  /** Float32 lanes 0 and 1 as float64. */
  promoteLow: op("f64x2.promote_low_f32x4", vector(95), ["f32x4"], "v128"),
  /** Both lanes as float32 in lanes 0 and 1, then zeros. */
  demoteZero: op("f32x4.demote_f64x2_zero", vector(94), ["f64x2"], "v128"),
  /** 32-bit whole numbers in lanes 0 and 1 as float64. */
  convertLowI32x4: op("f64x2.convert_low_i32x4_s", vector(254), ["i32x4"], "v128"),
  /** Both lanes as 32-bit whole numbers in lanes 0 and 1, then zeros. */
  truncSatZero: op("i32x4.trunc_sat_f64x2_s_zero", vector(252), ["f64x2"], "v128"),
} as const;

const lanewiseOp = [0, 0] as const;
/** What WebAssembly needs several instructions for and C a loop over the lanes: for modules whose machine is C's only. */
export const lanewise = {
  sum: op("lanes_sum", lanewiseOp, ["f32x4"], "f32"),
  max: op("lanes_max", lanewiseOp, ["f32x4"], "f32"),
  sin: op("lanes_sin", lanewiseOp, ["f32x4"], "v128"),
  cos: op("lanes_cos", lanewiseOp, ["f32x4"], "v128"),
  pow: op("lanes_pow", lanewiseOp, ["f32x4", "f32x4"], "v128"),
  /** Float32 numbers `stride` bytes apart in the first `count` lanes, zeros in the others. */
  gather: (address: I32 | number, stride: number, count: number): V128 =>
    node("v128", "lanes_gather", lanewiseOp, [toCode("i32", address), i32.const(stride), i32.const(count)], {
      kind: "memory",
      offset: 0,
      alignment: 4,
    }),
  /** The first `count` lanes to addresses `stride` bytes apart. */
  scatter: (address: I32 | number, value: V128, stride: number, count: number): Code<"none"> =>
    node("none", "lanes_scatter", lanewiseOp, [toCode("i32", address), value, i32.const(stride), i32.const(count)], {
      kind: "memory",
      offset: 0,
      alignment: 4,
    }),
  /** The first `count` lanes side by side. */
  storeFirst: (address: I32 | number, value: V128, count: number, offset = 0): Code<"none"> =>
    node("none", "lanes_store_first", lanewiseOp, [toCode("i32", address), value, i32.const(count)], {
      kind: "memory",
      offset,
      alignment: 4,
    }),
} as const;

/** `whenTrue` if `condition` is not 0, else `whenFalse`; both are computed. */
export function choose<T extends "i32" | "f32">(whenTrue: Code<T>, whenFalse: Code<T>, condition: I32): Code<T> {
  return node(whenTrue.type, "select", [0, 0x1b], [whenTrue, whenFalse, condition]);
}

/** `select` for vectors: needs the type spelt out. */
export function chooseVector(whenTrue: V128, whenFalse: V128, condition: I32): V128 {
  return node("v128", "select v128", [0, 0x1c], [whenTrue, whenFalse, condition]);
}

export function makeLocal<T extends ValueType>(type: T, index: number): Local<T> {
  const immediate = { kind: "index", index } as const;
  return { type, name: "local.get", prefix: 0, opcode: 0x20, operands: [], immediate, index };
}

export function setLocal<T extends ValueType>(local: Local<T>, value: Code<T>): Code<"none"> {
  return node("none", "local.set", [0, 0x21], [value], { kind: "index", index: local.index });
}

/** Sets the local and gives its new value. */
export function tee<T extends ValueType>(local: Local<T>, value: Code<T>): Code<T> {
  return node(local.type, "local.tee", [0, 0x22], [value], { kind: "index", index: local.index });
}

export function callCode(callee: Callee, operands: readonly Code[]): Code {
  return node(callee.result, "call", [0, 0x10], operands, { kind: "call", callee });
}

export function getGlobalCode<T extends ValueType>(type: T, index: number): Code<T> {
  return node(type, "global.get", [0, 0x23], [], { kind: "global", index });
}

export function setGlobalCode(index: number, value: Code): Code<"none"> {
  return node("none", "global.set", [0, 0x24], [value], { kind: "global", index });
}

export function dropCode(value: Code): Code<"none"> {
  return node("none", "drop", [0, 0x1a], [value]);
}
