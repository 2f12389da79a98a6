/**
 * Slips in a value of one timestep: each changes the cell's equations (another gate's block, another activation, a state or
 * bias left out) and gives them back. None knows a cell; they look at what symbols and products stand for.
 */
import type { CellGraph } from "../../cells/define.ts";
import { rebuild, substituteAll } from "../../compiler/substitute.ts";
import { sigmoid, tanh } from "../../equations/activations.ts";
import { apply, Expr, fullName, inOrder, type NamedFunction, one, zero } from "../../equations/expr.ts";
import type { Layer } from "../../layers/layer.ts";
import { lazily, type Variant } from "./slip.ts";

/** The named values of a step, states among them. */
export type Equations = ReadonlyMap<string, Expr>;

/** Every slip in the equations of a layer that runs a cell. */
export function equationVariants(layer: Layer, cell: CellGraph): Variant<Equations>[] {
  return [
    ...swappedGates(cell),
    ...otherOrder(cell),
    ...otherActivations(cell),
    ...leftOut(cell),
    ...transposed(cell),
    ...gateAndRest(cell),
    ...resetElsewhere(layer, cell),
  ];
}

/** The equations with `change` done to every node, operands first; `undefined` keeps the node. */
export function changeEquations(
  { named }: Pick<CellGraph, "named">,
  change: (expr: Expr, original: Expr) => Expr | undefined,
): Equations {
  const changed = new Map<Expr, Expr>();
  const now = (operand: Expr): Expr => changed.get(operand) ?? operand;
  for (const expr of inOrder(named.values(), { bodies: true })) {
    const rebuilt = changed.size === 0 ? expr : rebuild(expr, now);
    const result = change(rebuilt, expr) ?? rebuilt;
    if (result !== expr) changed.set(expr, result);
  }
  return new Map([...named].map(([name, expr]) => [name, changed.get(expr) ?? expr]));
}

/** The cell with these equations in the place of its own. */
export function withEquations(cell: CellGraph, equations: Equations): CellGraph {
  const names = new Map([...cell.named].map(([name, expr]) => [expr, name]));
  const next = (expr: Expr): Expr => equations.get(names.get(expr) ?? "") ?? expr;
  return {
    ...cell,
    named: equations,
    states: cell.states.map((state) => ({ ...state, next: next(state.next) })),
  };
}

/** The functions that equations apply, each once. */
export function functionsIn(exprs: Iterable<Expr>): NamedFunction[] {
  const used = new Map<string, NamedFunction>();
  for (const { node } of inOrder(exprs)) if (node.op === "apply") used.set(fullName(node.fn), node.fn);
  return [...used.values()];
}

/** Every value rounded to so many decimals as soon as it has a name. */
export function roundedEquations(cell: CellGraph, decimals: number): Equations {
  const named = new Set(cell.named.values());
  return changeEquations(cell, (expr, original) => (named.has(original) ? rounded(expr, decimals) : undefined));
}

export function rounded(expr: Expr, decimals: number): Expr {
  return expr
    .times(10 ** decimals)
    .plus(0.5)
    .floor()
    .over(10 ** decimals);
}

/** Blocks read from elsewhere: `blocks[b]` is read where block b belongs. */
function withBlocks(cell: CellGraph, blocks: readonly number[]): Equations {
  return changeEquations(cell, ({ node }) => {
    if (node.op === "product") {
      return new Expr({ ...node, matrix: { ...node.matrix, block: blocks[node.matrix.block]! } });
    }
    if (node.op !== "symbol" || node.weight === undefined || node.weight.array !== "bias") return undefined;
    return new Expr({ ...node, weight: { ...node.weight, block: blocks[node.weight.block]! } });
  });
}

function swappedGates(cell: CellGraph): Variant<Equations>[] {
  const { gates } = cell;
  return gates.flatMap((first, a) =>
    gates.slice(a + 1).map((second, behind): Variant<Equations> => {
      const b = a + 1 + behind;
      const blocks = gates.map((_, block) => (block === a ? b : block === b ? a : block));
      const detail = `The columns stand in the order ${gates.join(", ")}; ${first} and ${second} were exchanged.`;
      const plausibility = gates.length === 4 && b === 1 ? 0.6 : 0.5;
      return lazily({ id: "gates-swapped", detail, plausibility, part: "columns" }, () => withBlocks(cell, blocks));
    }),
  );
}

/** The order in which some other systems keep four gates. */
function otherOrder(cell: CellGraph): Variant<Equations>[] {
  const { gates } = cell;
  const other = ["i", "o", "f", "c"];
  const blocks = gates.map((gate) => other.indexOf(gate));
  if (gates.length !== other.length || blocks.includes(-1)) return [];
  const detail = `The columns stand in the order ${gates.join(", ")}, not ${other.join(", ")}.`;
  return [lazily({ id: "gate-order", detail, plausibility: 0.45, part: "columns" }, () => withBlocks(cell, blocks))];
}

function otherActivations(cell: CellGraph): Variant<Equations>[] {
  const used = functionsIn(cell.named.values()).map(fullName);
  return used.flatMap((name): Variant<Equations>[] => [
    ...[tanh, sigmoid]
      .filter((fn) => fn.name !== name)
      .map(
        (fn): Variant<Equations> =>
          lazily(
            {
              id: "another-activation",
              detail: `${name} belongs where ${fn.name} was used.`,
              plausibility: 0.55,
              part: "activation",
            },
            () =>
              changeEquations(cell, ({ node }) =>
                node.op === "apply" && fullName(node.fn) === name ? apply(fn, node.argument) : undefined,
              ),
          ),
      ),
    lazily(
      {
        id: "activation-forgotten",
        detail: `${name} is still to be taken of the sum.`,
        plausibility: 0.6,
        part: "activation",
      },
      () =>
        changeEquations(cell, ({ node }) =>
          node.op === "apply" && fullName(node.fn) === name ? node.argument : undefined,
        ),
    ),
  ]);
}

function leftOut(cell: CellGraph): Variant<Equations>[] {
  const each = cell.gates.length > 1 ? "Every gate" : "The sum";
  return [
    lazily(
      { id: "bias-left-out", detail: `${each} adds its bias before the activation.`, plausibility: 0.65, part: "bias" },
      () =>
        changeEquations(cell, ({ node }) => (node.op === "symbol" && node.weight?.array === "bias" ? zero : undefined)),
    ),
    lazily(
      {
        id: "state-forgotten",
        detail: `${each} reads the state of the step before.`,
        plausibility: 0.65,
        part: "state",
      },
      () => changeEquations(cell, ({ node }) => (node.op === "symbol" && node.role === "state" ? zero : undefined)),
    ),
  ];
}

function transposed(cell: CellGraph): Variant<Equations>[] {
  const detail =
    "A column of the recurrent kernel belongs to a unit: the state times the array, not the array times the state.";
  const turned = (): Equations =>
    changeEquations(cell, ({ node }) =>
      node.op === "product" && node.matrix.array === "recurrent_kernel"
        ? new Expr({ ...node, transposed: !node.transposed })
        : undefined,
    );
  return [lazily({ id: "kernel-transposed", detail, plausibility: 0.5, part: "transpose" }, turned)];
}

/** Where the equations have a gate and one minus it. */
function gateAndRest(cell: CellGraph): Variant<Equations>[] {
  const rests = inOrder(cell.named.values()).flatMap((rest) =>
    rest.node.op === "sub" && rest.node.a === one ? [{ rest, gate: rest.node.b }] : [],
  );
  return rests.flatMap(({ rest, gate }): Variant<Equations>[] => {
    const name = [...cell.named].find(([, expr]) => expr === gate)?.[0];
    if (name === undefined) return [];
    const swapped = (): Equations => {
      const instead = new Map<Expr, Expr>([
        [gate, one.minus(gate)],
        [rest, gate],
      ]);
      return new Map(
        [...cell.named].map(([key, expr]) => [key, key === name ? expr : substituteAll([expr], instead)[0]!]),
      );
    };
    const detail = sharesText(cell, name, gate, rest);
    return [lazily({ id: "gate-and-rest-swapped", detail, plausibility: 0.7 }, swapped)];
  });
}

/** Which of a gate and its rest keeps the old state: cells differ in it. */
function sharesText({ states }: CellGraph, name: string, gate: Expr, rest: Expr): string {
  const keepsState = (share: Expr): boolean =>
    states.some(({ next, previous }) =>
      termsOf(next).some(
        ({ node }) => node.op === "mul" && [node.a, node.b].includes(share) && [node.a, node.b].includes(previous),
      ),
    );
  if (keepsState(gate)) return `${name} keeps the old state; 1 − ${name} takes the new one.`;
  if (keepsState(rest)) return `1 − ${name} keeps the old state; ${name} takes the new one.`;
  return `${name} and 1 − ${name} stand in each other's place.`;
}

function termsOf(expr: Expr): Expr[] {
  const { node } = expr;
  return node.op === "add" ? [...termsOf(node.a), ...termsOf(node.b)] : [expr];
}

/** The layer's other form, where it has one, with this form's symbols; a row of bias that this form has not counts as zeros. */
function resetElsewhere({ type, config }: Layer, cell: CellGraph): Variant<Equations>[] {
  const { resetAfter } = config;
  if (typeof resetAfter !== "boolean" || type.cell === undefined) return [];
  const detail = resetAfter
    ? "The reset gate acts on the product of state and recurrent kernel (reset_after)."
    : "The reset gate acts on the state, before the recurrent product.";
  const { cell: cellFor } = type;
  const other = (): Equations => {
    const made = otherForms.get(config) ?? cellFor({ ...config, resetAfter: !resetAfter });
    otherForms.set(config, made);
    return withSymbolsOf(made, cell);
  };
  return [lazily({ id: "reset-elsewhere", detail, plausibility: 0.6 }, other)];
}

/** By the options of the layer: pairs of slips ask for the same one many times. */
const otherForms = new WeakMap<Layer["config"], CellGraph>();

/** The equations of `other` over the symbols of `cell`. */
function withSymbolsOf(other: CellGraph, cell: CellGraph): Equations {
  const rows = new Map(cell.arrays.map((array) => [array.name, array.rows]));
  const own = new Map<Expr, Expr>([
    [other.x, cell.x],
    ...other.states.map(({ previous }, index): [Expr, Expr] => [previous, cell.states[index]!.previous]),
  ]);
  return changeEquations(other, (expr, { node }) => {
    if (node.op !== "symbol") return undefined;
    const row = node.weight?.row ?? 0;
    return row > 0 && row >= Number(rows.get(node.weight!.array)) ? zero : own.get(expr);
  });
}
