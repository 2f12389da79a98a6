/**
 * The kernel of the map operation: one fused loop, or for equations with row operators a few passes over each row.
 */

import { sizeOf } from "../core/shape.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { type Expr, inOrder } from "../equations/expr.ts";
import type { MapOperation } from "../program/program.ts";
import { emitElementwise } from "./elementwise.ts";
import { costOf, ExpressionEmitter } from "./emit-expr.ts";
import type { KernelFactory } from "./kernel.ts";
import { emitRows, planRows } from "./map-rows.ts";

export const mapKernel: KernelFactory<MapOperation> = (context, operation, [result]) => {
  const { operands, symbols, body } = operation;
  const sources = operands.map((operand) => context.read(operand));
  const target = context.write(result!);
  const shape = result!.shape;
  const flops = sizeOf(shape) * costOf([body]).operations;
  if (hasRowOps(body)) {
    const rows = planRows(body, shape.at(-1) ?? 1);
    const scratch = context.scratch("row", rows.scratchBytes);
    return {
      name: `rows ${shape.join("×")}`,
      flops,
      emit: (module) =>
        module.func({ name: `rows${result!.id}` }, (f) => emitRows(f, rows, target, sources, symbols, scratch.address)),
    };
  }
  return {
    name: `map ${shape.join("×")}`,
    flops,
    emit: (module) =>
      module.func({ name: `map${result!.id}` }, (f) =>
        emitElementwise(f, target, sources, (loads) => {
          const emitter = new ExpressionEmitter(f, [body], (symbol) => loads[symbols.indexOf(symbol)]!());
          return emitter.value(body);
        }),
      ),
  };
};

export function hasRowOps(body: Expr): boolean {
  return inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
}
