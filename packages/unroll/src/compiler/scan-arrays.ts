/** The arrays of a scan as its stages read them: matrices packed in panels, vectors in whole blocks. */
import { inOrder, type ProductNode } from "../equations/expr.ts";
import type { ScanOperation } from "../program/program.ts";
import { type FunctionBuilder, type I32, i32 } from "./assembler.ts";
import type { PlanContext } from "./kernel.ts";
import { addressOf, type Buffer, type Layout } from "./layout.ts";
import { vectorBytes } from "./machine.ts";
import { emitPack, type Matrix, type PanelShape, type PanelSource, packedSource } from "./product-panels.ts";
import { makeHome } from "./scan-homes.ts";
import type { ScanMemory } from "./scan-memory.ts";
import type { Schedule } from "./schedule.ts";
import type { Bundle } from "./schedule-plan.ts";

/** A packed bundle of matrices, or a vector as a matrix of one row. */
interface Packed {
  readonly buffer: Buffer;
  readonly shape: PanelShape;
  readonly columns: number;
  /** By segment and gate; called during emission. */
  readonly matrices: readonly (readonly (() => Matrix)[])[];
}

export class ScanArrays {
  readonly #context: PlanContext;
  readonly #schedule: Schedule;
  readonly #units: number;
  readonly #layouts = new Map<string, Layout>();
  readonly #packed: Packed[] = [];
  readonly #ofBundle = new Map<Bundle, Packed>();
  /** All arrays are known before a run, so that packing follows changes of weights only. */
  readonly prepared: boolean;

  constructor(context: PlanContext, { arrays, cell, units }: ScanOperation, schedule: Schedule) {
    this.#context = context;
    this.#units = units;
    this.#schedule = schedule;
    this.prepared = arrays.every((value) => context.isPrepared(value));
    for (const [i, { name }] of cell.arrays.entries()) this.#layouts.set(name, context.read(arrays[i]!));
  }

  /** Packs the bias blocks and the cell's own vectors that the schedule reads, and tells the memory where. */
  addVectors(memory: ScanMemory): void {
    const { next, outputs } = this.#schedule;
    for (const expr of inOrder([...next, ...outputs])) {
      const { node } = expr;
      if (node.op !== "symbol" || node.weight === undefined) continue;
      const count = Math.ceil(this.#units / this.#context.machine.lanes);
      const shape = {
        groups: [{ unitBlocks: 1, count, start: 0 }],
        gates: 1,
        inner: [1],
        panelBlocks: 1,
        longestRun: 1,
      };
      const { weight } = node;
      const buffer = this.#add(`vector ${node.name}`, shape, this.#units, [[() => this.#matrixOf(weight, false)]]);
      const everywhere = {
        timesteps: 1,
        timeStride: 0,
        batchStride: 0,
        blockStride: vectorBytes(this.#context.machine),
      };
      memory.placeSymbol(expr, makeHome(buffer, 0, everywhere));
    }
  }

  /** Packs what a bundle reads, once for bundles that read the same. */
  addBundle(bundle: Bundle): void {
    const same = [...this.#ofBundle].find(([other]) => packsAlike(other, bundle));
    if (same !== undefined) {
      this.#ofBundle.set(bundle, same[1]);
      return;
    }
    const matrices = bundle.vectors.map((_, segment) =>
      bundle.accumulations.map(({ products }) => {
        const { matrix, transposed } = products[segment]!.node as ProductNode; // an accumulation's products are products
        return () => this.#matrixOf(matrix, transposed);
      }),
    );
    const columns = this.#schedule.widthOf(bundle.accumulations[0]!.result);
    this.#add(`panels ${this.#packed.length}`, bundle.shape, columns, matrices);
    this.#ofBundle.set(bundle, this.#packed.at(-1)!);
  }

  panels(bundle: Bundle): { readonly address: I32; readonly source: PanelSource } {
    const { buffer, shape } = this.#ofBundle.get(bundle)!;
    return { address: i32.const(buffer.address), source: packedSource(shape, this.#context.machine) };
  }

  /** Emits the packing of all arrays. */
  emit(f: FunctionBuilder): void {
    for (const { buffer, shape, columns, matrices } of this.#packed) {
      const made = matrices.map((segment) => segment.map((matrix) => matrix()));
      emitPack(f, shape, columns, made, i32.const(buffer.address));
    }
  }

  #add(name: string, shape: PanelShape, columns: number, matrices: Packed["matrices"]): Buffer {
    const { bytes } = packedSource(shape, this.#context.machine);
    const buffer = this.prepared ? this.#context.lasting(name, bytes) : this.#context.scratch(name, bytes);
    this.#packed.push({ buffer, shape, columns, matrices });
    return buffer;
  }

  /** A gate's block of an array: rows are the inner axis, or with `transposed` the columns are. */
  #matrixOf({ array, block, row }: ProductNode["matrix"], transposed: boolean): Matrix {
    const layout = this.#layouts.get(array)!;
    const columnStride = 4 * layout.strides.at(-1)!;
    const innerStride = layout.strides.length === 2 ? 4 * layout.strides[0]! : 0;
    const address = i32.const(addressOf(layout) + row * innerStride + block * this.#units * columnStride);
    return transposed
      ? { address, innerStride: columnStride, columnStride: innerStride }
      : { address, innerStride, columnStride };
  }
}

/** The stages of segments of several lengths have the same products, most often in the same panels. */
function packsAlike(a: Bundle, b: Bundle): boolean {
  const productsOf = ({ accumulations }: Bundle) => accumulations.flatMap(({ products }) => products);
  const others = productsOf(b);
  return (
    productsOf(a).length === others.length &&
    productsOf(a).every((expr, i) => expr === others[i]) &&
    JSON.stringify(a.shape) === JSON.stringify(b.shape)
  );
}
