/** Compares two rows of numbers place by place and keeps what a verification tells: the first, the largest, the not finite. */
import type { Difference, LayerCheck, NotFinite, Place } from "./verification.ts";

/** |found − expected| / max(1, |expected|); 0 for equal numbers, also for two NaN; Infinity where only one is finite. */
export function differenceOf(found: number, expected: number): number {
  if (Object.is(found, expected) || found === expected) return 0;
  if (Number.isNaN(found) && Number.isNaN(expected)) return 0;
  if (!Number.isFinite(found) || !Number.isFinite(expected)) return Number.POSITIVE_INFINITY;
  return Math.abs(found - expected) / Math.max(1, Math.abs(expected));
}

/** Collects comparisons in running order. */
export class Comparison {
  readonly #tolerance: number;
  readonly #layers = new Map<
    string,
    { readonly className: string; compared: number; largest: Difference | undefined }
  >();
  first: Difference | undefined;
  byHandNotFinite: NotFinite | undefined;
  engineNotFinite: NotFinite | undefined;

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** Names a layer, so that it is listed even where nothing is compared. */
  open(layer: string, className: string): void {
    if (!this.#layers.has(layer)) this.#layers.set(layer, { className, compared: 0, largest: undefined });
  }

  /** `where` is called only for numbers that are told about. */
  add(layer: string, expected: number, engine: number | undefined, where: () => Place): void {
    if (!Number.isFinite(expected)) this.byHandNotFinite ??= { ...where(), value: expected };
    if (engine === undefined) return;
    if (!Number.isFinite(engine)) this.engineNotFinite ??= { ...where(), value: engine };
    const difference = differenceOf(engine, expected);
    const check = this.#layers.get(layer)!; // opened before
    check.compared++;
    if (difference > (check.largest?.difference ?? -1)) {
      check.largest = { ...where(), expected, engine, difference };
    }
    if (difference > this.#tolerance) this.first ??= { ...where(), expected, engine, difference };
  }

  get layers(): LayerCheck[] {
    return [...this.#layers].map(([layer, check]) => ({ layer, ...check }));
  }
}
