/**
 * A gradient's way back through a model, with a slip on it. Forwards everything stays as it is, and what arrives at a layer's
 * outputs does not depend on how that layer passes it on: only the layer with the slip is gone through again, and the way from
 * its inputs to the number that was asked for. It knows operations, no slip.
 */
import { inputValue, map, reduce, reshape } from "../../program/builder.ts";
import { differentiate } from "../../program/differentiate.ts";
import { evaluateProgram } from "../../program/evaluate.ts";
import type { KeptStates } from "../../program/evaluate-scan-gradient.ts";
import { type Value, valuesInOrder } from "../../program/program.ts";
import type { GradientProgram } from "../../training/gradients.ts";
import type { LayerRun } from "../by-hand.ts";
import { type ProgramChange, rewriteProgram } from "./rewrite-program.ts";

/** Numbers of the forward pass, and states of its scans. */
export interface Known {
  readonly known: ReadonlyMap<Value, Float64Array>;
  readonly keptStates: KeptStates;
}

/** The number that was asked for, of the gradient of any loss. */
export interface GradientTarget {
  /** Differentiates once; the loss may read `inputs`, whose numbers are given on each call. */
  gradientOf(loss: Value, inputs?: readonly Value[]): (known: Known, numbers?: readonly Float64Array[]) => number;
}

/** The asked number, with a change in what one layer computes on the way back. */
export type SlippedGradient = (change: ProgramChange) => number;

export class WayBack {
  readonly #known: Known;
  readonly #arriving: ReadonlyMap<Value, Float64Array>;
  readonly #target: GradientTarget;

  /** Works out the forward pass, and what arrives at the outputs of each of `runs`. */
  constructor({ program, inputs, forward }: GradientProgram, runs: readonly LayerRun[], target: GradientTarget) {
    const outputs = [...new Set(runs.flatMap(({ call }) => call.outputs))];
    const arriving = differentiate(forward.loss, outputs);
    const forwardValues = valuesInOrder([forward.loss, ...outputs]);
    const keptStates: KeptStates = new Map();
    const numbers = evaluateProgram(
      { inputs: program.inputs, results: [...forwardValues, ...arriving], updates: [] },
      inputs,
      { keptStates },
    );
    this.#known = { known: new Map(forwardValues.map((value) => [value, numbers.valueOf(value)])), keptStates };
    this.#arriving = new Map(outputs.map((output, index) => [output, numbers.valueOf(arriving[index]!)]));
    this.#target = target;
  }

  /** Slips in the layer itself whose number was asked for. */
  own(run: LayerRun, expected: number): SlippedGradient {
    const { loss, inputs, numbers } = this.#lossAt(run);
    const through = (change: ProgramChange): number =>
      this.#target.gradientOf(rewriteProgram([loss], change).valueOf(loss), inputs)(this.#known, numbers);
    // Other ways around this call of the layer keep what they give.
    const around = expected - through({});
    return (change) => around + through(change);
  }

  /** Slips in a layer behind it. */
  behind(run: LayerRun, expected: number): SlippedGradient {
    const { loss, inputs, numbers } = this.#lossAt(run);
    const read = [...new Set([...run.call.inputs, ...run.call.initialStates])];
    const atInputs = (change: ProgramChange): readonly Float64Array[] => {
      const results = differentiate(rewriteProgram([loss], change).valueOf(loss), read);
      return evaluateProgram({ inputs, results, updates: [] }, numbers, this.#known).results;
    };
    const right = atInputs({});
    const differences = read.map(({ shape }) => inputValue("difference", shape));
    const onwards = this.#target.gradientOf(weightedSum(read, differences), differences);
    return (change) => {
      const wrong = atInputs(change);
      const numbers = right.map((one, index) => one.map((value, at) => wrong[index]![at]! - value));
      return expected + onwards(this.#known, numbers);
    };
  }

  /** A loss whose gradient at the layer's outputs is what arrives there. */
  #lossAt({ call: { outputs } }: LayerRun): { loss: Value; inputs: readonly Value[]; numbers: Float64Array[] } {
    const inputs = outputs.map(({ shape }) => inputValue("arriving", shape));
    return {
      loss: weightedSum(outputs, inputs),
      inputs,
      numbers: outputs.map((output) => this.#arriving.get(output)!), // asked for in the constructor
    };
  }
}

/** Σ value · factor over all elements. */
function weightedSum(values: readonly Value[], factors: readonly Value[]): Value {
  const sums = values.map((value, index) => {
    const terms = map([value, factors[index]!], ([a, b]) => a!.times(b!));
    const axes = terms.shape.map((_, axis) => axis);
    return axes.length === 0 ? terms : reshape(reduce("sum", terms, axes), []);
  });
  return map(sums, (all) => all.reduce((sum, one) => sum.plus(one)));
}
