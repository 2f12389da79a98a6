/**
 * The audit of a notebook or script: rebuilds its models and checks the hand arithmetic beside them, in code cells, in
 * comments and in prose, against the layer it speaks of. It accuses only where a named slip gives the number, so that a calculation
 * about something else is left alone.
 */
import { UnrollError } from "../../core/errors.ts";
import { sameShape } from "../../core/shape.ts";
import { modelFromConfig } from "../../formats/keras-model.ts";
import type { Statement } from "../../formats/python/ast.ts";
import type { CodeDocument } from "../../formats/python/document.ts";
import { type LearnedOption, readDocument, readKerasCode, type SummaryRow } from "../../formats/python/index.ts";
import { LONGEST_CODE } from "../../formats/python/notebook.ts";
import { parsePython } from "../../formats/python/parse.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Model } from "../../model/model.ts";
import { type AuditFinding, aboutOf, isAutomatic, type ModelAt, nothingTold } from "./audit-finding.ts";
import { auditProse, HEDGED, OF_STATES, statesOtherSize } from "./audit-prose.ts";
import { checkAnswer } from "./check.ts";
import { isPartOf } from "./count-tree.ts";
import { type HandWork, handWorkOf } from "./hand-work.ts";
import { type EarlierSize, type Outline, outlineOf, type Place } from "./outline.ts";
import { type ProseLine, proseOf } from "./prose-work.ts";

/** A model that the document builds: where, its count, and what its printed summary told. */
export interface AuditedModel {
  readonly name: string;
  readonly cell: number;
  readonly total: number | undefined;
  readonly learned: readonly LearnedOption[];
}

/** The numbers that a notebook claims about its models, checked. */
export interface Audit {
  readonly models: readonly AuditedModel[];
  readonly findings: readonly AuditFinding[];
  /** How many numbers and shapes were checked and are right. */
  readonly confirmed: number;
  /** False for prose and for binary files. */
  readonly hasCode: boolean;
}

/**
 * Checks the hand calculations of a notebook (.ipynb), Markdown, text export or Python script.
 *
 * @throws UnrollError `memory` over 64 MiB, `format` for JSON that is no notebook
 */
export function auditCode(source: string | Uint8Array): Audit {
  const document = readDocument(source);
  const reading = readKerasCode(source);
  const models = reading.models.flatMap(({ config, cell, line, printedSummary, learned }): ModelAt[] => {
    try {
      const model = modelFromConfig(config, { keepNames: true });
      const printed = printedRows(model, printedSummary?.rows ?? []);
      return [{ model, outline: outlineOf(model), cell, line, printed, learned }];
    } catch (error) {
      if (error instanceof UnrollError) return []; // a size that is not known; the reader of code has named it
      throw error;
    }
  });
  const auditor = new Auditor(models);
  for (const { cell, work } of handWorkOf(document)) auditor.readCell(cell, work);
  for (const { cell, lines } of proseOf(document)) auditor.readProse(cell, lines);
  for (const at of models) auditor.readSummary(at);
  return {
    models: models.map(({ model, cell, learned }) => ({ name: model.name, cell, total: model.countParams(), learned })),
    findings: auditor.findings.sort((a, b) => a.cell - b.cell || a.line - b.line),
    confirmed: auditor.confirmed,
    hasCode: models.length > 0 || hasCode(document),
  };
}

/** What only code has; prose gives bare words, or what cannot be read. */
const codeKinds: ReadonlySet<Statement["kind"]> = new Set(["assign", "update", "import", "from", "function", "class"]);

/** Whether something in the document is code. A binary file gives statements by chance, and has zero bytes. */
function hasCode({ cells }: CodeDocument): boolean {
  const statements = cells
    .filter(({ kind, source }) => kind === "code" && source.length <= LONGEST_CODE && !source.includes("\0"))
    .flatMap(({ source }) => parsePython(source));
  if (statements.some(({ kind }) => codeKinds.has(kind))) return true;
  // Words with a hyphen or in brackets look like a difference or a call; among them are others that look like nothing.
  const reads = statements.every((one) => one.kind !== "unsupported");
  return reads && statements.some((one) => one.kind === "expression" && ["call", "binary"].includes(one.value.kind));
}

/** What the auditor knows while it reads on. */
class Auditor {
  readonly findings: AuditFinding[] = [];
  confirmed = 0;
  readonly #models: readonly ModelAt[];

  constructor(models: readonly ModelAt[]) {
    this.#models = models;
  }

  readCell(cell: number, work: readonly HandWork[]): void {
    const at = this.#models.findLast((one) => one.cell <= cell);
    let current: Place | undefined;
    const addressed = new Set<Place>();
    for (const one of work) {
      if (one.kind === "heading") {
        const named = at === undefined ? undefined : placeNamed(one, at.outline, addressed);
        if (named !== undefined) current = statesOtherSize(one.text, named) ? undefined : named;
      } else if (one.kind === "count") {
        if (at === undefined) continue;
        current = this.#count(cell, one, at, current, addressed);
        if (current !== undefined) addressed.add(current);
      } else if (one.kind === "shape") {
        if (at !== undefined) this.#shape(cell, one, at, current);
      } else if (one.kind === "sum") {
        if (one.right) this.confirmed++;
        else this.#add(cell, one, { kind: "sum", given: one.given, expected: one.expected });
      } else {
        this.#add(cell, one, { kind: "concatenated", given: one.given, expected: one.expected });
      }
    }
  }

  readProse(cell: number, lines: readonly ProseLine[]): void {
    const { findings, confirmed } = auditProse(cell, lines, this.#models);
    this.confirmed += confirmed;
    this.findings.push(...findings);
  }

  readSummary(at: ModelAt): void {
    for (const place of at.outline.places) {
      const row = at.printed.get(place.layer.name);
      // A row that Keras 3 prints as unbuilt claims no count.
      if (row === undefined || row.params === null || !row.built) continue;
      if (row.params === place.parameters) {
        this.confirmed++;
        continue;
      }
      const check = checkAnswer(at.model, { layer: place.layer.name, params: row.params });
      if (check.findings.length === 0) continue;
      this.#add(
        at.cell,
        { line: at.line, text: `${row.name} ${row.params}` },
        { kind: "summary", ...aboutOf(check, at) },
      );
    }
  }

  /** The layer that the arithmetic speaks of: one with just that count, else the one that is named above it. */
  #count(
    cell: number,
    work: HandWork & { kind: "count" },
    at: ModelAt,
    named: Place | undefined,
    addressed: ReadonlySet<Place>,
  ): Place | undefined {
    const { places } = at.outline;
    const same = places.filter(({ parameters }) => parameters === work.value);
    const exact = same.find((place) => place === named) ?? same.find((place) => !addressed.has(place)) ?? same[0];
    const place = exact ?? named;
    if (place === undefined) return named;
    if (exact !== undefined) this.confirmed++;
    else if (work.isWhole) this.#accuse(cell, work, at, place, work.value, "count", work.claim);
    const { claim } = work;
    if (claim !== undefined && claim !== place.parameters && claim !== work.value) {
      this.#accuse(cell, work, at, place, claim, "comment", undefined);
    }
    return place;
  }

  #accuse(
    cell: number,
    work: { readonly line: number; readonly text: string },
    at: ModelAt,
    place: Place,
    given: number,
    kind: "count" | "comment",
    beside: number | undefined,
  ): void {
    const check = checkAnswer(at.model, { layer: place.layer.name, params: given }, { earlier: this.#earlier(at) });
    const [first] = check.findings;
    if (first === undefined) return;
    // One gate or array, or what only two slips explain, is a part on the way, unless a comment calls it the answer.
    const isPart = first.slips.length > 1 || isPartOf(place.count, given);
    if (isPart && kind === "count" && beside === undefined) return;
    this.#add(cell, work, { kind, beside, ...aboutOf(check, at) });
  }

  /** A shape that any layer of the model has is taken for that layer's. */
  #shape(cell: number, work: HandWork & { kind: "shape" }, at: ModelAt, place: Place | undefined): void {
    const { places, inputs } = at.outline;
    const known = [...inputs.map(({ shape }) => shape), ...places.flatMap(({ outputs }) => outputs.map(shapeOf))];
    if (known.some((shape) => sameShape(shape, work.shape))) {
      this.confirmed++;
      return;
    }
    if (place === undefined || HEDGED.test(work.text) || OF_STATES.test(work.text)) return;
    const check = checkAnswer(at.model, { layer: place.layer.name, shape: work.shape });
    if (check.right || check.findings.length === 0) return;
    this.#add(cell, work, { kind: "shape", ...aboutOf(check, at) });
  }

  /** Sizes of the models before: the learner may have kept one. */
  #earlier(at: ModelAt): EarlierSize[] {
    return this.#models.slice(0, this.#models.indexOf(at)).flatMap(({ model, outline }) => {
      const features = outline.inputs.map(({ shape }) => ({
        size: shape.at(-1),
        where: `the features of ${model.name}`,
      }));
      const units = outline.places.map((place) => ({ size: place.units, where: `the units of ${place.layer.name}` }));
      return [...features, ...units].flatMap(({ size, where }) =>
        typeof size === "number" ? [{ value: size, where }] : [],
      );
    });
  }

  #add(
    cell: number,
    { line, text }: { readonly line: number; readonly text: string },
    about: Pick<AuditFinding, "kind" | "given" | "expected"> & Partial<AuditFinding>,
  ): void {
    this.findings.push({ ...nothingTold, ...about, cell, line, text: text.trim() });
  }
}

/** The table of another run, or a cut one, has other rows: then none. */
function printedRows(model: Model, rows: readonly SummaryRow[]): Map<string, SummaryRow> {
  const { layers } = model;
  const fits = rows.length === layers.length && rows.every(({ type }, at) => layers[at]!.className.startsWith(type));
  return new Map(fits ? rows.map((row, at) => [layers[at]!.name, row]) : []);
}

/**
 * A layer by a name that the code gave it; else "gru_2" is the second GRU of the model, "dense layer" the first Dense that has
 * not been spoken of.
 */
function placeNamed(
  { words, className, number }: HandWork & { kind: "heading" },
  { places }: Outline,
  addressed: ReadonlySet<Place>,
): Place | undefined {
  const own = places.find(({ layer }) => words.includes(layer.name) && !isAutomatic(layer));
  if (own !== undefined || className === undefined) return own;
  const same = places.filter(({ layer }) => layer.className === className);
  if (number !== undefined) return same[number - 1] ?? (same.length === 1 ? same[0] : undefined);
  return same.find((place) => !addressed.has(place)) ?? same[0];
}
