import { describe, expect, it } from "vitest";
import { Random } from "../../core/random.ts";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { faultyQuestion, slipQuestion } from "./choice-questions.ts";
import type { Draft } from "./question.ts";

// As many units as features, and one unit: exchanging the two, or one bias for all, then leaves the count as it is.
const model = sequential({
  name: "even",
  layers: [
    input({ shape: [6, 4], name: "series" }),
    layers.lstm({ units: 4, name: "lstm" }),
    layers.dense({ units: 1, name: "dense" }),
  ],
});
// By hand: 4 (4 (4 + 4) + 4) and 4 + 1.
const counts: Readonly<Record<string, number>> = { lstm: 144, dense: 5 };

const seeds = Array.from({ length: 40 }, (_, seed) => seed);
const drawn = (make: (random: Random) => Draft | undefined): Draft[] =>
  seeds.flatMap((seed) => make(new Random(seed)) ?? []);

describe("slips that leave a count as it is", () => {
  it("are never the wrong line of a summary", () => {
    const questions = drawn((random) => faultyQuestion(random, model));
    expect(questions.length).toBe(seeds.length);
    for (const { solution } of questions) {
      const [, name, right, wrong] = /^(\w+) has (\d+) parameters. (\d+) comes out/.exec(solution)!;
      expect(Number(right)).toBe(counts[name!]);
      expect(Number(wrong)).not.toBe(counts[name!]);
    }
  });

  it("are neither the slip that is asked for nor offered beside it", () => {
    const questions = drawn((random) => slipQuestion(random, model));
    expect(questions.length).toBe(seeds.length);
    for (const { text, choices, check } of questions) {
      const [, name, wrong] = /parameters of (\w+) and gets (\d+)/.exec(text)!;
      expect(Number(wrong)).not.toBe(counts[name!]);
      for (const { text: said } of choices.map((choice) => check(choice[0]!))) {
        const other = /That would give (\d+)/.exec(said);
        if (other !== null) expect([counts[name!], Number(wrong)]).not.toContain(Number(other[1]));
      }
    }
  });
});
