/**
 * Makes worked solutions: one example of a model, or a layer, or one timestep, calculated number by number from the tensor
 * program and the cells' graphs. It knows no particular layer.
 */
import { UnrollError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import type { Expr } from "../../equations/expr.ts";
import type { Layer } from "../../layers/layer.ts";
import type { ModelData } from "../../model/data.ts";
import type { Model } from "../../model/model.ts";
import type { ScanOperation, Value } from "../../program/program.ts";
import { declaredBatch, evaluateByHand, type LayerRun, readExamples, type ScanRun, writeModel } from "../by-hand.ts";
import { keepStates } from "../verify.ts";
import { ArrayTable, Book, type WorkedNumber, type WorkedTable } from "./book.ts";
import { Elements } from "./elements.ts";
import { type WrittenScan, writeScan } from "./scan-steps.ts";
import { type SolveOptions, type WorkedResult, type WorkedSection, WorkedSolution } from "./solution.ts";

/** A section while it is written: its tables in the order in which their numbers come about. */
interface OpenSection {
  readonly run: LayerRun;
  readonly tables: (ArrayTable | WorkedTable)[];
}

interface GivenTable {
  readonly table: ArrayTable;
  numberAt(position: number): number;
}

/**
 * Works out a prediction by hand; with `layer` only that layer, its input taken as given; with `timestep` only that step.
 *
 * @throws UnrollError `shape`, `data`, `unknown-name` as `trace` does; `usage` for a timestep of several layers, `memory`
 * where the solution would be too long, `unsupported` for what is no arithmetic (sparsemax)
 */
export function solveModel(model: Model, x: ModelData, options: SolveOptions = {}): WorkedSolution {
  const { sample = 0, timestep } = options;
  const examples = readExamples(model, x);
  checkSample(sample, examples[0]!.shape[0]!, model.name);
  const batch = declaredBatch(model) ?? 1;
  const first = Math.floor(sample / batch) * batch;
  const inputs = examples.map((tensor) => rows(tensor, first, batch));
  const at = sample - first;
  const written = writeModel(model, inputs, batch);
  const hand = evaluateByHand(written, inputs, model.name);
  const chosen = chosenRuns(model, written.layers, options);
  const scans = new Map<ScanOperation, ScanRun>(
    written.layers.flatMap((run) => run.scans.map((one) => [one.scan, one])),
  );
  const book = new Book(model.name);
  const given = new Map<Value, GivenTable>();
  const weights = new Map<Value, GivenTable>();
  const sections: OpenSection[] = [];
  const outputs = new Map<Value, ArrayTable>();
  const writtenScans = new Map<ScanOperation, WrittenScan[]>();

  const give = (value: Value, name: string, title: string): void => {
    const numbers = hand.valueOf(value);
    given.set(value, { table: new ArrayTable(title, name, value.shape), numberAt: (one) => numbers[one]! });
  };
  const weightTable = (value: Value): GivenTable | undefined => {
    if (value.operation.op !== "weight") return undefined;
    let found = weights.get(value);
    if (found === undefined) {
      const { variable } = value.operation;
      const numbers = hand.valueOf(value);
      const owner = ownerOf(
        chosen.map(({ call }) => call.call.layer),
        variable,
      );
      const title = `${owner === undefined ? "" : `${owner.layer} / `}${variable.name}, shape ${formatShape(value.shape)}`;
      const about = { isWeight: true, columns: columnsOf(owner?.blocks ?? [], value.shape.at(-1) ?? 1) };
      found = { table: new ArrayTable(title, variable.name, value.shape, about), numberAt: (one) => numbers[one]! };
      weights.set(value, found);
    }
    return found;
  };

  const elements = new Elements({
    book,
    given: (value) => given.get(value) ?? weightTable(value),
    named: (value) => outputs.get(value),
    addTable: (table) => void sections.at(-1)!.tables.push(table),
    scanned(scan, result, position) {
      const [, timesteps] = scan.input.shape as [number, number];
      const unit = position % scan.units;
      const row = Math.floor(position / scan.units);
      const perExample = result === 0 && scan.returnSequences ? timesteps : 1;
      const done = scanOf(scan, Math.floor(row / perExample));
      if (result > 0) return done.finalStates[result - 1]![unit]!;
      return (scan.returnSequences ? done.outputs[row % perExample] : done.outputs.at(-1))![unit]!;
    },
  });
  const scanOf = (scan: ScanOperation, batchIndex: number): WrittenScan => {
    const list = writtenScans.get(scan) ?? [];
    writtenScans.set(scan, list);
    const known = list[batchIndex];
    if (known !== undefined) return known;
    const owner = scans.get(scan);
    const made = writeScan({
      book,
      scan,
      title: titleOf(owner, batchIndex - at * (owner?.perSample ?? 1)),
      batchIndex,
      steps: hand.stepsOf(scan)[batchIndex] ?? [],
      only: timestep,
      elementAt: (value, position) => elements.at(value, position),
    });
    list[batchIndex] = made;
    sections.at(-1)!.tables.push(made.table);
    return made;
  };

  const alone = options.layer !== undefined || timestep !== undefined;
  if (!alone) {
    written.program.inputs.forEach((value, index) => {
      const { name } = model.inputs[index]!.node.layer;
      give(value, written.program.inputs.length === 1 ? "x" : name, name);
    });
  }
  for (const run of chosen) {
    const { call, inputs: read, masks, initialStates, outputs: results } = run.call;
    if (alone) {
      read.forEach((value, index) => {
        give(value, read.length === 1 ? "x" : `x${index + 1}`, call.inputs[index]!.node.layer.name);
      });
      for (const mask of masks) if (mask) give(mask, "mask", "mask");
      initialStates.forEach((value, index) => {
        give(value, `state${index + 1}`, `initial state ${index + 1}`);
      });
    }
    sections.push({ run, tables: [] });
    results.forEach((value, index) => {
      const name = results.length === 1 ? call.layer.name : `${call.layer.name}${index + 1}`;
      if (!given.has(value)) outputs.set(value, new ArrayTable(`output of ${call.layer.name}`, name, value.shape));
    });
    writeOutputs(run, at, batch, timestep, (value, position) => elements.at(value, position), scanOf);
    for (const value of results) {
      const table = outputs.get(value);
      if (table?.isEmpty === false) sections.at(-1)!.tables.push(table);
    }
  }
  const closed = sections.map((section): WorkedSection => closeSection(section));
  return new WorkedSolution({
    name: model.name,
    sample,
    layer: options.layer === undefined && timestep === undefined ? undefined : chosen[0]!.call.call.layer.name,
    timestep,
    numbers: book.numbers,
    inputs: [...given.values()].filter(({ table }) => !table.isEmpty).map(({ table }) => table.toTable()),
    weights: [...weights.values()].map(({ table }) => table.toTable()),
    sections: closed,
    results: timestep === undefined ? resultsOf(model, chosen, { at, inputs, alone, elements, book }) : [],
  });
}

/** Asks for every number that the section shows: what is asked for is written. */
function writeOutputs(
  { call, scans }: LayerRun,
  at: number,
  batch: number,
  timestep: number | undefined,
  element: (value: Value, position: number) => Expr,
  scanOf: (scan: ScanOperation, batchIndex: number) => WrittenScan,
): void {
  if (timestep !== undefined && scans.length > 0) {
    for (const { scan, perSample } of scans) {
      checkTimestep(timestep, scan.input.shape[1]!, call.call.layer.name);
      for (let inner = 0; inner < perSample; inner++) scanOf(scan, at * perSample + inner);
    }
    return;
  }
  for (const value of call.outputs) {
    const width = sizeOf(value.shape) / batch;
    const steps = value.shape.length > 2 ? value.shape[1]! : 1;
    if (timestep !== undefined) checkTimestep(timestep, steps, call.call.layer.name);
    const from = at * width + (timestep === undefined ? 0 : (timestep * width) / steps);
    const count = timestep === undefined ? width : width / steps;
    for (let position = from; position < from + count; position++) element(value, position);
  }
}

function closeSection({ run, tables }: OpenSection): WorkedSection {
  const { layer, inputs } = run.call.call;
  return {
    name: layer.name,
    className: layer.className,
    does: layer.type.doc,
    reads: inputs.map(({ node }) => node.layer.name),
    tables: tables.map((table) => (table instanceof ArrayTable ? table.toTable() : table)),
  };
}

interface ResultSource {
  readonly at: number;
  readonly inputs: readonly Tensor[];
  readonly alone: boolean;
  readonly elements: Elements;
  readonly book: Book;
}

/** The outputs of the model or of the one layer, each number beside the engine's. */
function resultsOf(model: Model, chosen: readonly LayerRun[], source: ResultSource): WorkedResult[] {
  const { at, inputs, alone, elements, book } = source;
  const restore = keepStates(model);
  const values = alone ? chosen[0]!.call.outputs : outputValues(model, chosen);
  const engine = alone ? engineLayer(model, inputs, chosen[0]!) : engineOutputs(model, inputs);
  restore();
  return values.map((value, index) => {
    const shape = value.shape.slice(1);
    const width = sizeOf(shape);
    const numbers = Array.from({ length: width }, (_, unit): WorkedNumber => {
      const formula = elements.at(value, at * width + unit);
      return book.numbers.get(formula) ?? book.work("output", [unit], formula);
    });
    const data = engine?.[index]?.data;
    return {
      layer: alone ? chosen[0]!.call.call.layer.name : model.outputs[index]!.node.layer.name,
      shape,
      numbers,
      engine: data && Array.from(data.slice(at * width, (at + 1) * width)),
    };
  });
}

function outputValues(model: Model, chosen: readonly LayerRun[]): Value[] {
  return model.outputs.flatMap((output) => {
    const run = chosen.find(({ call }) => call.call.outputs.includes(output));
    return run === undefined ? [] : [run.call.outputs[run.call.call.outputs.indexOf(output)]!];
  });
}

function engineOutputs(model: Model, inputs: readonly Tensor[]): readonly Tensor[] {
  const result = model.predict([...inputs]);
  return Array.isArray(result) ? result : [result];
}

function engineLayer(model: Model, inputs: readonly Tensor[], { call }: LayerRun): readonly Tensor[] | undefined {
  const { layer, callIndex } = call.call;
  return model.intermediates([...inputs]).find((one) => one.layer === layer && one.callIndex === callIndex)?.outputs;
}

function chosenRuns(model: Model, runs: readonly LayerRun[], { layer, timestep }: SolveOptions): readonly LayerRun[] {
  if (layer !== undefined) {
    const byName = typeof layer === "string" ? runs.filter(({ call }) => call.call.layer.name === layer) : [];
    const name = byName.length > 0 ? layer : model.getLayer(layer).name;
    return runs.filter(({ call }) => call.call.layer.name === name).slice(0, 1);
  }
  if (timestep === undefined) return runs;
  const recurrent = runs.filter(({ scans }) => scans.length > 0);
  if (recurrent.length === 1) return recurrent;
  throw new UnrollError({
    code: "usage",
    path: model.name,
    expected: "a timestep belongs to one layer",
    received: `recurrent layers = ${recurrent.map(({ call }) => call.call.layer.name).join(", ") || "none"}`,
    hint: "Choose it with option layer.",
  });
}

/** The layer that an array belongs to, also inside a wrapper, and the array's column blocks. */
function ownerOf(
  layers: readonly Layer[],
  variable: Variable,
): { readonly layer: string; readonly blocks: readonly string[] } | undefined {
  for (const layer of layers) {
    const own = layer.arrays.find((one) => one.variable === variable);
    if (own !== undefined) return { layer: layer.name, blocks: own.spec.blocks ?? [] };
    const inside = ownerOf(layer.children, variable);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** Heads of a gate array's columns: "f[0]". */
function columnsOf(blocks: readonly string[], width: number): readonly string[] | undefined {
  if (blocks.length < 2) return undefined;
  const units = width / blocks.length;
  return Array.from({ length: width }, (_, column) => `${blocks[Math.floor(column / units)]}[${column % units}]`);
}

function titleOf(run: ScanRun | undefined, inner: number): string {
  if (run === undefined) return "timesteps";
  return run.perSample === 1 ? run.name : `${run.name}[${inner}]`;
}

function checkTimestep(timestep: number, timesteps: number, path: string): void {
  if (Number.isInteger(timestep) && timestep >= 0 && timestep < timesteps) return;
  throw new UnrollError({
    code: "data",
    path,
    expected: `timestep must be a whole number from 0 to ${timesteps - 1}`,
    received: `timestep = ${timestep}`,
  });
}

function checkSample(sample: number, examples: number, path: string): void {
  if (Number.isInteger(sample) && sample >= 0 && sample < examples) return;
  throw new UnrollError({
    code: "data",
    path,
    expected: `sample must be a whole number from 0 to ${examples - 1}`,
    received: `sample = ${sample}`,
  });
}

function rows({ shape, data }: Tensor, start: number, count: number): Tensor {
  const width = sizeOf(shape.slice(1));
  return { shape: [count, ...shape.slice(1)], data: data.slice(start * width, (start + count) * width) };
}
