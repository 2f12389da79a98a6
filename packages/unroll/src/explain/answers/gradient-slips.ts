/**
 * Slips on the way back: the forward pass stays right, and functions with another derivative, or none, stand where the mistake
 * is made. Differentiating such a program gives the wrong gradient, whatever cell or layer it is.
 */
import type { CellGraph } from "../../cells/define.ts";
import {
  apply,
  type Expr,
  fullName,
  inOrder,
  type NamedFunction,
  type ProductNode,
  product,
  zero,
} from "../../equations/expr.ts";
import { map, matmul } from "../../program/builder.ts";
import type { Operation, ScanOperation } from "../../program/program.ts";
import type { LayerRun } from "../by-hand.ts";
import { operationsOf } from "./layer-slips.ts";
import type { ProgramChange } from "./rewrite-program.ts";
import type { Variant } from "./slip.ts";
import { changeEquations, functionsIn, withEquations } from "./value-slips.ts";

/** Slips in one layer's way back. */
export function gradientSlips(run: Pick<LayerRun, "call" | "scans">): Variant<ProgramChange>[] {
  const operations = operationsOf(run);
  const scans = run.scans.map(({ scan }) => scan);
  return [
    ...derivatives(operations),
    ...stateFlows(scans.map(({ cell }) => cell)),
    ...scans.flatMap(recurrentTransposes),
    ...kernelTransposes(operations),
  ];
}

type Slip = Variant<ProgramChange>;

/** Each activation's derivative taken for 1. */
function derivatives(operations: ReadonlySet<Operation>): Slip[] {
  const exprs = [...operations].flatMap((operation) =>
    operation.op === "scan" ? [...operation.cell.named.values()] : operation.op === "map" ? [operation.body] : [],
  );
  const functions = functionsIn(exprs);
  const slips = functions.map((fn): Slip => {
    const detail = `What flows back through ${fn.symbol} is multiplied with its derivative${derivativeOf(fn.name)}.`;
    return {
      id: "derivative-forgotten",
      result: straightThrough(operations, [fullName(fn)]),
      detail,
      plausibility: 0.65,
    };
  });
  if (functions.length < 2) return slips;
  const detail = "What flows back through an activation is multiplied with its derivative.";
  const all = functions.map(fullName);
  return [
    ...slips,
    { id: "derivative-forgotten", result: straightThrough(operations, all), detail, plausibility: 0.6 },
  ];
}

function derivativeOf(name: string): string {
  if (name === "tanh") return ", 1 − tanh²";
  return name === "sigmoid" ? ", σ(1 − σ)" : "";
}

function straightThrough(operations: ReadonlySet<Operation>, names: readonly string[]): ProgramChange {
  const change = ({ node }: Expr): Expr | undefined =>
    node.op === "apply" && names.includes(fullName(node.fn)) ? apply(passing(node.fn), node.argument) : undefined;
  return {
    operation: (changed, original) => {
      if (!operations.has(original)) return undefined;
      if (changed.op === "scan")
        return { ...changed, cell: withEquations(changed.cell, changeEquations(changed.cell, change)) };
      if (changed.op !== "map") return undefined;
      const body = changeEquations({ named: new Map([["", changed.body]]) }, change).get("")!; // the one that went in
      return body === changed.body ? undefined : { ...changed, body };
    },
  };
}

/** The same function with a derivative of 1. */
function passing(fn: NamedFunction): NamedFunction {
  return { ...fn, gradient: (dy) => dy };
}

/** The value itself forwards, nothing backwards. */
const stop: NamedFunction = { name: "stop", symbol: "stop", latex: "", body: (x) => x, gradient: () => zero };

/** What flows to the step before: through all of it, through one state, through the gates, beside them. */
function stateFlows(cells: readonly CellGraph[]): Slip[] {
  return cells.flatMap((cell): Slip[] => {
    const blocked = (stops: (original: Expr) => boolean): ProgramChange =>
      inCell(cell, (expr, original) => (stops(original) ? apply(stop, expr) : undefined));
    const states = new Set(cell.states.map(({ previous }) => previous));
    const all: Slip = {
      id: "state-flow-forgotten",
      result: blocked((expr) => states.has(expr)),
      detail: "A state also acts on the loss through all later steps: what comes back from them is added.",
      plausibility: 0.7,
    };
    const single =
      cell.states.length < 2
        ? []
        : cell.states.map(
            ({ name, previous }): Slip => ({
              id: "state-flow-forgotten",
              result: blocked((expr) => expr === previous),
              detail: `${name} of the step before acts on this step too.`,
              plausibility: 0.6,
            }),
          );
    const products = inCell(cell, (expr) => {
      const { node } = expr;
      if (node.op !== "product" || node.matrix.array !== "recurrent_kernel") return undefined;
      return product(apply(stop, node.vector), node.name, node.matrix, node.transposed);
    });
    const through: Slip = {
      id: "gate-flow-forgotten",
      result: products,
      detail: "The state also reaches the next step through the recurrent kernel.",
      plausibility: 0.55,
    };
    const beside = inCell(cell, (expr) => {
      const { node } = expr;
      if (node.op !== "mul") return undefined;
      const left = states.has(node.a);
      if (!left && !states.has(node.b)) return undefined;
      return left ? apply(stop, node.a).times(node.b) : node.a.times(apply(stop, node.b));
    });
    const carry: Slip = {
      id: "carry-flow-forgotten",
      result: beside,
      detail: "The old state is also carried on beside the gates, and its gradient with it.",
      plausibility: 0.55,
    };
    // Where nothing is carried on, the gates are the whole way back.
    const carries = inOrder(cell.named.values()).some(
      ({ node }) => node.op === "mul" && (states.has(node.a) || states.has(node.b)),
    );
    return carries ? [all, ...single, through, carry] : [all];
  });
}

function inCell(cell: CellGraph, change: (expr: Expr, original: Expr) => Expr | undefined): ProgramChange {
  const equations = changeEquations(cell, change);
  return {
    operation: (changed) =>
      changed.op === "scan" && changed.cell === cell ? { ...changed, cell: withEquations(cell, equations) } : undefined,
  };
}

/** dy · U in the place of dy · Uᵀ, and with as many features as units dy · W; the gradients of the arrays stay right. */
function recurrentTransposes({ cell, units, input }: ScanOperation): Slip[] {
  const turned = (array: string): ProgramChange =>
    inCell(cell, (expr) => {
      const { node } = expr;
      if (node.op !== "product" || node.matrix.array !== array) return undefined;
      const right = product(apply(stop, node.vector), node.name, node.matrix, node.transposed);
      // right − stop(right) is 0 and carries the gradient of the array; the other term that of the vector.
      return apply(wronglyTransposed(node), node.vector).plus(right.minus(apply(stop, right)));
    });
  const recurrent: Slip = {
    id: "matrix-not-transposed",
    result: turned("recurrent_kernel"),
    detail: "Forward h·U, back dy·Uᵀ: rows and columns change places.",
    plausibility: 0.6,
  };
  if (input.shape[2] !== units) return [recurrent];
  const detail = "Forward x·W, back dy·Wᵀ: rows and columns change places.";
  return [recurrent, { id: "kernel-not-transposed", result: turned("kernel"), detail, plausibility: 0.55 }];
}

/** The same of square arrays outside cells. */
function kernelTransposes(operations: ReadonlySet<Operation>): Slip[] {
  return [...operations].flatMap((operation): Slip[] => {
    if (operation.op !== "product" || operation.b.operation.op !== "weight" || operation.transposeA) return [];
    const { a, b, transposeB } = operation;
    if (b.shape.length !== 2 || b.shape[0] !== b.shape[1]) return [];
    const stopped = map([a], ([vector]) => apply(stop, vector!));
    const sides = [
      matmul(stopped, b, { transposeB }),
      matmul(a, b, { transposeB: !transposeB }),
      matmul(stopped, b, { transposeB: !transposeB }),
    ];
    // The last two are equal: together they are 0 and carry the wrong gradient back.
    const result: ProgramChange = {
      value: (_, original) =>
        original.operation === operation
          ? map(sides, ([right, wrong, same]) => right!.plus(wrong!.minus(same!)))
          : undefined,
    };
    const detail = "Forward x·W, back dy·Wᵀ: rows and columns change places.";
    return [{ id: "kernel-not-transposed", result, detail, plausibility: 0.6 }];
  });
}

function wronglyTransposed({ name, matrix, transposed }: ProductNode): NamedFunction {
  return {
    name: "product",
    symbol: name,
    latex: name,
    body: (x) => product(x, name, matrix, transposed),
    gradient: (dy) => product(dy, name, matrix, transposed),
  };
}
