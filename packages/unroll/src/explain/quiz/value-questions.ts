/**
 * Questions about one timestep: the value of a gate or a state, worked out from weights, an input and a state of one decimal;
 * and which gate a block of columns is. Read from the cell's graph, so that every cell can be asked about.
 */
import type { Random } from "../../core/random.ts";
import { inOrder } from "../../equations/expr.ts";
import { formatNumber, toText } from "../../equations/render.ts";
import { input } from "../../layers/index.ts";
import { model } from "../../model/functional.ts";
import type { Model } from "../../model/model.ts";
import { checkValue } from "../answers/check-value.ts";
import { slipTitles } from "../answers/slip.ts";
import { valueToText } from "../answers/value-text.ts";
import { plural, wrapText } from "../lines.ts";
import type { WorkedNumber, WorkedTable } from "../worked/book.ts";
import { vector } from "../worked/solution-text.ts";
import { solveModel } from "../worked/solve.ts";
import { linesOf, shownLines } from "../worked/worked-lines.ts";
import { type CellName, type Level, makers } from "./exercise-models.ts";
import { choiceOf, type Draft, type Option, toDecimals } from "./question.ts";

interface Step {
  readonly model: Model;
  /** The input of the timestep, then the states before it. */
  readonly x: { readonly shape: number[]; readonly data: Float32Array }[];
}

/** Digits behind the point that are asked for. */
const decimals = 3;

/** The value of a gate or candidate ("gate"), or of the next state ("state"). */
export function valueQuestion(random: Random, kind: "gate" | "state", level: Level, cells: readonly CellName[]): Draft {
  const gated = cells.filter((cell) => cell !== "simpleRNN");
  const cell = pick(random, kind === "gate" && gated.length > 0 ? gated : cells);
  const { model: net, x } = drawStep(random, cell, level);
  const layer = net.layers.find(({ type }) => type.cell !== undefined)!; // the step's own
  const { states, named } = layer.type.cell!(layer.config);
  const stateNames = states.map(({ name }) => name);
  const gates = [...named.keys()].filter((name) => !stateNames.includes(name));
  const name = pick(random, kind === "state" || gates.length === 0 ? stateNames : gates);
  const unit = random.below(Number(layer.config.units));
  const solution = solveModel(net, x, { layer: layer.name, timestep: 0 });
  const table = solution.sections[0]!.tables.find(({ equations }) => equations !== undefined)!;
  const [before, step] = table.rows;
  const asked = step!.order.find((one) => one.name === name && one.index.at(-1) === unit)!;
  const lines = shownLines(linesOf(asked, solution.numbers), 6, (line) => toText(line));
  const letters = table.equations!.equations.map((one) => toText(one, table.equations!.notation));
  const own = letters.find((line) => line.startsWith(`${name} = `))!;
  const needed = step!.order.filter((one) => isBelow(asked, one));
  const text = `What is ${name}[${unit}], unit ${unit} of the ${layer.type.cell!(layer.config).meanings[name] ?? "state"}, after this timestep, to ${decimals} decimals?`;
  return {
    kind,
    text,
    given: [
      `${layer.name}: ${layer.className}, ${plural(Number(layer.config.units), "unit")}`,
      `x = ${vector(
        step!.order.filter((one) => one.name === "x"),
        6,
      )}`,
      ...stateNames.map(
        (state) =>
          `${state}Prev = ${vector(
            before!.order.filter((one) => one.name === `${state}Prev`),
            6,
          )}`,
      ),
      ...solution.weights.flatMap(weightLines),
    ],
    choices: [],
    hints: [letters.join("; "), own, wrapText(`${name}[${unit}] = ${lines[0]}`, 76)],
    answer: asked.value.toFixed(decimals),
    solution: [
      ...needed.map((one) => `${one.name}[${one.index.at(-1)}] = ${formatNumber(one.value)}`),
      ...[own, ...lines.map((line) => `= ${line}`)],
    ].join("\n"),
    check(given) {
      const value = toDecimals(given, decimals);
      const check = checkValue(net, { layer: layer.name, name, timestep: 0, unit, value, x });
      const slip = check.findings[0]?.slips[0];
      return {
        kind,
        right: check.right,
        slip: check.right ? undefined : slip && slipTitles[slip.id],
        slipId: check.right ? undefined : slip?.id,
        text: wrapText(valueToText(check), 80),
      };
    },
  };
}

/** Which gate a block of columns belongs to. */
export function orderQuestion(random: Random, cells: readonly CellName[]): Draft {
  const gated = cells.filter((cell) => cell !== "simpleRNN");
  const cell = pick(random, gated.length > 0 ? gated : (["lstm", "gru"] as const));
  const units = 2 + random.below(30);
  const layer = makers[cell]({ units, name: cell });
  const graph = layer.type.cell!(layer.config);
  const block = random.below(graph.gates.length);
  const array = pick(random, ["kernel", "recurrent_kernel"]);
  const shown = [...graph.gates].sort(); // no order that gives the answer away
  const order = graph.gates.join(", ");
  const options = shown.map(
    (gate): Option => ({
      text: gate,
      right: gate === graph.gates[block],
      why: `That would be columns ${columnsOf(graph.gates.indexOf(gate), units)}: Keras's order is ${order}.`,
    }),
  );
  return {
    ...choiceOf(
      "order",
      options,
      `Keras's order is ${order}, ${units} columns each: block ${block} is columns ${columnsOf(block, units)}.`,
    ),
    text: `Which gate do columns ${columnsOf(block, units)} of ${layer.name}'s ${array} belong to (columns from 0)?`,
    given: [`${layer.name}: ${layer.className}(units=${units})`],
    hints: [
      `The array has ${graph.gates.length} blocks of h = ${units} columns.`,
      `Block k holds columns k × h to (k + 1) × h − 1.`,
      `${block * units} / ${units} = ${block}: it is the block at place ${block}, counted from 0.`,
    ],
  };
}

function columnsOf(block: number, units: number): string {
  return `${block * units} to ${(block + 1) * units - 1}`;
}

/** A cell for one timestep whose states before are inputs: every number of one decimal. */
function drawStep(random: Random, cell: CellName, level: Level): Step {
  const units = level >= 3 ? 2 : 1;
  const features = level >= 2 ? 2 : 1;
  const tenth = (): number => (random.below(19) - 9) / 10;
  const series = input({ shape: [1, features], name: "series" });
  const layer = makers[cell]({ units, name: { simpleRNN: "simple_rnn", lstm: "lstm", gru: "gru" }[cell] });
  const states = layer.stateSizes().map((size, index) => input({ shape: [size], name: `state_${index}` }));
  const net = model({ inputs: [series, ...states], outputs: layer.apply(series, { initialState: states }) });
  net.setWeights(net.getWeights().map(({ shape, data }) => ({ shape, data: Float32Array.from(data, tenth) })));
  const x = [[1, 1, features], ...states.map(() => [1, units])].map((shape) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, tenth),
  }));
  return { model: net, x };
}

/** "kernel: z[0] r[0] h[0]" and a line a row. */
function weightLines({ title, columns, rows }: WorkedTable): string[] {
  const heads = columns.length > 1 || columns[0] !== "[0]" ? `, columns ${columns.join(" ")}` : "";
  return [
    `${title.replace(/^.* \/ /, "").replace(/, shape.*$/, "")}${heads}:`,
    ...rows.map(({ numbers }) => `  ${vector(numbers, 6)}`),
  ];
}

/** Whether a named value of the step goes into another. */
function isBelow({ formula }: WorkedNumber, { name, symbol }: WorkedNumber): boolean {
  return name !== "x" && formula !== undefined && inOrder([formula]).includes(symbol);
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}
