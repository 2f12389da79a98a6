/**
 * A model's by-hand evaluation: its program run in float64 plain loops, with every step of every cell kept and told whose it
 * is. The trace shows it and verify compares with it.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Layer } from "../layers/layer.ts";
import { type ModelData, readData } from "../model/data.ts";
import type { CallValues } from "../model/graph.ts";
import { partsOf } from "../model/graph-type.ts";
import type { Model } from "../model/model.ts";
import { Sequential } from "../model/sequential.ts";
import { type Evaluation, evaluateProgram } from "../program/evaluate.ts";
import type { ScanStep } from "../program/evaluate-scan.ts";
import { type Program, type ScanOperation, sourcesOf, type Value } from "../program/program.ts";

/** A cell run over time inside one call of a layer. */
export interface ScanRun {
  readonly scan: ScanOperation;
  /** The layer whose cell it is. */
  readonly name: string;
  /** Examples that the scan sees for each example of the model: more than one where time steps are examples to it. */
  readonly perSample: number;
}

/** One call of a layer that is no model itself, in running order. */
export interface LayerRun {
  readonly call: CallValues;
  readonly scans: readonly ScanRun[];
}

/** What a model computes for a batch, ready to be evaluated. */
export interface WrittenModel {
  readonly program: Program;
  readonly layers: readonly LayerRun[];
  readonly batch: number;
}

export interface ByHand {
  /** The numbers of any value, `[batch, ...]`. */
  valueOf(value: Value): Float64Array;
  /** Steps of a scan, by example and in order of processing. */
  stepsOf(scan: ScanOperation): readonly (readonly ScanStep[])[];
}

/** More numbers than this are not kept, 8 bytes each. */
const largestTrace = 2 ** 26;

/** The data as tensors, one an input; builds a sequential model that has not seen data. Throws as `predict` does. */
export function readExamples(model: Model, x: ModelData): Tensor[] {
  if (model instanceof Sequential) model.buildFor(x);
  const specs = model.inputs.map(({ shape, node }) => ({ name: node.layer.name, shape }));
  return readData(x, specs, model.name);
}

/** The batch size that the inputs are declared with, or undefined. */
export function declaredBatch(model: Model): number | undefined {
  return model.inputs.map(({ shape }) => shape[0]).find((size) => size !== null);
}

/** Writes the model's program for a batch of these inputs, with every call of a layer. */
export function writeModel(model: Model, inputs: readonly Tensor[], batch: number): WrittenModel {
  const shapes = inputs.map(({ shape }) => [batch, ...shape.slice(1)]);
  model.build(shapes);
  const { program, calls } = model.program({ batch, shapes });
  const layers = calls.filter(({ call }) => partsOf(call.layer) === undefined).map((call) => layerRunOf(call, batch));
  return { program, layers, batch };
}

/** A call with the cells that it runs. */
export function layerRunOf(call: CallValues, batch: number): LayerRun {
  return { call, scans: scansOf(call, batch) };
}

/**
 * Evaluates a written model by hand.
 *
 * @param watched the scans whose steps are kept; all when left out
 * @param earlier an evaluation of the same written model, all steps kept: what follows from other numbers alone is worked out anew
 * @throws UnrollError `memory` when the steps would take too much
 */
export function evaluateByHand(
  { program, layers }: WrittenModel,
  inputs: readonly Tensor[],
  path: string,
  watched?: (scan: ScanOperation) => boolean,
  earlier?: ByHand,
): ByHand {
  refuseHuge(layers, path);
  const steps = new Map<ScanOperation, ScanStep[][]>();
  const results = layers.flatMap(({ call }) => call.outputs);
  const evaluation: Evaluation = evaluateProgram(
    { ...program, results: [...program.results, ...results] },
    inputs.map(({ data }) => data),
    {
      ...(watched && { watched, together: true }),
      earlier,
      onStep(scan, step) {
        let list = steps.get(scan);
        if (list === undefined) {
          list = [];
          steps.set(scan, list);
        }
        list[step.batchIndex] ??= [];
        list[step.batchIndex]!.push(step);
      },
    },
  );
  return { valueOf: (value) => evaluation.valueOf(value), stepsOf: (scan) => steps.get(scan) ?? [] };
}

/** The scans between a call's inputs and its outputs, each with the layer whose cell it runs. */
function scansOf(call: CallValues, batch: number): ScanRun[] {
  const found: ScanOperation[] = [];
  const seen = new Set<Value["operation"]>();
  for (const given of [...call.inputs, ...call.initialStates, ...call.masks]) if (given) seen.add(given.operation);
  const visit = ({ operation }: Value): void => {
    if (seen.has(operation)) return;
    seen.add(operation);
    sourcesOf(operation).forEach(visit);
    if (operation.op === "scan") found.push(operation);
  };
  call.outputs.forEach(visit);
  const owners = cellOwners(call.call.layer);
  return found.map((scan, index) => ({
    scan,
    name: owners.length === found.length ? owners[index]!.name : call.call.layer.name,
    perSample: scan.input.shape[0]! / batch,
  }));
}

/** The layers that run a cell of their own: the layer itself or those inside it, in order. */
function cellOwners(layer: Layer): Layer[] {
  return layer.type.cell === undefined ? layer.children.flatMap(cellOwners) : [layer];
}

/** How many numbers a by-hand evaluation keeps. */
function keptNumbers(layers: readonly LayerRun[]): number {
  let numbers = 0;
  for (const { call, scans } of layers) {
    for (const { shape } of call.outputs) numbers += sizeOf(shape);
    for (const { scan } of scans) {
      const [batch, timesteps] = scan.input.shape as [number, number];
      numbers += batch * timesteps * scan.units * (scan.cell.named.size + 2 * scan.cell.states.length);
    }
  }
  return numbers;
}

/** The largest batch, up to `wanted`, whose by-hand evaluation is kept; 1 where not even that fits. */
export function batchThatFits(model: Model, inputs: readonly Tensor[], wanted: number): number {
  const perExample = keptNumbers(writeModel(model, inputs, 1).layers);
  return Math.max(1, Math.min(wanted, Math.floor(largestTrace / Math.max(1, perExample))));
}

function refuseHuge(layers: readonly LayerRun[], path: string): void {
  const numbers = keptNumbers(layers);
  if (numbers <= largestTrace) return;
  throw new UnrollError({
    code: "memory",
    path,
    expected: `the by-hand evaluation keeps up to ${largestTrace.toLocaleString("en-US")} numbers`,
    received: `about ${numbers.toLocaleString("en-US")} for this data`,
    hint: "Use fewer timesteps or examples; counts and shapes need no data.",
  });
}
