/**
 * One gradient of a step of backpropagation through time opened into the numbers that it comes from, as open-value.ts does it
 * forwards. Read from the adjoint that is derived from the cell's equations, so that it serves every cell.
 */
import { cellAdjoint } from "../cells/adjoint.ts";
import { UnrollError } from "../core/errors.ts";
import type { Expr } from "../equations/expr.ts";
import type { BackRun } from "../training/trace-gradients.ts";
import { at, type OpenedName, type OpenedNode, type OpenedValue, Opener } from "./open-value.ts";

/**
 * Opens ∂L/∂value at one step: products with the transposed blocks into their terms, what comes from later steps into the
 * gradient that the next step hands back and what the layer's output adds.
 *
 * @param step in order of processing
 * @param name a value that the equations name, `x`, or a state before the step such as `hPrev`
 * @throws UnrollError `unknown-name` for another name, `data` for a unit that it has not, `unsupported` at a masked step
 */
export function openGradient(
  { scan, steps, numbersOf }: BackRun,
  step: number,
  name: string,
  unit: number,
): OpenedValue {
  const { cell } = scan;
  const here = steps[step];
  const back = cellAdjoint(cell);
  const gradients = new Map<string, Expr | undefined>([
    ...back.named,
    ...back.states.map(({ name: state, previous }) => [`${state}Prev`, previous] as const),
    ["x", back.input],
  ]);
  const expr = gradients.get(name);
  if (expr === undefined) {
    throw new UnrollError({
      code: "unknown-name",
      path: cell.kind,
      expected: "the value must be one that a gradient reaches",
      received: `name = ${name}`,
      hint: `They are ${[...gradients].flatMap(([one, of]) => (of === undefined ? [] : [one])).join(", ")}.`,
    });
  }
  if (here?.valueOf === undefined) {
    throw new UnrollError({
      code: "unsupported",
      path: cell.kind,
      expected: "a masked timestep has nothing to open: gradients of the states pass by unchanged",
      received: `step = ${step}`,
    });
  }
  const read = here.valueOf;
  const width = name === "x" ? scan.input.shape[2]! : scan.units;
  if (!Number.isInteger(unit) || unit < 0 || unit >= width) {
    throw new UnrollError({
      code: "data",
      path: cell.kind,
      expected: `unit must be a whole number from 0 to ${width - 1}`,
      received: `unit = ${unit}`,
    });
  }
  const names = new Map<Expr, Pick<OpenedName, "name" | "role">>([
    ...[...cell.named].map(([one, of]) => [of, { name: one, role: "value" }] as const),
    ...[...back.named].map(([one, of]) => [of, { name: `d${one}`, role: "gradient" }] as const),
  ]);
  const argument = (symbol: Expr, place: number): OpenedNode => {
    const state = back.states.findIndex(({ gradient }) => gradient === symbol);
    const value = at(read(symbol), place);
    const later = steps[step + 1]?.states[state]?.[place];
    const rest = value - (later ?? 0);
    const outside: OpenedNode = { kind: "number", value: rest, from: "the layer's output" };
    if (later === undefined) return outside;
    const before: OpenedNode = {
      kind: "name",
      name: `d${back.states[state]!.name}Prev`,
      unit: place,
      role: "later",
      value: later,
    };
    return rest === 0
      ? before
      : { kind: "sum", terms: [before, outside].map((of) => ({ negative: false, of })), value };
  };
  const opener = new Opener({ scan, numbersOf, valueOf: read, names, argument });
  return {
    name,
    unit,
    timestep: here.timestep,
    value: at(read(expr), unit),
    tree: opener.define(expr, unit),
  };
}
