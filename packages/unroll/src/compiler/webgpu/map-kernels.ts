/** Maps and copies on the GPU: an invocation for each element, or for equations with row operators one for each row. */
import type { Expr, RowNode } from "../../equations/expr.ts";
import type { MapOperation, Value } from "../../program/program.ts";
import type { MemoryContext } from "../kernel.ts";
import { broadcastLayout, type Layout } from "../layout.ts";
import { hasRowOps } from "../map.ts";
import { passesOf } from "../map-rows.ts";
import type { GpuKernel } from "./kernels.ts";
import { reduceRow } from "./row-reductions.ts";
import { addressesAt, type Dispatch, element, layoutAddresses, shapeShader, startOf, times } from "./wgsl.ts";
import { WgslExpressions } from "./wgsl-expressions.ts";

/** `bodies` has an equation for each result where there are several. */
export function mapKernel(
  context: MemoryContext,
  { operands, symbols, body }: MapOperation,
  results: readonly Value[],
  bodies: readonly Expr[] = [body],
): GpuKernel {
  const sources = operands.map((operand) => context.read(operand));
  const targets = results.map((result) => context.write(result));
  const { shape } = results[0]!;
  if (hasRowOps(body)) {
    return { name: `rows ${shape.join("×")}`, emit: () => rowShaders(targets[0]!, sources, symbols, body) };
  }
  return {
    name: `map ${shape.join("×")}`,
    emit: () =>
      shapeShader(shape, (lines, index) => {
        const addresses = layoutAddresses(lines, index, shape, [...targets, ...sources]);
        const from = addresses.slice(targets.length);
        const values = new WgslExpressions(lines, (symbol) => element(from[symbols.indexOf(symbol)]!));
        // Every operand is read before anything is written: a target may lie where an operand lies.
        const names = bodies.map((each) => values.value(each));
        for (const [i, name] of names.entries()) lines.add(`${element(addresses[i]!)} = ${name};`);
      }),
  };
}

/** `target = source`, element by element. */
export function copyKernel(name: string, target: Layout, source: Layout): GpuKernel {
  return { name, emit: () => copyShaders(target, source) };
}

export function copyShaders(target: Layout, source: Layout): Dispatch[] {
  return shapeShader(target.shape, (lines, index) => {
    const [to, from] = layoutAddresses(lines, index, target.shape, [target, source]) as [string, string]; // two layouts
    lines.add(`${element(to)} = ${element(from)};`);
  });
}

/** Row by row along the last axis: a pass for each level of row operators, and one for the result. */
function rowShaders(target: Layout, sources: readonly Layout[], symbols: readonly Expr[], body: Expr): Dispatch[] {
  const { shape } = target;
  const width = shape.at(-1) ?? 1;
  if (width === 0) return [];
  const layouts = [target, ...sources.map((source) => broadcastLayout(source, shape))];
  const rows = layouts.map((layout) => ({ start: startOf(layout), strides: layout.strides.slice(0, -1) }));
  return shapeShader(shape.slice(0, -1), (lines, index) => {
    const starts = addressesAt(lines, index, shape.slice(0, -1), rows).map((start) => lines.let(start, "row"));
    const at = (layout: number, k: string): string => {
      const stride = layouts[layout]!.strides.at(-1) ?? 1;
      return element(stride === 0 ? starts[layout]! : `${starts[layout]} + ${times(k, stride)}`);
    };
    const known = new Map<Expr, string>();
    const valueAt = (expr: Expr, k: string): string =>
      new WgslExpressions(lines, (leaf) => known.get(leaf) ?? at(1 + symbols.indexOf(leaf), k)).value(expr);
    for (const { rowOps, roots } of passesOf(body)) {
      for (const [i, rowOp] of rowOps.entries()) {
        const { op } = rowOp.node as RowNode; // passes list row operators
        known.set(
          rowOp,
          reduceRow(lines, op, width, (k) => valueAt(roots[i]!, k)),
        );
      }
      if (rowOps.length === 0) lines.loop(width, (k) => lines.add(`${at(0, k)} = ${valueAt(roots[0]!, k)};`));
    }
  });
}
