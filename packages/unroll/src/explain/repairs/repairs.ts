/**
 * The smallest edits that make a model fit together, each with the summary that it would give: a search over a few kinds of
 * edits, cheapest first, at the place where the model does not fit.
 */
import type { UnrollError } from "../../core/errors.ts";
import { type Blueprint, type BlueprintRow, fitBlueprint, type Misfit } from "./blueprint.ts";
import { attemptsFor, type ModelEdit } from "./edits.ts";

/** Edits that together make the model fit. */
export interface Repair {
  readonly edits: readonly ModelEdit[];
  /** The summary with the edits made; inputs too. */
  readonly layers: readonly BlueprintRow[];
  /** Null where a size is None that the count needs. */
  readonly totalParams: number | null;
}

/** Why a model does not fit, and what would make it. */
export interface ShapeTrouble {
  /** The layer's name. */
  readonly layer: string;
  readonly error: UnrollError;
  /** The smallest change first; empty where no few edits help. */
  readonly repairs: readonly Repair[];
}

interface Open {
  readonly blueprint: Blueprint;
  readonly edits: readonly ModelEdit[];
  readonly cost: number;
}

const mostEdits = 3;
const mostTries = 400;
const mostRepairs = 4;
/** Repairs that cost so much more than the cheapest are not told. */
const tolerated = 1.6;

/** Undefined where everything fits. */
export function shapeTrouble(blueprint: Blueprint): ShapeTrouble | undefined {
  const { misfit } = fitBlueprint(blueprint);
  if (misfit === undefined) return undefined;
  return {
    layer: blueprint.nodes[misfit.at]!.layer.name,
    error: misfit.error,
    repairs: search(blueprint),
  };
}

function search(blueprint: Blueprint): Repair[] {
  const open: Open[] = [{ blueprint, edits: [], cost: 0 }];
  const found: (Repair & { cost: number })[] = [];
  for (let tries = 0; open.length > 0 && tries < mostTries; tries++) {
    open.sort((a, b) => a.cost - b.cost);
    const { blueprint: current, edits, cost } = open.shift()!; // not empty
    if (found.length >= mostRepairs || (found.length > 0 && cost > found[0]!.cost + tolerated)) break;
    const { rows, misfit } = fitBlueprint(current);
    if (misfit === undefined) {
      if (edits.length > 0) found.push({ edits, cost, layers: rows, totalParams: totalOf(rows) });
      continue;
    }
    if (edits.length === mostEdits) continue;
    open.push(...stepsFrom(current, misfit, edits, cost));
  }
  return found.map(({ edits, layers, totalParams }) => ({ edits, layers, totalParams }));
}

/** Edits that move the misfit further back, or take it away. */
function stepsFrom(blueprint: Blueprint, misfit: Misfit, edits: readonly ModelEdit[], cost: number): Open[] {
  return attemptsFor(blueprint, misfit).flatMap((attempt): Open[] => {
    if (edits.some((edit) => undoes(edit, attempt.edit))) return [];
    const next = fitBlueprint(attempt.blueprint).misfit;
    const shift = attempt.blueprint.nodes.length - blueprint.nodes.length;
    if (next !== undefined && next.at <= misfit.at + shift) return [];
    return [{ blueprint: attempt.blueprint, edits: [...edits, attempt.edit], cost: cost + attempt.cost }];
  });
}

/** Whether two edits change the same thing. */
function undoes(one: ModelEdit, other: ModelEdit): boolean {
  if (one.kind === "option" && other.kind === "option") return one.layer === other.layer && one.option === other.option;
  return one.kind === "input" && other.kind === "input" && one.layer === other.layer;
}

function totalOf(rows: readonly BlueprintRow[]): number | null {
  return rows.reduce<number | null>((sum, { params }) => (sum === null || params === null ? null : sum + params), 0);
}
