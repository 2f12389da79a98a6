/**
 * What an operation's kernel is to the plan. A factory first says which memory it needs (plan.ts lays it out), later the
 * kernel emits one parameterless function with fixed addresses. This file holds only these agreements.
 */
import type { MapOperation, Operation, ProductOperation, Value } from "../program/program.ts";
import type { ModuleBuilder, WasmFunction } from "./assembler.ts";
import type { Buffer, Layout } from "./layout.ts";
import type { Machine } from "./machine.ts";

/** A value's strides within a buffer of its own, in elements. */
export interface Padding {
  readonly strides: readonly number[];
  readonly elements: number;
  readonly offset?: number;
}

/** What a factory may ask of the plan while it is made. Reading and writing here also decides how long a buffer lives. */
export interface MemoryContext {
  /** The whole program, so that a scan can see whether its gradient will be asked for. */
  readonly operations: readonly Operation[];
  /** How many timesteps a scan is to process together: all of them, or fewer, so that they take less memory. */
  segmentOf(sequence: { readonly batch: number; readonly timesteps: number }): number;
  /** The layout of a value that this kernel reads: any strides, 0 and negative ones too. */
  read(value: Value): Layout;
  /** As `read`, but row-major without gaps; the plan inserts a copy where the value does not lie so. */
  readContiguous(value: Value): Layout;
  /**
   * Room for a value that this kernel writes. Row-major without gaps unless other strides are given, with the number of
   * elements the buffer then needs (padding included) and where in it the value begins.
   */
  write(value: Value, padded?: Padding): Layout;
  /** Whether anything asks for this value: an operation, the caller, an update. */
  isUsed(value: Value): boolean;
  /** Whether the value leaves the plan row-major (a result, an update, a kept value); writing it so saves a copy. */
  isResult(value: Value): boolean;
  /** Whether the value is known after the weights were uploaded, before a run: then packing belongs into `emitPrepare`. */
  isPrepared(value: Value): boolean;
  /** Memory that only this kernel uses, while it runs. Contents are undefined at the start. */
  scratch(name: string, bytes: number): Buffer;
  /** Memory whose contents stay from run to run, zero at first: packed weights. */
  lasting(name: string, bytes: number): Buffer;
  /** Memory that this kernel fills for later kernels, which must name it to `use`: states saved for the gradient. */
  keep(name: string, bytes: number): Buffer;
  use(buffer: Buffer): void;
  /** What kernels of one plan tell one another, by operation. */
  readonly notes: Map<Operation, unknown>;
}

/** As a factory of WebAssembly's kernels is given it. */
export interface PlanContext extends MemoryContext {
  readonly machine: Machine;
}

/** A planned kernel. */
export interface Kernel {
  /** For tables and profiles: "product 32×4 · 4×12, tanh". */
  readonly name: string;
  /** Floating-point operations of one run; a multiply-add counts as 2, a transcendental as 1. */
  readonly flops: number;
  /** One function without parameters and result; it is called once in each run. Addresses are final. */
  emit(module: ModuleBuilder): WasmFunction;
  /** Work that follows each change of the weights, such as packing them. */
  emitPrepare?(module: ModuleBuilder): WasmFunction;
}

/** Makes the kernel of an operation; `results` are the operation's values, by their `result` number. */
export type KernelFactory<O extends Operation = Operation> = (
  context: PlanContext,
  operation: O,
  results: readonly Value[],
) => Kernel;

/** An elementwise map taken into the product whose only reader it is; it has no row operators. */
export interface ProductEpilogue {
  readonly map: MapOperation;
  /** Which of the map's operands is the product. The others broadcast to the product's shape. */
  readonly operand: number;
}

/** As a KernelFactory; `result` is the map's value where there is an epilogue, of the product's shape. */
export type ProductFactory = (
  context: PlanContext,
  operation: ProductOperation,
  epilogue: ProductEpilogue | undefined,
  result: Value,
) => Kernel;
