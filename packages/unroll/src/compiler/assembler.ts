/**
 * A small WebAssembly assembler: modules of functions over one memory. A kernel is written as a TypeScript function that reads
 * like the loop it emits; `module.toBytes()` gives the binary, `toWat` (wat.ts) the text. It optimises nothing: V8 does that.
 */
import { ByteWriter } from "./bytes.ts";
import { typeCode, writeCode, writeFunction, writeSignature } from "./encode.ts";
import { FunctionBuilder, type WasmFunction } from "./function-builder.ts";
import {
  type Callee,
  type Code,
  getGlobalCode,
  i32,
  type Local,
  makeLocal,
  type ResultType,
  setGlobalCode,
  type ValueType,
} from "./instructions.ts";
import { type Machine, wasmMachine } from "./machine.ts";

export * from "./function-builder.ts";
export * from "./instructions.ts";

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

/** Whether this engine takes relaxed SIMD now. Node 20 does so only after `v8.setFlagsFromString("--experimental-wasm-relaxed-simd")`. */
export function supportsRelaxedSimd(): boolean {
  const module = new ModuleBuilder(wasmMachine(true));
  module.func({ name: "probe", parameters: { a: "v128" }, result: "v128" }, (f, { a }) => f.return(f.madd(a, a, a)));
  return WebAssembly.validate(module.toBytes());
}

/** A module being written: functions in the order of their definition, one memory, globals, data. */
export class ModuleBuilder {
  readonly machine: Machine;
  readonly functions: WasmFunction[] = [];
  readonly globals: Global[] = [];
  readonly segments: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #memory: MemoryShape | undefined;

  /** Left out = WebAssembly as this engine has it. */
  constructor(machine: Machine = wasmMachine(supportsRelaxedSimd())) {
    this.machine = machine;
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
    const f = new FunctionBuilder(this.machine, parameters);
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
