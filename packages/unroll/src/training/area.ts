/** The area under a curve of confusion matrices, by Keras's rules. It knows numbers only; what is counted is in confusion.ts. */
import type { Confusion } from "./confusion.ts";
import { ratio } from "./metric-rule.ts";

/**
 * The area under a curve whose points are the counts at rising thresholds. "interpolation" under "PR" follows Davis and
 * Goadrich (2006): between two thresholds true and false positives grow evenly, which is no straight line of precision.
 */
export function areaUnderCurve(curve: readonly Confusion[], kind: string, summation: string): number {
  if (kind === "PR" && summation === "interpolation") return interpolatedPrecisionRecall(curve);
  const points = curve.map(pointOf(kind));
  const height =
    summation === "minoring" ? Math.min : summation === "majoring" ? Math.max : (a: number, b: number) => (a + b) / 2;
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1]!, points[i]!];
    area += (from.x - to.x) * height(from.y, to.y);
  }
  return area;
}

function pointOf(kind: string): (counts: Confusion) => { x: number; y: number } {
  const recall = ({ tp, fn }: Confusion): number => ratio(tp, tp + fn);
  if (kind === "ROC") return (counts) => ({ x: ratio(counts.fp, counts.fp + counts.tn), y: recall(counts) });
  if (kind === "PR") return (counts) => ({ x: recall(counts), y: ratio(counts.tp, counts.tp + counts.fp) });
  // Flach and Kull, 2015: precision and recall as gains over saying yes to everything.
  return ({ tp, fp, tn, fn }) => {
    if (tp === 0) return { x: 0, y: 1 };
    const scale = ratio(tp + fn, tn + fp);
    return { x: Math.max(0, 1 - (scale * fn) / tp), y: 1 - (scale * fp) / tp };
  };
}

function interpolatedPrecisionRecall(curve: readonly Confusion[]): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [from, to] = [curve[i - 1]!, curve[i]!];
    const [fromYes, toYes] = [from.tp + from.fp, to.tp + to.fp];
    const gained = from.tp - to.tp;
    const slope = ratio(gained, Math.max(fromYes - toYes, 0));
    const intercept = to.tp - slope * toYes;
    const growth = fromYes > 0 && toYes > 0 ? fromYes / toYes : 1;
    area += ratio(slope * (gained + intercept * Math.log(growth)), Math.max(to.tp + to.fn, 0));
  }
  return area;
}
