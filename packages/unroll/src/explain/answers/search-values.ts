/** Which slips give a wrong value: in the layer itself, in the layers before it, two together, rounding on the way. */

import type { CellGraph } from "../../cells/define.ts";
import { map } from "../../program/builder.ts";
import type { LayerRun } from "../by-hand.ts";
import { type NamedSlip, namedSlip, ranked } from "./answer.ts";
import type { AskedValue, CellPlace } from "./asked-value.ts";
import { arraysOf, equationText, type PrepareSteps, stepsIn, type Values } from "./cell-values.ts";
import { type LayerSlip, layerSlips } from "./layer-slips.ts";
import type { ProgramChange } from "./rewrite-program.ts";
import { commute, type Variant } from "./slip.ts";
import { type Equations, equationVariants, rounded, roundedEquations, withEquations } from "./value-slips.ts";
import { gives, halfUnit, writtenDigits } from "./written-number.ts";

/** One way to a wrong value. */
export interface ValueFinding {
  /** One slip, or two together. */
  readonly slips: readonly NamedSlip[];
  /** From 0 to 1, to order findings; equal numbers are ties. */
  readonly plausibility: number;
  /** True where the slip is made in every step up to this one; false where in this one only. */
  readonly everyStep: boolean;
  /** The equation with the slip in it, and the number that it gives. */
  readonly lines: readonly string[];
}

/** More findings than this are cut, but for ties. */
export const mostFindings = 8;
/** Slips below this are not put together with others. */
const pairedFrom = 0.5;
/** Slips below this are not looked for in the layers before: each takes an evaluation of all layers behind it. */
const carriedFrom = 0.5;

/** Ways to `written`, the most plausible first; several slips only where no single one does. */
export function findValueSlips(asked: AskedValue, written: number | string): ValueFinding[] {
  return ranked(withRounding(waysTo(asked, written), asked.layer.name, asked.expected, written, 0.05), mostFindings);
}

function waysTo(asked: AskedValue, written: number | string): ValueFinding[] {
  const { place } = asked;
  const prepare = place && stepsIn(place.cell, arraysOf(place.owner), place.run.units);
  const own =
    place === undefined || prepare === undefined ? ownLayer(asked, written) : inCell(asked, place, prepare, written);
  const near = [
    ...own,
    ...otherSign(asked, written),
    ...otherValues(asked, written),
    ...roundedOnTheWay(asked, written),
  ];
  if (near.length > 0) return near;
  const earlier = carried(asked, written);
  if (earlier.length > 0) return earlier;
  return place === undefined || prepare === undefined
    ? layerPairs(asked, written)
    : cellPairs(asked, place, prepare, written);
}

/** Slips in the cell's equations, in this step alone or in every step. */
function inCell(
  { name, unit }: AskedValue,
  place: CellPlace,
  prepare: PrepareSteps,
  written: number | string,
): ValueFinding[] {
  const { owner, cell, run, at } = place;
  const step = run.steps[at]!;
  const steps = run.steps.slice(0, at + 1);
  const found = equationVariants(owner, cell).flatMap((variant): ValueFinding[] => {
    const { result } = variant;
    const slipped = prepare(result, name);
    const here = slipped.oneStep(step.before, step.x)[name]?.[unit];
    if (gives(written, here)) return [cellFinding([variant], place, result, name, here, false)];
    // In the first step the two are one.
    if (at === 0) return [];
    const all = slipped.afterSteps(steps)[name]?.[unit];
    return gives(written, all) ? [cellFinding([variant], place, result, name, all, true)] : [];
  });
  const first = prepare(cell.named, name).oneStep(run.steps[0]!.before, step.x)[name]?.[unit];
  if (at > 0 && gives(written, first)) {
    const detail = "After each step the new state becomes the state before the next one.";
    const slip: Variant<Equations> = { id: "state-not-updated", result: cell.named, detail, plausibility: 0.6 };
    found.push(cellFinding([slip], place, cell.named, name, first, false));
  }
  return found;
}

/** Two slips in the cell's equations, the second put into what the first made of them. */
function cellPairs(
  { name, unit }: AskedValue,
  place: CellPlace,
  prepare: PrepareSteps,
  written: number | string,
): ValueFinding[] {
  const { owner, cell, run, at } = place;
  const step = run.steps[at]!;
  const steps = run.steps.slice(0, at + 1);
  const tried = new Map<string, Values>();
  return equationVariants(owner, cell)
    .filter(({ plausibility }) => plausibility >= pairedFrom)
    .flatMap((first) =>
      equationVariants(owner, withEquations(cell, first.result))
        .filter(({ id, plausibility }) => id !== first.id && plausibility >= pairedFrom)
        .flatMap((second): ValueFinding[] => {
          const mirrored = tried.get(pairName(second, first));
          if (mirrored !== undefined && commute(first, second)) return [];
          const { result } = second;
          const both = [first, second];
          const slipped = prepare(result, name);
          const values = slipped.oneStep(step.before, step.x);
          // The other order mostly makes the same equations: then one step gives the same numbers, and all steps do.
          if (mirrored !== undefined && areSame(mirrored, values)) return [];
          tried.set(pairName(first, second), values);
          const here = values[name]?.[unit];
          if (gives(written, here)) return [cellFinding(both, place, result, name, here, false)];
          if (at === 0) return [];
          const all = slipped.afterSteps(steps)[name]?.[unit];
          return gives(written, all) ? [cellFinding(both, place, result, name, all, true)] : [];
        }),
    );
}

function pairName(...variants: readonly Variant<Equations>[]): string {
  return variants.map(({ id, detail }) => `${id}: ${detail}`).join("; ");
}

function areSame(a: Values, b: Values): boolean {
  return Object.entries(a).every(([name, row]) => row.every((value, unit) => value === b[name]?.[unit]));
}

function cellFinding(
  variants: readonly Variant<Equations>[],
  { owner, cell }: CellPlace,
  equations: Equations,
  name: string,
  value: number | undefined,
  everyStep: boolean,
): ValueFinding {
  return {
    slips: variants.map(({ id, detail }) => namedSlip(id, owner.name, detail)),
    plausibility: together(variants) * (everyStep ? 0.95 : 1),
    everyStep,
    lines: [...changedEquations(cell, equations, name), equationText(equations, name), `= ${value}`],
  };
}

/** The equations of other values that the slip is in, in the order of the step. */
function changedEquations({ named }: CellGraph, equations: Equations, asked: string): string[] {
  return [...equations.keys()]
    .filter((name) => name !== asked && named.has(name))
    .map((name) => ({ before: equationText(named, name), after: equationText(equations, name) }))
    .filter(({ before, after }) => before !== after)
    .map(({ after }) => after);
}

/** Slips in what the layer itself computes. */
function ownLayer(asked: AskedValue, written: number | string): ValueFinding[] {
  return layerSlips(asked.own).flatMap((slip) => {
    const value = asked.withChange(slip.change);
    return gives(written, value) ? [layerFinding([slip], value)] : [];
  });
}

/** Slips in the layers before, whose wrong numbers are carried on. */
function carried(asked: AskedValue, written: number | string): ValueFinding[] {
  const placed = asked.before.flatMap((run, distance) =>
    slipsFrom(run, carriedFrom).map((slip) => ({ run, slip, change: slip.change, distance })),
  );
  const values = asked.withChangesBefore(placed);
  return placed.flatMap(({ slip, distance }, index): ValueFinding[] => {
    const value = values[index];
    if (!gives(written, value)) return [];
    const finding = layerFinding([slip], value);
    return [{ ...finding, plausibility: finding.plausibility * 0.9 * 0.98 ** distance }];
  });
}

function layerPairs(asked: AskedValue, written: number | string): ValueFinding[] {
  const slips = slipsFrom(asked.own, pairedFrom);
  return slips.flatMap((first, index) =>
    slips.slice(index + 1).flatMap((second): ValueFinding[] => {
      if (first.id === second.id) return [];
      const value = asked.withChange(bothChanges(first.change, second.change));
      return gives(written, value) ? [layerFinding([first, second], value)] : [];
    }),
  );
}

function slipsFrom(run: LayerRun, least: number): LayerSlip[] {
  return layerSlips(run).filter(({ plausibility }) => plausibility >= least);
}

/** One change after the other. */
function bothChanges(first: ProgramChange, second: ProgramChange): ProgramChange {
  return {
    operation: (changed, original) => {
      const once = first.operation?.(changed, original);
      return second.operation?.(once ?? changed, original) ?? once;
    },
    value: (changed, original) => {
      const once = first.value?.(changed, original);
      if (once instanceof Float64Array) return once;
      return second.value?.(once ?? changed, original) ?? once;
    },
  };
}

function layerFinding(slips: readonly LayerSlip[], value: number | undefined): ValueFinding {
  return {
    slips: slips.map(({ id, layer, detail }) => namedSlip(id, layer, detail)),
    plausibility: together(slips),
    everyStep: false,
    lines: [`= ${value}`],
  };
}

function together(slips: readonly { readonly plausibility: number }[]): number {
  return slips.reduce((product, { plausibility }) => product * plausibility, slips.length > 1 ? 0.6 : 1);
}

function otherSign({ layer, expected }: AskedValue, written: number | string): ValueFinding[] {
  if (!gives(written, -expected)) return [];
  const slips = [
    namedSlip("sign-swapped", layer.name, "All its digits are right; a minus was lost or added on the way."),
  ];
  return [{ slips, plausibility: 0.55, everyStep: false, lines: [] }];
}

function otherValues({ layer, others }: AskedValue, written: number | string): ValueFinding[] {
  const found = others.filter(({ value }) => gives(written, value));
  if (found.length === 0) return [];
  const [first, ...more] = found.map(({ where }) => where);
  const also = more.length === 0 ? "" : ` (and ${more.slice(0, 3).join(", ")}${more.length > 3 ? ", ..." : ""})`;
  return [
    {
      slips: [namedSlip("another-value", layer.name, `That is ${first}${also}.`)],
      plausibility: 0.5,
      everyStep: false,
      lines: [`= ${found[0]!.value}`],
    },
  ];
}

/** Every named value and every layer's output rounded to 2, 3, 4 or 5 decimals as soon as it is there. */
function roundedOnTheWay(asked: AskedValue, written: number | string): ValueFinding[] {
  const runs = [asked.own, ...asked.before];
  return [5, 4, 3, 2].flatMap((decimals): ValueFinding[] => {
    const value = asked.withChange(roundingChange(runs, decimals));
    if (!gives(written, value)) return [];
    const near = isOneOff(asked.expected, written) ? "One off in the last digit: rounding" : "Rounding";
    const detail = `${near} to ${decimals} decimals in between gives it; keep more digits until the last step.`;
    const slip = namedSlip("rounding", asked.layer.name, detail);
    return [{ slips: [slip], plausibility: 0.62, everyStep: true, lines: [`= ${value}`] }];
  });
}

function roundingChange(runs: readonly LayerRun[], decimals: number): ProgramChange {
  const outputs = new Set(runs.flatMap(({ call }) => call.outputs));
  return {
    operation: (changed) =>
      changed.op === "scan"
        ? { ...changed, cell: withEquations(changed.cell, roundedEquations(changed.cell, decimals)) }
        : undefined,
    value: (changed, original) =>
      outputs.has(original) && original.operation.op !== "scan"
        ? map([changed], ([value]) => rounded(value!, decimals))
        : undefined,
  };
}

/**
 * The ways found, and rounding: for an answer that is one off in the last digit always, as another slip may give the same few
 * digits by chance; for one that is near where nothing else gives it. Numbers below `least` are near as that one is.
 */
export function withRounding(
  found: readonly ValueFinding[],
  layer: string,
  expected: number,
  written: number | string,
  least: number,
): ValueFinding[] {
  const oneOff = isOneOff(expected, written);
  const isNear = Math.abs(Number(written) - expected) <= 0.01 * Math.max(Math.abs(expected), least);
  if (!oneOff && (found.length > 0 || !isNear)) return [...found];
  const detail = oneOff
    ? "One off in the last digit: keep more digits until the last step, then round once."
    : "The answer is near: keep more digits until the last step.";
  const slips = [namedSlip("rounding", layer, detail)];
  // Hardly any other slip comes that near in four digits.
  const plausibility = oneOff && writtenDigits(written) >= 4 ? 0.8 : 0.6;
  return [...found, { slips, plausibility, everyStep: false, lines: [] }];
}

/** Within one and a half units of the last decimal that is written, of which the right number has at least as much. */
function isOneOff(expected: number, written: number | string): boolean {
  const most = 3 * halfUnit(written) * (1 + 1e-9);
  return Math.abs(Number(written) - expected) <= most && most <= Math.max(Math.abs(expected), halfUnit(0.1));
}
