/**
 * The kernel of the product operation: matrices of any strides, with an elementwise map of the product done before it is
 * stored. It is one stage of the scheduler's emitter, run over rows and leading axes.
 */
import { sizeOf } from "../core/shape.ts";
import { argument, type Expr, product } from "../equations/expr.ts";
import type { Value } from "../program/program.ts";
import { type I32, i32, type ModuleBuilder, type WasmFunction } from "./assembler.ts";
import type { PlanContext, ProductFactory } from "./kernel.ts";
import { addressOf, broadcastLayout, type Layout } from "./layout.ts";
import { joinAxes } from "./loops.ts";
import { vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";
import { directSource, emitPack, type Matrix, packedSource } from "./product-panels.ts";
import type { Stage } from "./schedule.ts";
import { emitStage, type StageMemory, type Target } from "./schedule-emit.ts";
import type { Place } from "./schedule-place.ts";
import { planStage } from "./schedule-plan.ts";
import { substitute } from "./substitute.ts";
import { costOf } from "./terms.ts";

/** From so many rows on a matrix that changes in each run is packed too: packing costs about as much as one row. */
const rowsWorthPacking = 24;

export const productKernel: ProductFactory = (context, operation, epilogue, result) => {
  const [columns] = result.shape.slice(-1) as [number];
  const { machine } = context;
  const block = vectorBytes(machine);
  const a = lastTwoSwapped(context.read(operation.a), operation.transposeA);
  const b = lastTwoSwapped(context.read(operation.b), operation.transposeB);
  const inner = a.shape.at(-1)!;
  const vector = argument("a");
  const sum = product(vector, "B", { array: "b", block: 0, row: 0 });
  const body =
    epilogue === undefined
      ? sum
      : substitute(epilogue.map.body, new Map([[epilogue.map.symbols[epilogue.operand]!, sum]]));
  const operands = new Map<Expr, Layout>();
  for (const [i, value] of (epilogue?.map.operands ?? []).entries()) {
    if (i === epilogue!.operand) continue;
    operands.set(epilogue!.map.symbols[i]!, broadcastLayout(readRows(context, value, columns), result.shape));
  }
  const to = context.write(result);
  const name = `product ${result.shape.slice(0, -1).join("×")}×${inner} · ${inner}×${columns}`;
  const flops = sizeOf(result.shape) * (2 * inner + costOf([body]).operations);
  if (sizeOf(result.shape) === 0) {
    return { name, flops: 0, emit: (module) => module.func({ name: "nothing" }, () => {}) };
  }

  // Axes that matrix b does not have are rows; where it has them there is one product for each index.
  const walk = walkOf(a, to, [...operands.values()], b.shape.length > 2 ? b : undefined);
  const stage: Stage = {
    width: columns,
    reductions: [],
    accumulations: [{ result: sum, start: undefined, products: [sum] }],
    stores: [body],
  };
  const plan = planStage(stage, { rows: walk.rows, machine, innerOf: () => inner, exactWidth: true });
  const [bundle] = plan.bundles as [(typeof plan.bundles)[0]]; // one sum
  const [innerStride, columnStride] = b.strides.slice(-2).map((stride) => 4 * stride) as [number, number];
  const isShared = b.shape.length === 2;
  const isPrepared = isShared && context.isPrepared(operation.b);
  // Offsets in instructions are not negative: a matrix that is read backwards is packed.
  const isDirect = columnStride === 4 && innerStride >= 0;
  const packs = isPrepared || !isDirect || walk.rows * (isShared ? walk.outer : 1) >= rowsWorthPacking;
  const packed = packedSource(bundle.shape, machine);
  const panels = packs
    ? isPrepared
      ? context.lasting("panels", packed.bytes)
      : context.scratch("panels", packed.bytes)
    : undefined;
  const scratch = context.scratch("sums", Math.max(block, plan.scratchBytes));
  const places = new Map<Expr, Place>();
  for (const [symbol, layout] of operands)
    places.set(symbol, walk.placeOf(layout, layout.strides.at(-1) === 0 ? 0 : block));
  const vectorPlace = walk.placeOf(a, block);
  const target: Target = { ...walk.placeOf(to, block), width: columns };

  const matrixAt = (outer: I32): Matrix => ({
    address: isShared ? i32.const(addressOf(b)) : walk.placeOf(b, block).stream.at(outer),
    innerStride,
    columnStride,
  });
  const memory: StageMemory = {
    source: (expr) => (expr === vector ? vectorPlace : places.get(expr)),
    vectorStride: () => 4 * a.strides.at(-1)!,
    widthOf: () => columns,
    targets: () => [target],
    panels: (_, outer) =>
      panels === undefined
        ? { address: matrixAt(outer).address, source: directSource(innerStride, machine) }
        : { address: i32.const(panels.address), source: packed },
    scratch,
  };
  const emitPacking = (module: ModuleBuilder): WasmFunction =>
    module.func({ name: `pack${result.id}`, parameters: { outer: "i32" } }, (f, { outer }) =>
      emitPack(f, bundle.shape, columns, [[matrixAt(outer)]], i32.const(panels!.address)),
    );
  return {
    name,
    flops,
    emit(module) {
      const pack = panels !== undefined && !isPrepared ? emitPacking(module) : undefined;
      const rows = module.func({ name: `product${result.id} rows`, parameters: { outer: "i32" } }, (f, { outer }) =>
        emitStage(f, plan, memory, outer),
      );
      return module.func({ name: `product${result.id}` }, (f) => {
        if (pack !== undefined && isShared) f.call(pack, i32.const(0));
        emitCounted(f, walk.outer, (index) => {
          const outer = index ?? i32.const(0);
          if (pack !== undefined && !isShared) f.call(pack, outer);
          f.call(rows, outer);
        });
      });
    },
    ...(isPrepared && {
      emitPrepare(module: ModuleBuilder): WasmFunction {
        const pack = emitPacking(module);
        return module.func({ name: `prepare${result.id}` }, (f) => f.call(pack, i32.const(0)));
      },
    }),
  };
};

/** An operand whose neighbours along the columns lie side by side, or are all the same. */
function readRows(context: PlanContext, value: Value, columns: number): Layout {
  const layout = context.read(value);
  const isRow =
    columns === 1 || layout.shape.at(-1) === 1 || layout.strides.at(-1) === 1 || layout.strides.at(-1) === 0;
  return layout.shape.length === 0 || isRow ? layout : context.readContiguous(value);
}

function lastTwoSwapped(layout: Layout, swapped: boolean): Layout {
  if (!swapped) return layout;
  const swap = (list: readonly number[]): number[] => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
  return { ...layout, shape: swap(layout.shape), strides: swap(layout.strides) };
}

/** An outer loop and rows that together run through all axes but the last. */
interface Walk {
  readonly outer: number;
  readonly rows: number;
  placeOf(layout: Layout, blockStride: number): Place;
}

/** `matrices` has the leading axes where there is a matrix for each of their indices: then only the rows' axis is walked as rows. */
function walkOf(a: Layout, to: Layout, operands: readonly Layout[], matrices: Layout | undefined): Walk {
  const all = [a, to, ...operands];
  const shape = to.shape.slice(0, -1);
  const stridesOf = ({ strides }: Layout): readonly number[] => strides.slice(0, -1);
  const keepRowsApart = matrices === undefined ? shape : shape.slice(0, -1);
  const leading = matrices === undefined ? [] : [matrices];
  const joined = joinAxes(
    keepRowsApart,
    [...all, ...leading].map((layout) => stridesOf(layout).slice(0, keepRowsApart.length)),
  );
  if (matrices !== undefined) {
    joined.shape.push(shape.at(-1)!);
    for (const [i, strides] of joined.strides.entries()) strides.push(i < all.length ? stridesOf(all[i]!).at(-1)! : 0);
  } else if (joined.shape.length === 0) {
    joined.shape.push(1);
    for (const strides of joined.strides) strides.push(0);
  } else {
    // A long axis makes better rows than a last one too short for a tile.
    const longest = joined.shape.indexOf(Math.max(...joined.shape));
    if (joined.shape.at(-1)! < 4)
      for (const list of [joined.shape, ...joined.strides]) list.push(...list.splice(longest, 1));
  }
  const outerShape = joined.shape.slice(0, -1);
  const strides = new Map([...all, ...leading].map((layout, i) => [layout, joined.strides[i]!]));
  return {
    outer: sizeOf(outerShape),
    rows: joined.shape.at(-1)!,
    placeOf(layout, blockStride) {
      const own = strides.get(layout)!;
      const at = (outer: I32): I32 => outerAddress(addressOf(layout), outer, outerShape, own);
      return { stream: { at, rowStride: 4 * own.at(-1)!, blockStride }, offset: 0 };
    },
  };
}

function outerAddress(start: number, outer: I32, shape: readonly number[], strides: readonly number[]): I32 {
  let address: I32 = i32.const(start);
  let rest = outer;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = axis === 0 ? rest : i32.remU(rest, shape[axis]!);
    if (strides[axis] !== 0) address = i32.add(address, i32.mul(index, 4 * strides[axis]!));
    if (axis > 0) rest = i32.divU(rest, shape[axis]!);
  }
  return address;
}
