/** What must hold for any model: a slip that is put in is named, right answers stay right, an answer comes quickly. */
import { describe, expect, it } from "vitest";
import { Random } from "../../core/random.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { exerciseModel, type Level } from "../quiz/exercise-models.ts";
import type { AnswerCheck } from "./answer.ts";
import { checkAnswer } from "./check.ts";
import { countOf } from "./count-tree.ts";
import { outlineOf } from "./outline.ts";
import { layerVariants } from "./search-counts.ts";
import { shapeVariants } from "./shape-slips.ts";

const levels: readonly Level[] = [1, 2, 3, 4];
const modelsOf = (seed: number, each: number) => {
  const random = new Random(seed);
  return levels.flatMap((level) => Array.from({ length: each }, () => exerciseModel(random, level)));
};

/** Whether a slip is named first or second; equally plausible ones share a rank. */
function isNamed({ findings }: AnswerCheck, id: string): boolean {
  const ranks = [...new Set(findings.map(({ plausibility }) => plausibility))].slice(0, 2);
  return findings.some(
    ({ plausibility, slips }) => ranks.includes(plausibility) && slips.some((slip) => slip.id === id),
  );
}

describe("any slip in any model", () => {
  it("is named first or second when its count is asked for, in at least 95 of 100", () => {
    const missed = new Map<string, number>();
    let asked = 0;
    const random = new Random(21);
    for (const model of modelsOf(11, 12)) {
      const outline = outlineOf(model);
      for (const place of outline.places) {
        for (const { id, result } of layerVariants(place, outline)) {
          if (random.below(5) > 0) continue;
          const check = checkAnswer(model, { layer: place.layer.name, params: countOf(result)! });
          expect(check.right).toBe(false);
          asked++;
          if (!isNamed(check, id)) missed.set(id, (missed.get(id) ?? 0) + 1);
        }
      }
    }
    const misses = [...missed.values()].reduce((sum, one) => sum + one, 0);
    expect(asked).toBeGreaterThan(800);
    expect(misses / asked, JSON.stringify([asked, ...missed])).toBeLessThan(0.05);
  });

  it("is named first or second when its shape is asked for, in at least 95 of 100", () => {
    const missed = new Map<string, number>();
    let asked = 0;
    for (const model of modelsOf(12, 8)) {
      const outline = outlineOf(model);
      for (const place of outline.places) {
        for (const { id, result } of shapeVariants(place, outline)) {
          const check = checkAnswer(model, { layer: place.layer.name, shape: shapeOf(result) });
          if (check.right) continue; // a number in the place of None
          asked++;
          if (!isNamed(check, id)) missed.set(id, (missed.get(id) ?? 0) + 1);
        }
      }
    }
    const misses = [...missed.values()].reduce((sum, one) => sum + one, 0);
    expect(asked).toBeGreaterThan(500);
    expect(misses / asked, JSON.stringify([asked, ...missed])).toBeLessThan(0.05);
  });
});

describe("right answers", () => {
  it("are never called wrong", () => {
    for (const model of modelsOf(13, 10)) {
      const explanation = model.layers.map((layer) => ({
        layer: layer.name,
        params: layer.countParams(),
        shape: layer.outputShape,
      }));
      for (const { layer, params, shape } of explanation) {
        expect(checkAnswer(model, { layer, params }).right).toBe(true);
        expect(checkAnswer(model, { layer, shape: shape as readonly (number | null)[] }).right).toBe(true); // one output
      }
      expect(checkAnswer(model, { total: model.countParams() }).right).toBe(true);
    }
  });
});
