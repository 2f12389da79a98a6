/**
 * The product on the GPU: a workgroup computes a tile of the result, with tiles of both matrices in the memory that it shares. A map
 * of the product is done before it is stored.
 */
import { sizeOf } from "../../core/shape.ts";
import type { ProductOperation, Value } from "../../program/program.ts";
import type { MemoryContext, ProductEpilogue } from "../kernel.ts";
import type { Layout } from "../layout.ts";
import type { GpuKernel } from "./kernels.ts";
import { addressesAt, element, groupShader, type Lines, layoutAddresses, startOf, times } from "./wgsl.ts";
import { WgslExpressions } from "./wgsl-expressions.ts";

/** Rows and columns of a tile; an invocation for each element. */
const tile = 16;

export function productKernel(
  context: MemoryContext,
  operation: ProductOperation,
  epilogue: ProductEpilogue | undefined,
  result: Value,
): GpuKernel {
  const a = lastTwoSwapped(context.read(operation.a), operation.transposeA);
  const b = lastTwoSwapped(context.read(operation.b), operation.transposeB);
  const others = new Map(
    (epilogue?.map.operands ?? []).flatMap((value, i) => (i === epilogue!.operand ? [] : [[i, context.read(value)]])),
  );
  const to = context.write(result);
  const inner = a.shape.at(-1)!;
  const columns = result.shape.at(-1)!;
  // Axes that matrix b does not have are rows; where it has them there is one product for each index.
  const outer = b.shape.length === 2 ? [] : b.shape.slice(0, -2);
  const rowShape = result.shape.slice(outer.length, -1);
  const [matrices, rows] = [sizeOf(outer), sizeOf(rowShape)];
  const across = Math.ceil(columns / tile);
  const down = Math.ceil(rows / tile);

  const emitStore = (lines: Lines): void => {
    lines.add(`let index = (matrix * ${rows} + row) * ${columns} + column;`);
    const layouts = [to, ...others.values()];
    const [target, ...operands] = layoutAddresses(lines, "index", result.shape, layouts) as [string, ...string[]]; // its own is first
    if (epilogue === undefined) {
      lines.add(`${element(target)} = sum;`);
      return;
    }
    const { symbols, body } = epilogue.map;
    const places = [...others.keys()];
    const values = new WgslExpressions(lines, (symbol) => {
      const operand = symbols.indexOf(symbol);
      return operand === epilogue.operand ? "sum" : element(operands[places.indexOf(operand)]!);
    });
    lines.add(`${element(target)} = ${values.value(body)};`);
  };

  const emit = () =>
    groupShader(
      {
        size: tile * tile,
        groups: matrices * across * down,
        declarations: [
          `var<workgroup> left: array<f32, ${tile * tile}>;`,
          `var<workgroup> right: array<f32, ${tile * tile}>;`,
        ],
      },
      (lines) => {
        lines.add(
          `let matrix = number / ${across * down};`,
          `let x = i32(lane) % ${tile};`,
          `let y = i32(lane) / ${tile};`,
          `let row = number / ${across} % ${down} * ${tile} + y;`,
          `let column = number % ${across} * ${tile} + x;`,
        );
        const [outerA, outerB] = addressesAt(lines, "matrix", outer, [
          { start: startOf(a), strides: a.strides.slice(0, outer.length) },
          { start: startOf(b), strides: b.strides.slice(0, outer.length) },
        ]) as [string, string]; // two arrays
        const [rowA] = addressesAt(lines, "row", rowShape, [
          { start: 0, strides: a.strides.slice(outer.length, -1) },
        ]) as [string]; // one array
        lines.add(`let aRow = ${outerA} + ${rowA};`, `let bStart = ${outerB};`, "var sum = 0f;");
        const [strideK, strideColumn] = b.strides.slice(-2) as [number, number];
        lines.block(`for (var start = 0; start < ${inner}; start += ${tile})`, () => {
          lines.add("var fromLeft = 0f;", "var fromRight = 0f;");
          lines.block(`if (row < ${rows} && start + x < ${inner})`, () =>
            lines.add(`fromLeft = ${element(`aRow + ${times("(start + x)", a.strides.at(-1)!)}`)};`),
          );
          lines.block(`if (column < ${columns} && start + y < ${inner})`, () =>
            lines.add(
              `fromRight = ${element(`bStart + ${times("(start + y)", strideK)} + ${times("column", strideColumn)}`)};`,
            ),
          );
          lines.add("left[lane] = fromLeft;", "right[lane] = fromRight;", "workgroupBarrier();");
          lines.block(`for (var k = 0; k < ${tile}; k++)`, () =>
            lines.add(`sum += left[y * ${tile} + k] * right[k * ${tile} + x];`),
          );
          lines.add("workgroupBarrier();");
        });
        lines.block(`if (row < ${rows} && column < ${columns})`, () => emitStore(lines));
      },
    );
  return {
    name: `product ${result.shape.slice(0, -1).join("×")}×${inner} · ${inner}×${columns}`,
    emit: () => (sizeOf(result.shape) === 0 ? [] : [emit()]),
  };
}

function lastTwoSwapped(layout: Layout, swapped: boolean): Layout {
  if (!swapped) return layout;
  const swap = (numbers: readonly number[]): number[] => [...numbers.slice(0, -2), numbers.at(-1)!, numbers.at(-2)!];
  return { ...layout, shape: swap(layout.shape), strides: swap(layout.strides) };
}
