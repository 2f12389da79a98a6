/**
 * A step that several threads share: each runs the forward and, in training, the backward pass of a part of the batch, then one
 * adds up what the parts gave in order, and does the optimizer's step. Losses are divided by what the whole batch counts, so the sums
 * are those of one thread but for the order in which they are added up. Importing this file adds it.
 */
import { Random } from "../core/random.ts";
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { TensorData } from "../core/tensor.ts";
import { type Device, defaultDevice } from "../layers/device.ts";
import { prepare, prepareDivided } from "../layers/run.ts";
import { valuesApart } from "../program/apart.ts";
import { inputValue, view, weightValue } from "../program/builder.ts";
import { differentiate } from "../program/differentiate.ts";
import { type Operation, operationsInOrder, type Program, type Value, valuesInOrder } from "../program/program.ts";
import { type Compiled, trainedVariables } from "./compile.ts";
import { type BatchShapes, type Forward, forwardOf, sumOf } from "./forward.ts";
import { addsArrays } from "./metric-rule.ts";
import { lossCount } from "./objective.ts";
import { arrayPenalties, penalizesExamplesApart } from "./penalties.ts";
import { type Measured, measuredOf, reportsOf, valuesOf, withValues } from "./reports.ts";
import {
  type BatchData,
  inOneRow,
  normOf,
  type PreparedStep,
  provideSharedSteps,
  type StepRequest,
  type TrainedGradient,
  trainedGradients,
  trainingUpdates,
  type WrittenStep,
} from "./step.ts";

provideSharedSteps(shareStep);

/** The step over as many threads as it can use, or why there must be one. Throws UnrollError `unsupported` as `compile` does. */
function shareStep(request: StepRequest, written: WrittenStep): PreparedStep | string {
  const { mode, compiled, threads } = request;
  const { forward, batch, program } = written;
  const device = compiled.device ?? defaultDevice();
  const counts = forward.readLosses.map((loss, i) => loss && lossCount(loss, forward.comparisons[i]!));
  const obstacle = obstacleIn(compiled, written, counts, device);
  if (obstacle !== undefined) return obstacle;
  const all = [...program.results, ...program.updates.map(({ value }) => value)];
  const randoms = valuesInOrder(all).flatMap(({ operation, shape }) => (operation.op === "random" ? [shape] : []));
  for (let parts = Math.min(threads, batch); parts > 1; parts--) {
    if (batch % parts !== 0) continue;
    const part = writePart(request, counts, parts);
    const end = writeEnd(request, part, batch, parts);
    const recompute = mode === "train" ? compiled.recompute : undefined;
    const cut = part.program.inputs.length - counts.filter((count) => count !== undefined).length;
    const divided = prepareDivided({ parts, part: part.program, cut, end, randoms, recompute }, device);
    if (divided === undefined) continue;
    const count = countsRun(forward, counts, device);
    return {
      threads: divided.threads,
      memory: divided.memory,
      run(data, random, factors) {
        const { x, y, sampleWeight } = data;
        const ends = written.factorNames.length > 0 ? [Float32Array.from(factors)] : [];
        const inputs = { cut: [...x, ...y, ...sampleWeight], common: count(data), end: ends };
        return divided.run(inputs, random)[0]!.data as Float32Array; // results of programs are float32
      },
      release: () => divided.release(),
    };
  }
  return `a batch of ${batch} is too little work for several threads, has no equal parts, or they do not fit into memory`;
}

/** Why the sums of parts would not be those of the whole batch, or undefined. */
function obstacleIn(
  { model, outputs, hasOwnEngine }: Compiled,
  { forward, batch }: WrittenStep,
  counts: readonly (Value | undefined)[],
  device: Device,
): string | undefined {
  if (device === "reference") return "the reference has one";
  if (hasOwnEngine) return "an engine of the caller's own has one";
  if (model.inputs.some(({ shape }) => shape[0] !== null)) return "the batch size is declared";
  const { calls, penalized, readLosses } = forward;
  const found = calls.map(({ call, ...values }) => ({
    layer: call.layer,
    values: [...values.outputs, ...values.outputMasks].filter((value) => value !== undefined),
  }));
  const apart = valuesApart(
    [...found, ...penalized].flatMap(({ values }) => values),
    batch,
  );
  const mixing = [...found, ...penalized].find(({ values }) => !values.every((value) => apart.has(value)));
  if (mixing !== undefined) return `${mixing.layer.name} computes with all examples of a batch together`;
  if (forward.updates.length > 0) return `${forward.updates[0]!.variable.name} goes on from batch to batch`;
  const angles = penalized.find(({ layer }) => !penalizesExamplesApart(layer));
  if (angles !== undefined) return `the penalty on ${angles.layer.name} is one on all examples together`;
  if (readLosses.every((loss) => loss === undefined)) return "no output has a loss";
  const signs =
    readLosses.some((loss) => loss?.rule.targets === "sign") || metricsWithSigns(measuredOf(outputs, forward));
  if (signs) return "a hinge loss or metric looks at all labels of a batch";
  const counted = operationsInOrder(counts.filter((count) => count !== undefined));
  return counted.every(isQuick) ? undefined : "the mask of the loss depends on what layers compute";
}

function metricsWithSigns({ metrics }: Measured): boolean {
  return metrics.some(({ metric: { rule, options } }) => {
    if (addsArrays(rule)) return false;
    return (typeof rule.targets === "function" ? rule.targets(options) : rule.targets) === "sign";
  });
}

/** What can be done for the whole batch before anything else without much loss of time. */
function isQuick({ op }: Operation): boolean {
  return ["input", "constant", "map", "view", "pad", "concat", "reduce"].includes(op);
}

interface Part {
  readonly program: Program;
  readonly measured: Measured;
  readonly gradients: readonly TrainedGradient[];
}

/** What each part runs: its results are what is measured, in one row, then the gradients to which something flows. */
function writePart(
  { mode, compiled: { model, outputs }, shapes }: StepRequest,
  counts: readonly (Value | undefined)[],
  parts: number,
): Part {
  const cut = (list: readonly (readonly number[])[]): number[][] =>
    list.map(([batch, ...rest]) => [batch! / parts, ...rest]);
  const own: BatchShapes = { x: cut(shapes.x), y: cut(shapes.y), sampleWeight: cut(shapes.sampleWeight) };
  const common = counts.map((count, index) => count && inputValue(`count ${index}`, []));
  const forward = forwardOf(model, outputs, own, mode === "train", { parts, counts: common });
  const measured = measuredOf(outputs, forward);
  const gradients = mode === "train" ? trainedGradients(model, forward.loss) : [];
  const inputs = [...forward.inputs, ...forward.targets, ...forward.sampleWeights, ...common];
  return {
    program: {
      inputs: inputs.filter((value) => value !== undefined),
      results: [inOneRow(valuesOf(measured)), ...gradients.flatMap(exchanged)],
      updates: [],
    },
    measured,
    gradients,
  };
}

/** Nothing is sent where nothing flows. */
function exchanged({ gradient, readings }: TrainedGradient): Value[] {
  if (gradient.operation.op === "constant") return [];
  return [gradient, ...(readings === undefined ? [] : [readings.square, readings.size])];
}

/** What runs behind the parts: sums, penalties on arrays, in training the optimizer. */
function writeEnd({ mode, compiled }: StepRequest, part: Part, batch: number, parts: number): Program {
  const { model, outputs } = compiled;
  const given = Array.from({ length: parts }, (_, index) =>
    part.program.results.map(({ shape }, i) => inputValue(`result ${i} of part ${index}`, shape)),
  );
  const [numbers, ...sums] = part.program.results.map((_, i) => sumOf(given.map((results) => results[i]!)));
  const measured = withValues(part.measured, cutUp(numbers!, valuesOf(part.measured)));
  const penalties = arrayPenalties(model.arrays);
  const loss = sumOf([measured.loss, ...penalties]);
  const whole = { ...measured, loss };
  if (mode === "test") {
    return { inputs: given.flat(), results: [inOneRow(reportsOf(outputs, whole, batch).values)], updates: [] };
  }
  const fromPenalties =
    penalties.length === 0 ? [] : differentiate(sumOf(penalties), trainedVariables(model).map(weightValue));
  let next = 0;
  const gradients = part.gradients.map((own, index): TrainedGradient => {
    const [gradient = own.gradient, square, size] = exchanged(own).map(() => sums[next++]!);
    const readings = square === undefined || size === undefined ? undefined : { square, size };
    const more = fromPenalties[index];
    // An array with a penalty is read as a whole.
    if (more === undefined || more.operation.op === "constant") return { gradient, readings };
    return { gradient: sumOf([gradient, more]), readings: undefined };
  });
  const { factors, updates } = trainingUpdates(compiled, { loss, batch, gradients, updates: [] });
  const { values } = reportsOf(outputs, whole, batch, normOf(compiled, gradients));
  return { inputs: [...given.flat(), ...factors], results: [inOneRow(values)], updates };
}

/** The numbers of one row in the shapes of those that were put into it. */
function cutUp(row: Value, shaped: readonly Value[]): Value[] {
  let start = 0;
  return shaped.map(({ shape }) => {
    const value = view(row, shape, stridesOf(shape), start);
    start += sizeOf(shape);
    return value;
  });
}

/** What gives the numbers of the counts that there are. */
function countsRun(
  { inputs, targets, sampleWeights }: Forward,
  counts: readonly (Value | undefined)[],
  device: Device,
): (data: BatchData) => TensorData[] {
  const results = counts.filter((count) => count !== undefined);
  if (results.length === 0) return () => [];
  const run = prepare({ inputs: [...inputs, ...targets, ...sampleWeights], results, updates: [] }, device);
  const nothing = new Random(0);
  return ({ x, y, sampleWeight }) => run.run([...x, ...y, ...sampleWeight], nothing).map(({ data }) => data);
}
