/**
 * Writes one WebAssembly function: statements, control flow, locals and constants. A kernel's code is written with this and with
 * the instructions; it reads like the loop it emits.
 */
import {
  type Callee,
  type Code,
  callCode,
  dropCode,
  f32x4,
  f64x2,
  type I32,
  i32,
  i32x4,
  type Local,
  makeLocal,
  setLocal,
  type V128,
  type ValueType,
} from "./instructions.ts";
import type { Machine } from "./machine.ts";

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
  | { readonly kind: "prefetch"; readonly address: I32; readonly offset: number }
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

/** A function being written. Statements go where the builder stands: inside the callback of a loop, into that loop. */
export class FunctionBuilder {
  readonly machine: Machine;
  readonly #parameterCount: number;
  readonly #locals: ValueType[] = [];
  readonly #names: string[];
  readonly #entry: Statement[] = [];
  readonly #constants = new Map<string, Local<"v128">>();
  #statements: Statement[] = [];

  constructor(machine: Machine, parameters: readonly (readonly [string, ValueType])[]) {
    this.machine = machine;
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

  /** Equal float32 lanes, loaded into a local once at function entry (V8 builds vector constants anew at each use). */
  splat(value: number): V128 {
    return this.#constant(`f${Object.is(value, -0) ? "-0" : value}`, f32x4.const(value), `f32(${value})`);
  }

  /** Equal 32-bit whole numbers or bit masks, loaded once at function entry. */
  splatI32(value: number): V128 {
    return this.#constant(`i${value | 0}`, i32x4.const(value), `i32(${value})`);
  }

  /** Two equal float64 lanes, loaded once at function entry. */
  splatF64(value: number): V128 {
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

  /** Asks for memory that is read soon; WebAssembly has no word for it. */
  prefetch(address: I32, offset: number): void {
    if (this.machine.target === "c") this.#statements.push({ kind: "prefetch", address, offset });
  }

  /** A line for the reader of the text form. */
  comment(text: string): void {
    this.#statements.push({ kind: "comment", text });
  }

  /** a · b + c, fused where the machine can. */
  madd(a: V128, b: V128, c: V128): V128 {
    return this.machine.fused ? f32x4.relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** c - a · b, fused where the machine can. */
  nmadd(a: V128, b: V128, c: V128): V128 {
    return this.machine.fused ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
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

  #constant(key: string, value: V128, name: string): V128 {
    // A C compiler does better when it chooses the register itself.
    if (this.machine.target === "c") return value;
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
