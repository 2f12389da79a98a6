/** The way back through one run: the library's backward trace of the example, in typed arrays. */

import { cellAdjointEquations } from "unroll/cells/equations.ts";
import { gradientOf } from "unroll/equations/formula.ts";
import type { ScanRun } from "unroll/explain/by-hand.ts";
import { openGradient } from "unroll/explain/open-gradient.ts";
import { type BackRun, type BackStep, type BackTrace, traceGradients } from "unroll/training/trace-gradients.ts";
import { gradientFlow } from "unroll/training/trace-gradients-text.ts";
import { equationView } from "./describe.ts";
import { type Model, tensor, UnrollError } from "./library.ts";
import type { BackArray, BackNumbers, BackView, Edit, OpenedNow } from "./protocol.ts";
import { withEdits } from "./tracing.ts";

/** What every output should have been. */
const target = 1;
/** Numbers of the growing sums that go to the page, for all arrays of a run. */
const mostSums = 1_000_000;

/** A run's way back, and the loss from which it starts. */
interface Way {
  readonly loss: number;
  readonly trace: BackTrace;
  /** As it was computed. */
  readonly run: BackRun;
  /** Whether one of the user's changes fits a number. */
  readonly isChanged: boolean;
}

/** What was asked for last, and the same before the user's changes. */
let last: { readonly now: Way; readonly was: Way | undefined } | undefined;

/** @throws UnrollError `usage` before a way back was asked for, and as `openGradient` does. */
export function openBack(layer: string, step: number, name: string, unit: number): OpenedNow {
  if (last?.now.run.layer === layer) {
    const opened = openGradient(last.now.run, step, name, unit);
    return last.was === undefined ? opened : { ...opened, was: openGradient(last.was.run, step, name, unit) };
  }
  throw new UnrollError({ code: "usage", path: layer, expected: "the way back must have been asked for" });
}

/** @throws UnrollError `unsupported` where nothing in the run is trained, or an activation has no gradient. */
export function backwardOf(
  model: Model,
  { seed, edits }: { readonly seed: number; readonly edits: readonly Edit[] },
  { scan, name }: ScanRun,
  outputShapes: readonly (readonly number[])[],
): BackView {
  const now = wayOf(model, seed, edits, name, outputShapes);
  const windows = edits.filter(({ kind }) => kind === "window");
  const was = now.isChanged ? wayOf(model, seed, windows, name, outputShapes) : undefined;
  last = { now, was };
  const { equations, notation } = cellAdjointEquations(scan.cell);
  return {
    ...numbersOf(now, scan),
    was: was && numbersOf(was, scan),
    target,
    equations: Object.fromEntries(
      equations.map((one) => [gradientOf(one.name) ?? one.name, equationView(one, notation)]),
    ),
    sentence: gradientFlow(now.trace),
  };
}

function wayOf(
  model: Model,
  seed: number,
  edits: readonly Edit[],
  name: string,
  outputShapes: readonly (readonly number[])[],
): Way {
  return withEdits(model, seed, edits, (_, inputs, replaced) => {
    const targets = outputShapes.map((shape) =>
      tensor(new Float32Array(shape.reduce((size, one) => size * one, 1)).fill(target), [1, ...shape]),
    );
    let run: BackRun | undefined;
    const onRun = (one: BackRun): void => {
      if (one.layer === name) run = one;
    };
    const options = { loss: "mse", training: false, checks: 0, seed: 0, onRun } as const;
    const { loss, runs } = traceGradients(model, inputs, targets, options);
    const trace = runs.find(({ layer }) => layer === name);
    if (trace === undefined || run === undefined) {
      throw new UnrollError({
        code: "unsupported",
        path: name,
        expected: "the way back needs a layer that is trained",
        hint: "Set trainable to True.",
      });
    }
    const isChanged = replaced.some((one, at) => one !== undefined && edits[at]!.kind !== "window");
    return { loss, trace, run, isChanged };
  });
}

function numbersOf({ loss, trace: run }: Way, { cell }: ScanRun["scan"]): BackNumbers {
  const steps = run.backwards ? run.steps.toReversed() : run.steps;
  const rows = (of: (step: BackStep) => Float64Array): Float64Array => joined(steps.map(of));
  const factors = Float64Array.from(steps, ({ factor }) => factor);
  const numbers = Object.values(run.shapes).reduce((sum, shape) => sum + shape.reduce((size, one) => size * one, 1), 0);
  return {
    loss,
    values: Object.fromEntries([...cell.named.keys()].map((one) => [one, rows(({ values }) => values[one]!)])),
    before: Object.fromEntries(
      cell.states.map((state) => [`${state.name}Prev`, rows((step) => step.previous[state.name]!)]),
    ),
    x: rows(({ input }) => input),
    factors,
    products: fromTheLast(factors),
    arrays: Object.entries(run.shapes).map(([array, shape]) =>
      arrayOf(array, shape, steps, numbers * steps.length <= mostSums),
    ),
  };
}

function arrayOf(name: string, shape: readonly number[], steps: readonly BackStep[], withSums: boolean): BackArray {
  const sum = new Float64Array(steps[0]!.contributions[name]!.length);
  const soFar = new Float64Array(steps.length);
  const sums = withSums ? new Float64Array(steps.length * sum.length) : undefined;
  for (let step = steps.length - 1; step >= 0; step--) {
    steps[step]!.contributions[name]!.forEach((value, index) => {
      sum[index]! += value;
    });
    soFar[step] = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
    sums?.set(sum, step * sum.length);
  }
  return { name, shape, added: Float64Array.from(steps, (step) => step.contributionNorms[name]!), soFar, sums };
}

/** The product of the factors from the last step down to each. */
function fromTheLast(factors: Float64Array): Float64Array {
  const products = Float64Array.from(factors);
  for (let step = factors.length - 2; step >= 0; step--) products[step]! *= products[step + 1]!;
  return products;
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float64Array(rows.length * width);
  for (const [index, row] of rows.entries()) all.set(row, index * width);
  return all;
}
