/**
 * `defineCell`: a recurrent cell as its equations. This file turns the equations into an expression graph and reads from
 * the graph which arrays the cell needs; it knows no particular cell.
 */
import { UnrollError } from "../core/errors.ts";
import {
  apply,
  type Expr,
  inOrder,
  type NamedFunction,
  one,
  product,
  symbol,
  type WeightBlock,
} from "../equations/expr.ts";

/** The two products of a gate, each with its own bias when the cell has two bias rows. */
export interface Gate {
  /** input · W + b + hidden · U (+ second bias row). */
  (input: Expr, hidden: Expr): Expr;
  /** input · W + b, `[units]`. */
  input(input: Expr): Expr;
  /** hidden · U, plus the second bias row where the cell has one, `[units]`. */
  recurrent(hidden: Expr): Expr;
}

/** What `equations` is given: symbols, not numbers. */
export interface CellSymbols<Gates extends string, States extends string, Options> {
  /** The input of this timestep, `[features]`. */
  readonly x: Expr;
  /** The states of the timestep before, `[units]` each. */
  readonly state: Readonly<Record<States, Expr>>;
  readonly gate: Readonly<Record<Gates, Gate>>;
  /** The layer's `activation` and `recurrentActivation`. */
  readonly act: { main(x: Expr): Expr; recurrent(x: Expr): Expr };
  /** A trainable vector `[units]` of the cell's own, for instance a peephole. */
  vector(name: string): Expr;
  readonly option: Options;
  readonly one: Expr;
}

/** What `defineCell` takes: names of gates and states, and the equations of a step. */
export interface CellDefinition<Gates extends string, States extends string, Options> {
  /** The layer's class name: "LSTM". */
  readonly kind: string;
  /** Column blocks of kernel, recurrent kernel and bias, in Keras's order. */
  readonly gates: readonly Gates[];
  /** State names; the first is the output. */
  readonly state: readonly States[];
  /** The cell's own switches with their defaults (GRU: resetAfter). */
  readonly options?: Options;
  /** Bias rows: 1, or 2 when the recurrent product has a bias of its own. */
  biasRows?(option: Options): 1 | 2;
  /** Gates whose bias starts at one when `unitForgetBias` is set (LSTM's f). */
  readonly forgetGate?: Gates;
  /** Which gates are drawn with `act.recurrent`; words for each intermediate, for the sentence pass. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** One timestep. Every returned name is shown in the trace; the names of `state` are the next states. */
  equations(
    symbols: CellSymbols<Gates, States, Options>,
  ): Readonly<Record<States, Expr>> & Readonly<Record<string, Expr>>;
}

/** What a layer chooses before the equations become a graph. */
export interface CellChoices {
  readonly activation: NamedFunction;
  readonly recurrentActivation: NamedFunction;
  readonly useBias: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

/** An array of a cell, found in its graph. */
export interface CellArray {
  /** Keras's name: "kernel", "recurrent_kernel", "bias"; a user's vector has its own name. */
  readonly name: string;
  /** What its rows are: input features, units, or bias rows (1 means a plain vector). */
  readonly rows: "features" | "units" | 1 | 2;
  /** Column blocks of `units`, by gate. A user's vector has one block, named after it. */
  readonly blocks: readonly string[];
}

/** A cell's equations as a graph, for one choice of activations and options. */
export interface CellGraph {
  readonly kind: string;
  readonly gates: readonly string[];
  readonly x: Expr;
  /** Previous states, in order; the first is the output. */
  readonly states: readonly { readonly name: string; readonly previous: Expr; readonly next: Expr }[];
  /** Every named value of a step, in the order the equations return them (states included). */
  readonly named: ReadonlyMap<string, Expr>;
  /** kernel, recurrent_kernel, bias, then the cell's own vectors. */
  readonly arrays: readonly CellArray[];
  readonly forgetGate: string | undefined;
  readonly meanings: Readonly<Record<string, string>>;
}

/** A cell as `defineCell` gives it: its gates and states, and its graph for any options. */
export interface Cell<Options = Readonly<Record<string, unknown>>> {
  readonly kind: string;
  readonly gates: readonly string[];
  readonly stateNames: readonly string[];
  readonly defaultOptions: Options;
  graph(choices: CellChoices): CellGraph;
}

/**
 * Defines a recurrent cell by the equations of one timestep. Its count, formula text, by-hand value, trace, gradient and
 * fast kernel all come from these equations.
 *
 * @throws UnrollError `option` when the equations do not return every state.
 * @example see cells/lstm.ts
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineCell<
  const Gates extends string,
  const States extends string,
  const Options extends Readonly<Record<string, unknown>> = Record<never, never>,
>(definition: CellDefinition<Gates, States, Options>): Cell<Options> {
  return {
    kind: definition.kind,
    gates: definition.gates,
    stateNames: definition.state,
    defaultOptions: definition.options ?? ({} as Options), // a definition without options has none
    graph: (choices) => buildGraph(definition, choices),
  };
}

function buildGraph<G extends string, S extends string, O extends Readonly<Record<string, unknown>>>(
  definition: CellDefinition<G, S, O>,
  choices: CellChoices,
): CellGraph {
  const option = { ...definition.options, ...choices.options } as O; // the layer checked the options' types
  const biasRows = choices.useBias ? (definition.biasRows?.(option) ?? 1) : 0;
  const x = symbol("x", "input", "the input of this timestep");
  const stateMeaning = (name: S): string => (definition.meanings?.[name] ?? name).replace(/^new /, "");
  const previous = Object.fromEntries(
    definition.state.map((name) => [
      name,
      symbol(`${name}Prev`, "state", `the ${stateMeaning(name)} of the timestep before`),
    ]),
  ) as Record<S, Expr>;
  const gate = Object.fromEntries(
    definition.gates.map((name, block) => [name, makeGate(name, block, biasRows)]),
  ) as Record<G, Gate>;
  const named = definition.equations({
    x,
    state: previous,
    gate,
    act: {
      main: (value) => apply(choices.activation, value),
      recurrent: (value) => apply(choices.recurrentActivation, value),
    },
    vector: (name) =>
      symbol(name, "weight", `the cell's vector ${name}`, { weight: { array: name, block: 0, row: 0 } }),
    option,
    one,
  });
  for (const name of definition.state) {
    if (named[name] === undefined) {
      throw new UnrollError({
        code: "option",
        path: definition.kind,
        expected: `equations must return the next value of every state (${definition.state.join(", ")})`,
        received: `names = ${Object.keys(named).join(", ")}`,
        hint: `Return ${name} as well.`,
      });
    }
  }
  return {
    kind: definition.kind,
    gates: definition.gates,
    x,
    states: definition.state.map((name) => ({ name, previous: previous[name], next: named[name] })),
    named: new Map(Object.entries(named)),
    arrays: arraysOf(Object.values(named), definition.gates),
    forgetGate: definition.forgetGate,
    meanings: definition.meanings ?? {},
  };
}

function makeGate(name: string, block: number, biasRows: 0 | 1 | 2): Gate {
  const bias = (value: Expr, row: number): Expr => {
    if (row >= biasRows) return value;
    const label = biasRows === 2 ? `b${row === 0 ? "i" : "r"}_${name}` : `b_${name}`;
    const kind = biasRows === 2 ? (row === 0 ? "input bias" : "recurrent bias") : "bias";
    return value.plus(
      symbol(label, "weight", `the ${kind} of gate ${name}`, { weight: { array: "bias", block, row } }),
    );
  };
  const at = (array: string): WeightBlock => ({ array, block, row: 0 });
  const input = (value: Expr): Expr => bias(product(value, `W_${name}`, at("kernel")), 0);
  const recurrent = (value: Expr): Expr => bias(product(value, `U_${name}`, at("recurrent_kernel")), 1);
  return Object.assign((value: Expr, hidden: Expr) => input(value).plus(recurrent(hidden)), { input, recurrent });
}

/** Reads from the graph which arrays it uses: the weights pass. */
function arraysOf(roots: Iterable<Expr>, gates: readonly string[]): CellArray[] {
  const used = new Map<string, Set<number>>();
  let biasRows = 0;
  for (const { node } of inOrder(roots)) {
    const block = node.op === "product" ? node.matrix : node.op === "symbol" ? node.weight : undefined;
    if (block === undefined) continue;
    const blocks = used.get(block.array) ?? new Set<number>();
    used.set(block.array, blocks.add(block.block));
    if (block.array === "bias") biasRows = Math.max(biasRows, block.row + 1);
  }
  const rowsOf = (array: string): CellArray["rows"] =>
    array === "kernel"
      ? "features"
      : array === "recurrent_kernel"
        ? "units"
        : array === "bias" && biasRows === 2
          ? 2
          : 1;
  const standard = ["kernel", "recurrent_kernel", "bias"].filter((name) => used.has(name));
  const own = [...used.keys()].filter((name) => !standard.includes(name));
  return [
    ...standard.map((name) => ({ name, rows: rowsOf(name), blocks: gates })),
    ...own.map((name) => ({ name, rows: rowsOf(name), blocks: [name] })),
  ];
}
