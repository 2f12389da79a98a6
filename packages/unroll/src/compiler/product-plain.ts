/**
 * The matrix product for any strides, without packing: one row and four columns at a time. It serves where packing does not
 * pay (tiny or oddly lying operands); product kernels for larger sizes are elsewhere.
 */
import { sizeOf } from "../core/shape.ts";
import { type FunctionBuilder, f32x4, i32, v128 } from "./assembler.ts";
import { costOf, ExpressionEmitter } from "./emit-expr.ts";
import type { ProductEpilogue, ProductFactory } from "./kernel.ts";
import { addressOf, broadcastLayout, type Layout } from "./layout.ts";
import { forEachFour, forEachIndex, loadFour, type Place, storeFour } from "./loops.ts";

export const plainProductKernel: ProductFactory = (context, { a, b, transposeA, transposeB }, epilogue, result) => {
  const left = swapLastTwo(context.read(a), transposeA);
  const right = swapLastTwo(context.read(b), transposeB);
  const others = otherOperands(epilogue).map((operand) => broadcastLayout(context.read(operand), result.shape));
  const target = context.write(result);
  const inner = left.shape.at(-1)!;
  const perElement = 2 * inner + (epilogue === undefined ? 0 : costOf([epilogue.map.body]).operations);
  return {
    name: `product ${left.shape.join("×")} · ${right.shape.join("×")}`,
    flops: sizeOf(result.shape) * perElement,
    emit: (module) =>
      module.func({ name: `product${result.id}` }, (f) => emitProduct(f, target, left, right, epilogue, others)),
  };
};

function otherOperands(epilogue: ProductEpilogue | undefined) {
  return epilogue?.map.operands.filter((_, i) => i !== epilogue.operand) ?? [];
}

function emitProduct(
  f: FunctionBuilder,
  target: Layout,
  left: Layout,
  right: Layout,
  epilogue: ProductEpilogue | undefined,
  others: readonly Layout[],
): void {
  const inner = left.shape.at(-1)!;
  const columns = target.shape.at(-1)!;
  // Loops run over the leading axes and the rows; a single right matrix stays where it is.
  const outer = target.shape.slice(0, -1);
  const rightOuter = right.shape.length === 2 ? outer.map(() => 0) : [...right.strides.slice(0, -2), 0];
  const start = (layout: Layout, strides: readonly number[]) => ({ base: 0, offset: addressOf(layout), strides });
  const starts = [
    start(target, target.strides.slice(0, -1)),
    start(left, left.strides.slice(0, -1)),
    start(right, rightOuter),
    ...others.map((layout) => start(layout, layout.strides.slice(0, -1))),
  ];
  const [leftStep, rightStep] = [left.strides.at(-1)!, right.strides.at(-2)!];
  forEachIndex(f, outer, starts, ([to, row, matrix, ...rest]) => {
    const toPlace: Place = { ...to!, stride: target.strides.at(-1)! };
    forEachFour(f, columns, (index, lanes) => {
      const sum = f.let(f32x4.const(0), "sum");
      const k = f.i32("k");
      const leftAt = f.let(i32.add(row!.base, row!.offset), "leftAt");
      const rightAt = f.let(i32.add(matrix!.base, matrix!.offset), "rightAt");
      f.forLoop(k, 0, inner, 1, () => {
        const column = loadFour(f, { base: rightAt, offset: 0, stride: right.strides.at(-1)! }, index, lanes);
        f.set(sum, f.madd(v128.load32Splat(leftAt), column, sum));
        f.increase(leftAt, 4 * leftStep);
        f.increase(rightAt, 4 * rightStep);
      });
      if (epilogue === undefined) {
        storeFour(f, toPlace, index, lanes, sum);
        return;
      }
      const { map, operand } = epilogue;
      const places = rest.map((position, i): Place => ({ ...position, stride: others[i]!.strides.at(-1)! }));
      const symbols = map.symbols.filter((_, i) => i !== operand);
      const emitter = new ExpressionEmitter(f, [map.body], (symbol) =>
        symbol === map.symbols[operand] ? sum : loadFour(f, places[symbols.indexOf(symbol)]!, index, lanes),
      );
      storeFour(f, toPlace, index, lanes, emitter.value(map.body));
    });
  });
}

function swapLastTwo(layout: Layout, swapped: boolean): Layout {
  if (!swapped) return layout;
  const swap = (list: readonly number[]): number[] => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
  return { ...layout, shape: swap(layout.shape), strides: swap(layout.strides) };
}
