/** Makes the trace of one example out of the by-hand evaluation. It knows no particular layer or cell. */
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import type { ScanStep } from "../program/evaluate-scan.ts";
import type { Value } from "../program/program.ts";
import {
  type ByHand,
  declaredBatch,
  evaluateByHand,
  type LayerRun,
  readExamples,
  type ScanRun,
  type WrittenModel,
  writeModel,
} from "./by-hand.ts";
import { type LayerTrace, Trace, type TraceArray, type TraceOptions, type TraceRun, type TraceStep } from "./trace.ts";

/**
 * Every intermediate of one example: each layer's output, and each gate of each timestep.
 *
 * @throws UnrollError `shape`, `data` when `x` does not fit or has no such example, `unknown-name` for a layer that is not
 * there, `memory` when it is too much to keep.
 */
export function traceModel(model: Model, x: ModelData, options: TraceOptions = {}): Trace {
  checkOptionNames("trace", options, ["sample", "layer"] satisfies (keyof TraceOptions)[]);
  const { sample = 0, layer } = options;
  const { inputs, written, at } = exampleOf(model, x, sample);
  const wanted = layer === undefined ? undefined : wantedName(model, layer, written.layers);
  const shown = written.layers.filter(({ call }) => wanted === undefined || call.call.layer.name === wanted);
  const hand = evaluateByHand(written, inputs, model.name);
  return new Trace({
    name: model.name,
    sample,
    inputs: model.inputs.flatMap((input, index) => {
      if (wanted !== undefined && !shown.some(({ call }) => call.call.inputs.includes(input))) return [];
      const { shape, data } = rows(inputs[index]!, at, 1);
      return [{ name: input.node.layer.name, shape: shape.slice(1), data: Float64Array.from(data) }];
    }),
    layers: shown.map((run) => traceLayer(run, hand, at)),
  });
}

/** One example of the data, in a batch of the size that the model declares, and the model written for it. */
export interface WrittenExample {
  readonly inputs: readonly Tensor[];
  readonly written: WrittenModel;
  /** Its place in the batch. */
  readonly at: number;
}

/** Throws UnrollError as `traceModel` does. */
export function exampleOf(model: Model, x: ModelData, sample: number): WrittenExample {
  const examples = readExamples(model, x);
  checkSample(sample, examples[0]!.shape[0]!, model.name);
  const batch = declaredBatch(model) ?? 1;
  const start = Math.floor(sample / batch) * batch;
  const inputs = examples.map((tensor) => rows(tensor, start, batch));
  return { inputs, written: writeModel(model, inputs, batch), at: sample - start };
}

function traceLayer({ call, scans }: LayerRun, hand: ByHand, at: number): LayerTrace {
  return {
    name: call.call.layer.name,
    className: call.call.layer.className,
    call: call.call.callIndex,
    outputs: call.outputs.map((output) => example(output, hand, at)),
    runs: scans.flatMap((run) => traceRuns(run, hand, at)),
  };
}

/** A cell's run over one example; several where timesteps are examples to it. */
export function traceRuns(run: ScanRun, hand: ByHand, at: number): TraceRun[] {
  const { scan, perSample, name } = run;
  const steps = hand.stepsOf(scan);
  const { cell, units, backwards } = scan;
  return Array.from({ length: perSample }, (_, inner) => ({
    name: perSample === 1 ? name : `${name}[${inner}]`,
    backwards,
    names: [...cell.named.keys()],
    meanings: cell.meanings,
    units,
    steps: (steps[at * perSample + inner] ?? []).map((step) => traceStep(run, step, hand)),
  }));
}

function traceStep({ scan }: ScanRun, step: ScanStep, hand: ByHand): TraceStep {
  const [, timesteps, features] = scan.input.shape as [number, number, number];
  const start = (step.batchIndex * timesteps + step.timestep) * features;
  const byState = (rows: readonly Float64Array[]): Record<string, Float64Array> =>
    Object.fromEntries(scan.cell.states.map(({ name }, index) => [name, Float64Array.from(rows[index]!)]));
  const after = byState(step.statesAfter);
  const values = Object.fromEntries(step.values);
  // What a masked step computes for a state is thrown away.
  if (step.masked) for (const name of scan.cell.named.keys()) values[name] = after[name] ?? values[name]!;
  return {
    timestep: step.timestep,
    masked: step.masked,
    x: hand.valueOf(scan.input).slice(start, start + features),
    values,
    before: byState(step.statesBefore),
    after,
  };
}

/** One example of a value `[batch, ...]`. */
function example(value: Value, hand: ByHand, at: number): TraceArray {
  const shape = value.shape.slice(1);
  const width = sizeOf(shape);
  return { shape, data: hand.valueOf(value).slice(at * width, (at + 1) * width) };
}

function rows({ shape, data }: Tensor, start: number, count: number): Tensor {
  const width = sizeOf(shape.slice(1));
  return { shape: [count, ...shape.slice(1)], data: data.slice(start * width, (start + count) * width) };
}

function checkSample(sample: number, examples: number, path: string): void {
  if (Number.isInteger(sample) && sample >= 0 && sample < examples) return;
  throw new UnrollError({
    code: "data",
    path,
    expected: `sample must be a whole number from 0 to ${examples - 1}`,
    received: `sample = ${sample}`,
    hint: `The data has ${examples} example${examples === 1 ? "" : "s"}.`,
  });
}

/** A layer of the model, or of a model inside it. */
function wantedName(model: Model, layer: string | number, runs: readonly LayerRun[]): string {
  if (typeof layer === "string" && runs.some(({ call }) => call.call.layer.name === layer)) return layer;
  return model.getLayer(layer).name;
}
