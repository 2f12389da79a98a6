/**
 * The kernel of the map operation: one fused loop, or for equations with row operators a few passes over each row.
 */

import { sizeOf } from "../core/shape.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { type Expr, inOrder } from "../equations/expr.ts";
import type { MapOperation, Value } from "../program/program.ts";
import { emitElementwise } from "./elementwise.ts";
import { ExpressionEmitter } from "./emit-expr.ts";
import type { Kernel, PlanContext } from "./kernel.ts";
import { emitRows, planRows } from "./map-rows.ts";
import { costOf } from "./terms.ts";

/** `bodies` has an equation for each result where there are several. */
export function mapKernel(
  context: PlanContext,
  { operands, symbols, body }: MapOperation,
  results: readonly Value[],
  bodies: readonly Expr[] = [body],
): Kernel {
  const sources = operands.map((operand) => context.read(operand));
  const targets = results.map((result) => context.write(result));
  const { shape, id } = results[0]!;
  const flops = sizeOf(shape) * costOf(bodies).operations;
  if (hasRowOps(body)) {
    const rows = planRows(body, shape.at(-1) ?? 1, context.machine);
    const scratch = context.scratch("row", rows.scratchBytes);
    return {
      name: `rows ${shape.join("×")}`,
      flops,
      emit: (module) =>
        module.func({ name: `rows${id}` }, (f) => emitRows(f, rows, targets[0]!, sources, symbols, scratch.address)),
    };
  }
  return {
    name: `map ${shape.join("×")}${results.length > 1 ? `, ${results.length} results` : ""}`,
    flops,
    emit: (module) =>
      module.func({ name: `map${id}` }, (f) =>
        emitElementwise(f, targets, sources, (loads) => {
          const emitter = new ExpressionEmitter(f, bodies, (symbol) => loads[symbols.indexOf(symbol)]!());
          return bodies.map((each) => emitter.value(each));
        }),
      ),
  };
}

export function hasRowOps(body: Expr): boolean {
  return inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
}
