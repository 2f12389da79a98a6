/**
 * A printed summary beside the open model: which of its lines agree, which differ and what makes them, which only one of both
 * has. A cause is a change of the layer, or of what it reads, that gives the printed line to the number.
 */
import { checkAnswer } from "unroll/explain/answers/check.ts";
import { countOf, countTree, type Source } from "unroll/explain/answers/count-tree.ts";
import { inputLetters } from "unroll/explain/answers/letters.ts";
import { type Outline, outlineOf, outputsFor, type Place } from "unroll/explain/answers/outline.ts";
import {
  type CodeModel,
  learnedText,
  type ParsedSummary,
  parseSummaries,
  type SummaryRow,
} from "unroll/formats/python/index.ts";
import { shapeOf } from "unroll/layers/sizes.ts";
import { align } from "./align.ts";
import { formatShape, Layer, type Model, UnrollError } from "./library.ts";
import type { PartialLayer, PrintedLine, PrintedRow, PrintedView, Shape } from "./protocol.ts";

const recurrent = /^(SimpleRNN|LSTM|GRU|RNN|Bidirectional)$/;
/** Slips that are told where no change of the layer gives the line. */
const mostSlips = 3;

/** The table that belongs to a model of some code: the one that its notebook prints, or one that stands in the text. */
export function printedOf(
  code: CodeModel | undefined,
  { text, at, models }: { readonly text: string; readonly at: number; readonly models: number },
): ParsedSummary | undefined {
  if (code?.printedOnly === true) return undefined;
  if (code?.printedSummary !== undefined) return code.printedSummary;
  const tables = parseSummaries(text);
  const named = tables.find(({ modelName }) => modelName !== undefined && modelName === code?.name);
  return named ?? (tables.length === models ? tables[at] : models <= 1 ? tables[0] : undefined);
}

/** The text without the tables in it, which are no code; lines keep their numbers. */
export function withoutTables(text: string): string {
  const lines = text.split("\n");
  const isOfTable = (line: string): boolean =>
    line.trim() === "" ||
    /^\s*[│┃|┏┡├└┗╇━─┼┴]/.test(line) ||
    /^[\s|]*[_=¯╌]{6,}[\s|]*$/.test(line) ||
    /^\s*(Model: "|Layer \(type\)|(Total|Trainable|Non-trainable|Optimizer) params:)/.test(line) ||
    /^\s*[^\s()=]+ ?\(\w+…?\)?\s+(\[?\(|multiple\b|\?)/.test(line);
  for (const [at, line] of [...lines.entries()]) {
    if (!/^\s*[│┃|]?\s*Layer \(type\)/.test(line)) continue;
    let [from, to] = [at, at + 1];
    while (from > 0 && from > at - 4 && isOfTable(lines[from - 1]!)) from--;
    while (to < lines.length && isOfTable(lines[to]!)) to++;
    lines.fill("", from, to);
  }
  return lines.join("\n");
}

/** The model's lines beside the printed ones. A model that could not be built has lines as far as they are known, and no causes. */
export function printedView(
  printed: ParsedSummary,
  model: Model | undefined,
  partial: readonly PartialLayer[],
  code?: CodeModel,
): PrintedView {
  const there = printed.rows.filter(({ depth }) => depth === 0);
  const here = model === undefined ? partial.map(lineOfPartial) : linesOf(model, printed.style);
  const kinds = [there.map(({ type }) => type), here.map(({ className }) => className)];
  const pairs = align(
    kinds.map((list) => list.map((className) => ({ className, isRecurrent: recurrent.test(className) }))),
  );
  const outline = model === undefined ? undefined : outlineOf(model);
  const seen = new Map<string, SummaryRow>();
  const rows = pairs.map(([left, right]): PrintedRow => {
    const row = left === undefined ? undefined : there[left]!;
    const own = right === undefined ? undefined : here[right]!;
    if (row !== undefined && own !== undefined) seen.set(own.name, row);
    return rowView(row, own, { model, outline, seen });
  });
  // What is cut off is not missing.
  const last = rows.findLastIndex((row) => row.there !== undefined);
  const shown = rows.map((row, at) => (printed.cut && at > last ? { ...row, cutOff: true } : row));
  const isBuilt = there.every(({ built }) => built);
  return {
    rows: shown,
    total: { there: isBuilt ? (printed.total ?? null) : null, here: model?.countParams() ?? null },
    cut: printed.cut,
    learned: (code?.learned ?? []).map(learnedText),
  };
}

interface Ground {
  readonly model: Model | undefined;
  readonly outline: Outline | undefined;
  /** Printed rows so far, by the name of our layer beside them. */
  readonly seen: ReadonlyMap<string, SummaryRow>;
}

function rowView(row: SummaryRow | undefined, here: PrintedLine | undefined, ground: Ground): PrintedRow {
  const there = row === undefined ? undefined : lineOf(row);
  const differs = { className: false, shape: false, count: false };
  if (row === undefined || there === undefined || here === undefined)
    return { there, here, differs, causes: [], cutOff: false };
  differs.className = !row.typeCut && row.type !== here.className;
  // A row that Keras 3 prints as unbuilt says neither count nor shape.
  if (row.built) {
    differs.shape =
      there.shape !== undefined && !row.shapeCut && here.shape !== undefined && there.shape !== here.shape;
    differs.count = there.count !== null && here.count !== null && there.count !== here.count;
  }
  const place = ground.outline?.places.find(({ layer }) => layer.name === here.name);
  const isSame = !differs.className && !differs.shape && !differs.count;
  if (isSame || place === undefined) return { there, here, differs, causes: [], cutOff: false };
  if (differs.className)
    return { there, here, differs, cutOff: false, causes: [`${row.type} there, ${here.className} here`] };
  return { there, here, differs, cutOff: false, causes: causesOf(row, place, ground) };
}

function lineOf({ name, type, outputShape, params }: SummaryRow): PrintedLine {
  return { name, className: type, shape: outputShape === null ? undefined : shapesText(outputShape), count: params };
}

function lineOfPartial({ name, className, shape, count }: PartialLayer): PrintedLine {
  return { name, className, shape: shape === undefined ? undefined : formatShape(shape), count };
}

function linesOf(model: Model, style: ParsedSummary["style"]): PrintedLine[] {
  return model
    .summaryTable(style)
    .rows.filter(({ operation }) => operation !== true)
    .map(({ name, className, outputShapes, params }) => ({
      name,
      className,
      shape: typeof outputShapes === "object" ? outputShapes.map(formatShape).join(", ") : undefined,
      count: params ?? null,
    }));
}

/** A change that may make our line the printed one. */
interface Change {
  readonly said: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly sources?: readonly Source[];
}

/** The fewest changes that give the printed line, all that tie; else the slips that give its numbers. */
function causesOf(row: SummaryRow, place: Place, { model, seen }: Ground): string[] {
  const read = readChange(place, row, seen);
  const size = sizeChange(place, row);
  const sizes = [read, size].filter((one) => one !== undefined);
  const options = optionChanges(place.layer).map((one) => [one]);
  const given = sizes.map((one) => [one]);
  const tries = [
    [...options, ...given],
    [...(sizes.length === 2 ? [sizes] : []), ...sizes.flatMap((one) => options.map((more) => [one, ...more]))],
    sizes.length === 2 ? options.map((more) => [...sizes, ...more]) : [],
  ];
  for (const sets of tries) {
    const found = sets.filter((changes) => gives(place, changes, row));
    if (found.length > 0) return found.map((changes) => changes.map(({ said }) => said).join("; "));
  }
  return model === undefined ? [] : slipsOf(model, row, place);
}

function gives(place: Place, changes: readonly Change[], { params, outputShape }: SummaryRow): boolean {
  try {
    const layer = changes.reduce(
      (one, { options }) => (options === undefined ? one : changed(one, options)),
      place.layer,
    );
    const sources = changes.find((one) => one.sources !== undefined)?.sources ?? place.sources;
    const shape = outputsFor(layer, inputLetters(sources))?.[0];
    if (shape === undefined || (params !== null && countOf(countTree(layer, sources)) !== params)) return false;
    return outputShape === null || formatShape(shapeOf(shape)) === shapesText(outputShape);
  } catch (error) {
    if (error instanceof UnrollError) return false;
    throw error;
  }
}

/** The options of the layer, or of the one that it wraps, with others in their place. */
function changed(layer: Layer, options: Readonly<Record<string, unknown>>): Layer {
  const inside = layer.config.layer;
  const isInside = inside instanceof Layer && Object.keys(options).every((name) => !(name in layer.config));
  if (!isInside) return copyWith(layer, options);
  const other = layer.config.backwardLayer;
  return copyWith(layer, {
    layer: copyWith(inside, options),
    ...(other instanceof Layer ? { backwardLayer: copyWith(other, options) } : {}),
  });
}

function copyWith(layer: Layer, options: Readonly<Record<string, unknown>>): Layer {
  return new Layer(layer.type, { ...layer.config, ...options }, { name: layer.name, trainable: layer.trainable });
}

/** What the table's row before gives, in the place of what the layer reads here; of a first layer what its count tells. */
function readChange(place: Place, row: SummaryRow, seen: Ground["seen"]): Change | undefined {
  const [source, ...others] = place.sources;
  if (source === undefined || others.length > 0) return undefined;
  const before = seen.get(source.from)?.outputShape;
  const shape = before === undefined || before === null ? shapeByCount(place, source, row) : firstShape(before);
  if (shape === undefined || String(shape) === String(source.shape) || shape.length !== source.shape.length)
    return undefined;
  const said = `it reads ${formatShape(shape)} there, ${formatShape(source.shape)} here`;
  return { said, sources: [{ ...source, shape }] };
}

/** Counts grow evenly with the features: those that give the printed count, where they are whole. */
function shapeByCount({ layer }: Place, source: Source, { params }: SummaryRow): Shape | undefined {
  const countWith = (features: number): number =>
    countOf(countTree(layer, [{ ...source, shape: [...source.shape.slice(0, -1), features] }])) ?? Number.NaN;
  const [one, two] = [countWith(1), countWith(2)];
  const features = 1 + ((params ?? Number.NaN) - one) / (two - one);
  return Number.isInteger(features) && features > 0 ? [...source.shape.slice(0, -1), features] : undefined;
}

/** Units or filters as the last axis of the printed shape has them. */
function sizeChange({ layer, units, outputs }: Place, { outputShape }: SummaryRow): Change | undefined {
  const width = outputShape === null ? undefined : firstShape(outputShape).at(-1);
  const own = shapeOf(outputs[0]!).at(-1);
  if (typeof width !== "number" || typeof own !== "number" || units === undefined || width === own) return undefined;
  const there = width / (own / units);
  const name = "filters" in layer.config ? "filters" : "units";
  if (!Number.isInteger(there)) return undefined;
  return { said: `${name}=${there} there, ${name}=${units} here`, options: { [name]: there } };
}

/** Options that are one of two or a few: every other value. */
function optionChanges(layer: Layer): Change[] {
  const wrapped = layer.config.layer;
  return [layer, ...(wrapped instanceof Layer ? [wrapped] : [])].flatMap((one) =>
    Object.entries(one.type.fields).flatMap(([option, { kind, choices }]): Change[] => {
      const now = one.config[option];
      const others = kind === "boolean" ? [now !== true] : kind === "choice" ? (choices ?? []) : [];
      return others
        .filter((value) => value !== now)
        .map((value) => ({
          said: `${inPython(option)}=${inPython(value)} there, ${inPython(now)} here`,
          options: { [option]: value },
        }));
    }),
  );
}

function inPython(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null || value === undefined) return "None";
  return String(value).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function slipsOf(model: Model, { params, outputShape }: SummaryRow, { layer, parameters }: Place): string[] {
  const answers = [
    ...(params !== null && params !== parameters ? [{ layer: layer.name, params }] : []),
    ...(outputShape === null ? [] : [{ layer: layer.name, shape: firstShape(outputShape) }]),
  ];
  const findings = answers.flatMap((answer) => checkAnswer(model, answer).findings.slice(0, mostSlips));
  return findings.map(({ slips }) => slips.map(({ title, detail }) => `${title}: ${detail}`).join(" And "));
}

function firstShape(shape: NonNullable<SummaryRow["outputShape"]>): Shape {
  return Array.isArray(shape[0]) ? (shape[0] as Shape) : (shape as Shape); // a list of shapes, or one
}

function shapesText(shape: NonNullable<SummaryRow["outputShape"]>): string {
  return Array.isArray(shape[0])
    ? (shape as readonly Shape[]).map(formatShape).join(", ")
    : formatShape(shape as Shape); // likewise
}

/** The table at the end of code, short, so that links, undo and changes of the code keep it. */
export function withTable(code: string, printed: ParsedSummary | undefined): string {
  if (printed === undefined || code.startsWith("{")) return code;
  const isBoxed = printed.style === "keras3";
  const line = (...cells: readonly string[]): string => (isBoxed ? `│ ${cells.join(" │ ")} │` : cells.join("  "));
  const rows = printed.rows.filter(({ depth }) => depth === 0);
  return [
    code.trimEnd(),
    "",
    '"""',
    ...(printed.modelName === undefined ? [] : [`Model: "${printed.modelName}"`]),
    line("Layer (type)", "Output Shape", "Param #"),
    ...rows.map(({ name, type, outputShape, params, built }) =>
      line(
        `${name} (${type})`,
        outputShape === null
          ? "?"
          : Array.isArray(outputShape[0])
            ? `[${shapesText(outputShape)}]`
            : shapesText(outputShape),
        `${params === null ? "" : params.toLocaleString("en-US")}${built ? "" : " (unbuilt)"}`,
      ),
    ),
    ...(printed.total === undefined ? [] : [`Total params: ${printed.total.toLocaleString("en-US")}`]),
    '"""',
    "",
  ].join("\n");
}
