/** Up to four models side by side: what the library derives for each, what differs and why, and one input through all. */
import { outlineOf, type Place } from "unroll/explain/answers/outline.ts";
import { compareLayers } from "unroll/explain/compare/compare-layers.ts";
import { align } from "./align.ts";
import { describeModel, hasCell } from "./describe.ts";
import { keptModel } from "./kept-models.ts";
import { type Model, tensor, UnrollError } from "./library.ts";
import type {
  ComparedLayer,
  ComparedModel,
  ComparedSource,
  CompareRequest,
  Comparison,
  LayerView,
  ModelView,
} from "./protocol.ts";
import { Session } from "./session.ts";
import { titleOf } from "./title.ts";
import { exampleInput, examplesOf, rowLengths } from "./tracing.ts";

const mostModels = 4;
/** Predictions before the timed ones, for the first ones still run slowly; and how long is timed, in ms: clocks of pages are coarse. */
const warmRuns = 5;
const timedFor = 20;
const mostRuns = 1000;
/** Numbers of a prediction that are shown. */
const mostNumbers = 8;

interface Entry {
  readonly model: Model | undefined;
  readonly view: ModelView | undefined;
  readonly error: string | undefined;
  readonly run?: ComparedModel["run"];
}

/** The last comparison. */
let compared: readonly Entry[] = [];

export async function compareModels(
  open: Model | undefined,
  hasWeights: boolean,
  { withOpen, sources, seed }: CompareRequest,
): Promise<Comparison> {
  const first: Entry[] =
    open === undefined || !withOpen ? [] : [{ model: open, view: describeModel(open, hasWeights), error: undefined }];
  const entries = [...first];
  for (const source of sources.slice(0, mostModels - first.length)) entries.push(await entryOf(source, seed));
  compared = entries;
  const outputs = entries.map(({ model, run }) =>
    model === undefined || run === "untrained" ? undefined : predict(model, seed),
  );
  const models = entries.map(({ view, error, run }, index): ComparedModel => {
    const own = outputs[index];
    const other = outputs[0];
    const areAlike =
      index > 0 && own !== undefined && other !== undefined && same(view?.inputShape, entries[0]?.view?.inputShape);
    return {
      title: view === undefined ? "" : titleOf(view),
      error,
      run,
      inputShape: view?.inputShape ?? [],
      total: view?.total.result ?? null,
      milliseconds: own?.milliseconds,
      prediction: own === undefined ? [] : Array.from(own.data.slice(0, mostNumbers)),
      apart: areAlike && own.data.length === other.data.length ? largestDifference(own.data, other.data) : undefined,
    };
  });
  return { models, rows: rowsOf(entries) };
}

/** @throws UnrollError `usage` for a model that is not among those compared. */
export function comparedModel(index: number): Model {
  const model = compared[index]?.model;
  if (model !== undefined) return model;
  throw new UnrollError({ code: "usage", path: "compare", expected: "the model must be one of those compared" });
}

/** The most timesteps that are followed back. */
const longestMemory = 400;

/** How much each compared model's prediction for the seeded example depends on the inputs of each timestep. */
export async function memoryOfCompared(seed: number): Promise<(number[] | undefined)[]> {
  const { outputGradients } = await import("unroll/explain/output-gradients.ts");
  return compared.map(({ model, run }) => {
    if (model?.inputs.length !== 1 || run === "untrained") return undefined;
    const { data, shape } = exampleInput(model, seed);
    const [timesteps, features] = shape;
    if (shape.length !== 2 || timesteps! > longestMemory) return undefined;
    try {
      return rowLengths(outputGradients(model, tensor(data, [1, ...shape]))[0]!, features!);
    } catch (error) {
      if (error instanceof UnrollError) return undefined;
      throw error;
    }
  });
}

async function entryOf({ source, pick = 0, run }: ComparedSource, seed: number): Promise<Entry> {
  const trained = run === undefined ? undefined : keptModel(run.id);
  if (trained !== undefined) {
    return { model: trained, view: describeModel(trained, true), error: undefined, run: "trained" };
  }
  const session = new Session();
  try {
    const { model: view, error } = await session.open({ source, choose: pick, seed: run?.seed ?? seed });
    session.drawWeights();
    return { model: session.model, view, error, run: run && "untrained" };
  } catch (error) {
    if (error instanceof UnrollError) return { model: undefined, view: undefined, error: error.message };
    throw error;
  }
}

function rowsOf(entries: readonly Entry[]): (ComparedLayer | undefined)[][] {
  const layers = entries.map(({ view }) => (view?.layers ?? []).filter(({ className }) => className !== "InputLayer"));
  const alike = layers.map((list, at) =>
    list.map(({ className, name }) => ({ className, isRecurrent: hasCell(entries[at]!.model!.getLayer(name)) })),
  );
  const placeOf = (at: number, layer: LayerView): Place | undefined =>
    outlineOf(entries[at]!.model!).places.find(({ layer: { name } }) => name === layer.name);
  return align(alike).map((row) => {
    const reference = row[0] === undefined ? undefined : layers[0]?.[row[0]];
    return row.map((index, at) => {
      if (index === undefined) return undefined;
      const layer = layers[at]![index]!;
      const { name, className, outputs, count } = layer;
      // What the first model has not at all counts as a whole.
      const difference =
        at === 0 || entries[0]!.view === undefined ? 0 : (count.result ?? 0) - (reference?.count.result ?? 0);
      const [before, after] = reference === undefined ? [] : [placeOf(0, reference), placeOf(at, layer)];
      return {
        name,
        className,
        shape: outputs[0]?.shape ?? [],
        count: count.result,
        formula: count.formula,
        difference,
        causes: difference === 0 ? [] : before === undefined || after === undefined ? [extra] : causesOf(before, after),
      };
    });
  });
}

const extra = "the first model has no such layer";

/** What the library finds to move the count, each change with its part of the difference; for another class only that. */
function causesOf(before: Place, after: Place): string[] {
  const [was, is] = [before.layer.className, after.layer.className];
  if (was !== is) return [`${is} in place of ${was}`];
  const { causes, options, reads } = compareLayers(before, after);
  return causes.map(({ change, difference, formula }) => {
    const option = options.find((one) => one.option === change);
    const [left, right] =
      option === undefined
        ? [reads.left[0]?.at(-1), reads.right[0]?.at(-1)].map(String)
        : [option.left, option.right].map((value) => inPython(String(value)));
    const part =
      causes.length === 1 ? "" : `: ${difference > 0 ? "+" : "−"}${Math.abs(difference).toLocaleString("en-US")}`;
    return `${inPython(change)} ${left} → ${right}${part}${formula === undefined ? "" : `, ${formula}`}`;
  });
}

/** An option or its value as the pasted code has it: resetAfter → reset_after, true → True. */
function inPython(word: string): string {
  if (word === "true" || word === "false") return `${word[0]!.toUpperCase()}${word.slice(1)}`;
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Undefined where one example cannot serve every input. */
function predict(
  model: Model,
  seed: number,
): { readonly data: Float32Array; readonly milliseconds: number } | undefined {
  try {
    return timedPrediction(model, seed);
  } catch (error) {
    if (error instanceof UnrollError) return undefined;
    throw error;
  }
}

function timedPrediction(model: Model, seed: number): { readonly data: Float32Array; readonly milliseconds: number } {
  const examples = examplesOf(model, seed);
  const inputs = examples.length === 1 ? examples[0]! : examples;
  const once = (): Float32Array => {
    const output = model.predict(inputs);
    return Float32Array.from((Array.isArray(output) ? output[0]! : output).data);
  };
  for (let run = 0; run < warmRuns; run++) once();
  const start = performance.now();
  let runs = 0;
  while (runs < mostRuns && performance.now() - start < timedFor) {
    once();
    runs++;
  }
  const milliseconds = (performance.now() - start) / runs;
  return { data: once(), milliseconds };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
}

function same(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  return String(a) === String(b);
}
