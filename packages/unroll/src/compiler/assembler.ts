/**
 * A small WebAssembly assembler: modules of functions over one memory. A kernel is written as a TypeScript function that reads
 * like the loop it emits; `module.toBytes()` gives the binary, `toWat` (wat.ts) the text. It optimises nothing: V8 does that.
 */
import { ByteWriter } from "./bytes.ts";
import {
  type Callee,
  type Code,
  callCode,
  dropCode,
  f32x4,
  f64x2,
  getGlobalCode,
  type I32,
  i32,
  i32x4,
  type Local,
  makeLocal,
  type ResultType,
  setGlobalCode,
  setLocal,
  type V128,
  type ValueType,
} from "./instructions.ts";

export * from "./instructions.ts";

/** Where a branch goes: the end of a block, or the start of a loop. */
export interface Label {
  readonly kind: "block" | "loop";
}

export type Statement =
  | { readonly kind: "code"; readonly code: Code<"none"> }
  | { readonly kind: "block" | "loop"; readonly label: Label; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly condition: I32;
      readonly whenTrue: readonly Statement[];
      readonly whenFalse: readonly Statement[];
    }
  | { readonly kind: "branch"; readonly label: Label; readonly condition: I32 | undefined }
  | { readonly kind: "return"; readonly value: Code | undefined }
  | { readonly kind: "comment"; readonly text: string };

/** A function of the module, as `call` wants it. */
export interface WasmFunction extends Callee {
  readonly exported: boolean;
  /** The types of its locals after the parameters. */
  readonly locals: readonly ValueType[];
  /** Names of parameters and locals, for the text form. */
  readonly localNames: readonly string[];
  readonly body: readonly Statement[];
}

export interface Global<T extends ValueType = ValueType> {
  readonly type: T;
  readonly name: string;
  readonly initial: Code<T>;
  /** Its value now. */
  get(): Code<T>;
  set(value: Code<T>): Code<"none">;
}

export interface MemoryShape {
  /** Pages of 64 KiB. */
  readonly pages: number;
  /** Needed for shared memory. */
  readonly maximumPages?: number;
  readonly shared?: boolean;
  /** Module and name to import it from; without it the module makes its own and exports it as "memory". */
  readonly from?: readonly [module: string, name: string];
}

type ParameterTypes = Readonly<Record<string, ValueType>>;
type Parameters<P extends ParameterTypes> = { readonly [K in keyof P]: Local<P[K]> };

export interface FunctionOptions<P extends ParameterTypes, R extends ResultType> {
  readonly name: string;
  /** By name, in order. */
  readonly parameters?: P;
  /** Left out = the function returns nothing. */
  readonly result?: R;
  readonly export?: boolean;
}

const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const emptyBlock = 0x40;

/** Whether this engine takes relaxed SIMD now. Node 20 does so only after `v8.setFlagsFromString("--experimental-wasm-relaxed-simd")`. */
export function supportsRelaxedSimd(): boolean {
  const module = new ModuleBuilder({ relaxed: true });
  module.func({ name: "probe", parameters: { a: "v128" }, result: "v128" }, (f, { a }) => f.return(f.madd(a, a, a)));
  return WebAssembly.validate(module.toBytes());
}

/** A module being written: functions in the order of their definition, one memory, globals, data. */
export class ModuleBuilder {
  /** True = `madd` is one fused instruction where the machine has it. */
  readonly relaxed: boolean;
  readonly functions: WasmFunction[] = [];
  readonly globals: Global[] = [];
  readonly segments: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #memory: MemoryShape | undefined;

  /** `relaxed` left out = what the engine supports; false forces multiply, then add. */
  constructor({ relaxed = supportsRelaxedSimd() }: { relaxed?: boolean } = {}) {
    this.relaxed = relaxed;
  }

  get memory(): MemoryShape | undefined {
    return this.#memory;
  }

  /** Says which memory the functions use; may be called last, when the size is known. */
  useMemory(shape: MemoryShape): void {
    this.#memory = shape;
  }

  /**
   * Adds a function: `body` is called once with a builder and the parameters.
   *
   * @example
   * const twice = module.func({ name: "twice", parameters: { x: "f32" }, result: "f32" },
   *   (f, { x }) => f.return(f32.add(x, x)));
   */
  func<const P extends ParameterTypes = Record<never, never>, const R extends ResultType = "none">(
    options: FunctionOptions<P, R>,
    body: (f: FunctionBuilder, parameters: Parameters<P>) => void,
  ): WasmFunction & { readonly result: R } {
    const parameters = Object.entries(options.parameters ?? {});
    const f = new FunctionBuilder(this, parameters);
    const locals = parameters.map(([name, type], index) => [name, makeLocal(type, index)]);
    body(f, Object.fromEntries(locals) as Parameters<P>); // the same names with their types
    const result = {
      name: options.name,
      parameters: parameters.map(([, type]) => type),
      result: (options.result ?? "none") as R, // the default of R
      exported: options.export ?? false,
      ...f.finish(),
    };
    this.functions.push(result);
    return result;
  }

  /** A mutable number that functions share. */
  global<T extends "i32" | "f32">(name: string, type: T, initial: Code<T>): Global<T> {
    const index = this.globals.length;
    const global: Global<T> = {
      type,
      name,
      initial,
      get: () => getGlobalCode(type, index),
      set: (value) => setGlobalCode(index, value),
    };
    this.globals.push(global as unknown as Global); // T only narrows what may be set
    return global;
  }

  /** Bytes that lie at `offset` when the module is instantiated. */
  data(offset: number, bytes: Uint8Array): void {
    this.segments.push({ offset, bytes });
  }

  /** The binary form. Source: WebAssembly core specification 2.0, section 5.5 (modules). */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    const signatures = new Map<string, number>();
    const signatureOf = (callee: Callee): number => {
      const key = `${callee.parameters.join()}:${callee.result}`;
      const index = signatures.get(key) ?? signatures.size;
      signatures.set(key, index);
      return index;
    };
    for (const callee of this.functions) signatureOf(callee);
    const memory = this.#memory;
    const writeMemory = (s: ByteWriter, shape: MemoryShape): void => {
      s.byte((shape.maximumPages === undefined ? 0 : 1) + (shape.shared === true ? 2 : 0));
      s.unsigned(shape.pages);
      if (shape.maximumPages !== undefined) s.unsigned(shape.maximumPages);
    };
    out.section(1, signatures.size, (s) => {
      for (const key of signatures.keys()) writeSignature(s, key);
    });
    out.section(2, memory?.from === undefined ? 0 : 1, (s) => {
      s.name(memory!.from![0]);
      s.name(memory!.from![1]);
      s.byte(2);
      writeMemory(s, memory!);
    });
    out.section(3, this.functions.length, (s) => {
      for (const callee of this.functions) s.unsigned(signatureOf(callee));
    });
    const ownMemory = memory !== undefined && memory.from === undefined;
    out.section(5, ownMemory ? 1 : 0, (s) => writeMemory(s, memory!));
    const index = new Map<Callee, number>(this.functions.map((callee, i) => [callee, i]));
    out.section(6, this.globals.length, (s) => {
      for (const global of this.globals) {
        s.byte(typeCode[global.type]);
        s.byte(1);
        writeCode(s, global.initial, index);
        s.byte(0x0b);
      }
    });
    const exported = this.functions.filter((callee) => callee.exported);
    out.section(7, exported.length + (ownMemory ? 1 : 0), (s) => {
      if (ownMemory) {
        s.name("memory");
        s.byte(2);
        s.unsigned(0);
      }
      for (const callee of exported) {
        s.name(callee.name);
        s.byte(0);
        s.unsigned(index.get(callee)!);
      }
    });
    out.section(10, this.functions.length, (s) => {
      for (const callee of this.functions) s.sized((inner) => writeFunction(inner, callee, index));
    });
    out.section(11, this.segments.length, (s) => {
      for (const { offset, bytes } of this.segments) {
        s.byte(0);
        writeCode(s, i32.const(offset), index);
        s.byte(0x0b);
        s.unsigned(bytes.length);
        s.bytes(bytes);
      }
    });
    this.#writeNames(out);
    return out.view();
  }

  /** The custom section that debuggers and profilers read. */
  #writeNames(out: ByteWriter): void {
    out.byte(0);
    out.sized((s) => {
      s.name("name");
      s.byte(1);
      s.sized((names) => {
        names.unsigned(this.functions.length);
        for (const [i, callee] of this.functions.entries()) {
          names.unsigned(i);
          names.name(callee.name);
        }
      });
    });
  }
}

/** A function being written. Statements go where the builder stands: inside the callback of a loop, into that loop. */
export class FunctionBuilder {
  readonly module: ModuleBuilder;
  readonly #parameterCount: number;
  readonly #locals: ValueType[] = [];
  readonly #names: string[];
  readonly #entry: Statement[] = [];
  readonly #constants = new Map<string, Local<"v128">>();
  #statements: Statement[] = [];

  constructor(module: ModuleBuilder, parameters: readonly (readonly [string, ValueType])[]) {
    this.module = module;
    this.#parameterCount = parameters.length;
    this.#names = parameters.map(([name]) => name);
  }

  /** A new local, 0 at first. */
  local<T extends ValueType>(type: T, name = ""): Local<T> {
    const index = this.#parameterCount + this.#locals.length;
    this.#locals.push(type);
    this.#names.push(name);
    return makeLocal(type, index);
  }

  i32(name?: string): Local<"i32"> {
    return this.local("i32", name);
  }
  f32(name?: string): Local<"f32"> {
    return this.local("f32", name);
  }
  v128(name?: string): Local<"v128"> {
    return this.local("v128", name);
  }

  /** A new local that holds `value`. */
  let<T extends ValueType>(value: Code<T>, name?: string): Local<T> {
    const local = this.local(value.type, name);
    this.set(local, value);
    return local;
  }

  /** Four equal float32 lanes, loaded into a local once at function entry (V8 builds vector constants anew at each use). */
  splat(value: number): Local<"v128"> {
    return this.#constant(`f${Object.is(value, -0) ? "-0" : value}`, f32x4.const(value), `f32(${value})`);
  }

  /** Four equal 32-bit whole numbers or bit masks, loaded once at function entry. */
  splatI32(value: number): Local<"v128"> {
    return this.#constant(`i${value | 0}`, i32x4.const(value), `i32(${value})`);
  }

  /** Two equal float64 lanes, loaded once at function entry. */
  splatF64(value: number): Local<"v128"> {
    return this.#constant(`d${value}`, f64x2.const(value), `f64(${value})`);
  }

  /** Code that runs once, before everything else of the function, into a local. */
  atEntry<T extends ValueType>(value: Code<T>, name?: string): Local<T> {
    const local = this.local(value.type, name);
    this.#entry.push({ kind: "code", code: setLocal(local, value) });
    return local;
  }

  /** Runs code that leaves nothing: a store, a call. */
  do(code: Code<"none">): void {
    this.#statements.push({ kind: "code", code });
  }

  set<T extends ValueType>(local: Local<T>, value: Code<T>): void {
    this.do(setLocal(local, value));
  }

  /** local += amount */
  increase(local: Local<"i32">, amount: I32 | number): void {
    if (amount !== 0) this.set(local, i32.add(local, amount));
  }

  /** A call whose result (if any) is dropped. */
  call(callee: Callee, ...operands: Code[]): void {
    const code = callCode(callee, operands);
    this.do(code.type === "none" ? (code as Code<"none">) : dropCode(code)); // checked on this line
  }

  /** A call as an operand. */
  callResult<R extends ValueType>(callee: Callee & { readonly result: R }, ...operands: Code[]): Code<R> {
    return callCode(callee, operands) as Code<R>; // a call has its callee's result type
  }

  return(value?: Code): void {
    this.#statements.push({ kind: "return", value });
  }

  /** A line for the reader of the text form. */
  comment(text: string): void {
    this.#statements.push({ kind: "comment", text });
  }

  /** a · b + c, fused where the module is relaxed. */
  madd(a: V128, b: V128, c: V128): V128 {
    return this.module.relaxed ? f32x4.relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** c - a · b, fused where the module is relaxed. */
  nmadd(a: V128, b: V128, c: V128): V128 {
    return this.module.relaxed ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
  }

  /** `branch(label)` inside leaves the block. */
  block(body: (label: Label) => void): void {
    this.#nest("block", body);
  }

  /** `branch(label)` inside starts the body again; without a branch it runs once. */
  loop(body: (label: Label) => void): void {
    this.#nest("loop", body);
  }

  branch(label: Label, condition?: I32): void {
    this.#statements.push({ kind: "branch", label, condition });
  }

  if(condition: I32, whenTrue: () => void, whenFalse: () => void = () => {}): void {
    this.#statements.push({
      kind: "if",
      condition,
      whenTrue: this.#collect(whenTrue),
      whenFalse: this.#collect(whenFalse),
    });
  }

  /** Runs the body, then again while `condition` is not 0: the form for tiles whose values all fit into registers. */
  doWhile(body: () => void, condition: () => I32): void {
    this.loop((again) => {
      body();
      this.branch(again, condition());
    });
  }

  /**
   * `while (condition) body`, for the inner loop of products that hold more values than there are registers. V8 unrolls a
   * loop by copying its body and then spills; it leaves loops with a loop inside alone, hence the empty one.
   */
  whileLoop(condition: I32, body: () => void): void {
    this.block((end) => {
      this.loop((again) => {
        this.loop(() => {});
        this.branch(end, i32.eqz(condition));
        body();
        this.branch(again);
      });
    });
  }

  /**
   * `for (index = start; index < end; index += step) body`, compared without sign, so that addresses may be counted. With numbers for start and end the test is left out where it
   * is known: no iteration emits nothing, a single one emits the body without a loop.
   */
  forLoop(index: Local<"i32">, start: I32 | number, end: I32 | number, step: number, body: () => void): void {
    const known = typeof start === "number" && typeof end === "number";
    if (known && end <= start) return;
    this.set(index, typeof start === "number" ? i32.const(start) : start);
    if (known && start + step >= end) {
      body();
      return;
    }
    const run = (): void =>
      this.doWhile(
        () => {
          body();
          this.increase(index, step);
        },
        () => i32.ltU(index, end),
      );
    if (known) run();
    else this.if(i32.ltU(index, end), run);
  }

  /** What was written, for `ModuleBuilder.func`. */
  finish(): Pick<WasmFunction, "locals" | "localNames" | "body"> {
    return { locals: this.#locals, localNames: this.#names, body: [...this.#entry, ...this.#statements] };
  }

  #constant(key: string, value: V128, name: string): Local<"v128"> {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const local = this.atEntry(value, name);
    this.#constants.set(key, local);
    return local;
  }

  #nest(kind: "block" | "loop", body: (label: Label) => void): void {
    const label: Label = { kind };
    const statements = this.#collect(() => body(label));
    this.#statements.push({ kind, label, body: statements });
  }

  #collect(body: () => void): Statement[] {
    const outer = this.#statements;
    this.#statements = [];
    body();
    const inner = this.#statements;
    this.#statements = outer;
    return inner;
  }
}

function writeSignature(out: ByteWriter, key: string): void {
  const [parameters, result] = key.split(":") as [string, ResultType];
  const types = parameters === "" ? [] : (parameters.split(",") as ValueType[]);
  out.byte(0x60);
  out.unsigned(types.length);
  for (const type of types) out.byte(typeCode[type]);
  out.unsigned(result === "none" ? 0 : 1);
  if (result !== "none") out.byte(typeCode[result]);
}

function writeFunction(out: ByteWriter, callee: WasmFunction, index: ReadonlyMap<Callee, number>): void {
  const runs: [count: number, type: ValueType][] = [];
  for (const type of callee.locals) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  out.unsigned(runs.length);
  for (const [count, type] of runs) {
    out.unsigned(count);
    out.byte(typeCode[type]);
  }
  writeStatements(out, callee.body, [], index);
  // Results leave by `return`; the validator wants to hear that the end is not reached.
  if (callee.result !== "none") out.byte(0x00);
  out.byte(0x0b);
}

function writeStatements(
  out: ByteWriter,
  statements: readonly Statement[],
  labels: readonly (Label | undefined)[],
  index: ReadonlyMap<Callee, number>,
): void {
  for (const statement of statements) {
    switch (statement.kind) {
      case "code":
        writeCode(out, statement.code, index);
        break;
      case "block":
      case "loop":
        out.bytes([statement.kind === "block" ? 0x02 : 0x03, emptyBlock]);
        writeStatements(out, statement.body, [statement.label, ...labels], index);
        out.byte(0x0b);
        break;
      case "if":
        writeCode(out, statement.condition, index);
        out.bytes([0x04, emptyBlock]);
        writeStatements(out, statement.whenTrue, [undefined, ...labels], index);
        if (statement.whenFalse.length > 0) {
          out.byte(0x05);
          writeStatements(out, statement.whenFalse, [undefined, ...labels], index);
        }
        out.byte(0x0b);
        break;
      case "branch": {
        if (statement.condition !== undefined) writeCode(out, statement.condition, index);
        const depth = labels.indexOf(statement.label);
        if (depth < 0) throw new Error("assembler: a branch must be inside its block or loop");
        out.byte(statement.condition === undefined ? 0x0c : 0x0d);
        out.unsigned(depth);
        break;
      }
      case "return":
        if (statement.value !== undefined) writeCode(out, statement.value, index);
        out.byte(0x0f);
        break;
      case "comment":
        break;
    }
  }
}

function writeCode(out: ByteWriter, code: Code, index: ReadonlyMap<Callee, number>): void {
  for (const operand of code.operands) writeCode(out, operand, index);
  if (code.prefix === 0) out.byte(code.opcode);
  else {
    out.byte(code.prefix);
    out.unsigned(code.opcode);
  }
  const { immediate } = code;
  switch (immediate.kind) {
    case "none":
      // The typed select lists the types it chooses between.
      if (code.prefix === 0 && code.opcode === 0x1c) out.bytes([1, typeCode.v128]);
      break;
    case "index":
    case "global":
      out.unsigned(immediate.index);
      break;
    case "call": {
      const callee = index.get(immediate.callee);
      if (callee === undefined) throw new Error(`assembler: ${immediate.callee.name} is not in this module`);
      out.unsigned(callee);
      break;
    }
    case "i32":
      out.signed(immediate.value);
      break;
    case "f32":
      out.float32(immediate.value);
      break;
    case "f64":
      out.float64(immediate.value);
      break;
    case "lanes":
      for (const lane of immediate.lanes) {
        if (immediate.format === "f32x4") out.float32(lane);
        else if (immediate.format === "f64x2") out.float64(lane);
        else for (let byte = 0; byte < 4; byte++) out.byte((lane >> (8 * byte)) & 0xff);
      }
      break;
    case "memory":
      out.unsigned(Math.log2(immediate.alignment));
      out.unsigned(immediate.offset);
      if (immediate.lane !== undefined) out.byte(immediate.lane);
      break;
    case "lane":
      out.byte(immediate.lane);
      break;
    case "shuffle":
      out.bytes(immediate.bytes);
      break;
  }
}
