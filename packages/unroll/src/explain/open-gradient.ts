/**
 * One gradient of a step of backpropagation through time opened into the numbers that it comes from, as open-value.ts does it
 * forwards. Read from the adjoint that is derived from the cell's equations, so that it serves every cell.
 */
import { cellAdjoint } from "../cells/adjoint.ts";
import { UnrollError } from "../core/errors.ts";
import type { Expr } from "../equations/expr.ts";
import { gradientName } from "../equations/formula.ts";
import { type Value, valuesInOrder } from "../program/program.ts";
import type { BackRun } from "../training/trace-gradients.ts";
import { type Behind, openBehind } from "./open-behind.ts";
import { at, type OpenedName, type OpenedNode, type OpenedValue, Opener } from "./open-value.ts";

/**
 * Opens ∂L/∂value at one step: products with the transposed blocks into their terms, what comes from later steps into the
 * gradient that the next step hands back and what the layer's output adds, and that into what the layers behind make of it.
 *
 * @param step in order of processing
 * @param name a value that the equations name, `x`, or a state before the step such as `hPrev`
 * @throws UnrollError `unknown-name` for another name, `data` for a unit that it has not, `unsupported` at a masked step
 */
export function openGradient(run: BackRun, step: number, name: string, unit: number): OpenedValue {
  const { scan, steps, numbersOf } = run;
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
    ...[...back.named].map(([one, of]) => [of, { name: gradientName(one), role: "gradient" }] as const),
  ]);
  const argument = (symbol: Expr, place: number): OpenedNode => {
    const state = back.states.findIndex(({ gradient }) => gradient === symbol);
    const value = at(read(symbol), place);
    const later = steps[step + 1]?.states[state]?.[place];
    const rest = value - (later ?? 0);
    const of = state === 0 ? outputGradient(run, step, place, rest) : undefined;
    const outside: OpenedNode = { kind: "number", value: rest, from: "the layer's output", ...(of && { of }) };
    if (later === undefined) return outside;
    const before: OpenedNode = {
      kind: "name",
      name: gradientName(`${back.states[state]!.name}Prev`),
      unit: place,
      role: "later",
      value: later,
    };
    return rest === 0
      ? before
      : { kind: "sum", terms: [before, outside].map((of) => ({ negative: false, of })), value };
  };
  const opener = new Opener({ run: { scan, numbersOf }, valueOf: read, names, argument });
  return {
    name,
    unit,
    timestep: here.timestep,
    value: at(read(expr), unit),
    tree: opener.define(expr, unit),
  };
}

/** Relative; the rest is what a sum leaves, and has its rounding. */
const tolerance = 1e-9;

/** What the layer's output adds to h, opened; undefined where it is not a single element, as before masked steps that repeat it. */
function outputGradient(run: BackRun, step: number, unit: number, rest: number): OpenedNode | undefined {
  const { scan, operation, steps } = run;
  const [gradient] = operation.outputs;
  if (gradient === undefined) return undefined;
  const place = scan.returnSequences ? step * scan.units + unit : unit;
  const value = run.numbersOf(gradient)[place]!;
  if (Math.abs(value - rest) > tolerance * Math.max(...steps.map(({ arriving }) => Math.abs(arriving[0]![unit]!)))) {
    return undefined;
  }
  const opened = openBehind(gradient, place, behindOf(run));
  return opened.kind === "number" && opened.from === undefined ? undefined : opened;
}

/** What a layer computes on the way from its inputs to its outputs, weights aside. */
function insideOf(outputs: readonly Value[], inputs: readonly Value[]): Value[] {
  const given = new Set(inputs);
  return valuesInOrder(outputs, given).filter((value) => !given.has(value) && value.operation.op !== "weight");
}

function behindOf({ numbersOf, forward, ownerOf }: BackRun): Behind {
  const names = new Map<Value, string>([
    ...forward.calls.flatMap(({ call, inputs, outputs }) =>
      insideOf(outputs, inputs).map((value) => [value, `inside ${call.layer.name}`] as const),
    ),
    ...forward.calls.flatMap(({ call, outputs }) =>
      outputs.map((output) => [output, `${call.layer.name}'s output`] as const),
    ),
    ...forward.targets.map((target) => [target, "the target"] as const),
    ...forward.sampleWeights.map((weight) => [weight, "the sample's weight"] as const),
    ...forward.inputs.map((input) => [input, "the input"] as const),
  ]);
  const arrayOf: Behind["ownerOf"] = (variable) => {
    const layer = ownerOf(variable);
    const found = layer?.ownArrays.find((one) => one.variable === variable);
    return layer === undefined || found === undefined ? undefined : { layer: layer.name, array: found.spec.name };
  };
  return {
    numbersOf,
    nameOf: (value) => names.get(value),
    ownerOf: arrayOf,
    layerOf({ scan }) {
      const { operation } = scan.arrays[0]!;
      return (operation.op === "weight" ? ownerOf(operation.variable)?.name : undefined) ?? scan.cell.kind;
    },
  };
}
