import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { checkOptions, type SweepOptions } from "./options.ts";
import { countToGo, makePlan, nextTasks, ranked, type SweepPlan, type TaskResult } from "./plan.ts";
import { checkSpace } from "./space.ts";

function planOf(more: Partial<SweepOptions>, groups: readonly string[] | null = null): SweepPlan {
  const options = checkOptions({ data: "a.csv", target: "y", strategy: "grid", ...more });
  const space = checkSpace({ units: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
  return makePlan(space, options, { file: "data/a.csv", sha256: "0", groups });
}

/** Runs the tasks in the order given; the error of a trial is `errors[trial]`, or it fails. */
function play(plan: SweepPlan, errors: Readonly<Record<string, number>>, order = (ids: string[]) => ids): string[][] {
  const results = new Map<string, TaskResult>();
  const played: string[][] = [];
  for (;;) {
    const tasks = nextTasks(plan, results);
    if (tasks.length === 0) return played;
    played.push(order(tasks.map(({ id }) => id)));
    for (const { id, trial } of tasks) {
      const score = errors[trial];
      results.set(
        id,
        score === undefined
          ? { task: id, status: "failed", reason: "no" }
          : { task: id, status: "done", score, folds: [] },
      );
    }
  }
}

const errors = { t1: 9, t2: 3, t3: 8, t4: 3, t5: 7, t6: 1, t7: 6, t8: 2, t9: 5 };

describe("a plan", () => {
  it("trains every trial once, then the best one's final model", () => {
    const all = Array.from({ length: 9 }, (_, index) => `t${index + 1}-e30`);
    expect(play(planOf({}), errors)).toEqual([all, ["t6-final"]]);
  });

  it("counts what is to go with the final model of each group, and ends at nothing", () => {
    const plan = planOf({}, ["a", "b"]);
    const results = new Map<string, TaskResult>();
    const counts = [countToGo(plan, results)];
    for (let tasks = nextTasks(plan, results); tasks.length > 0; tasks = nextTasks(plan, results)) {
      const [{ id, trial }] = tasks as [(typeof tasks)[0]];
      const failed = trial.startsWith("g2");
      results.set(
        id,
        failed ? { task: id, status: "failed", reason: "no" } : { task: id, status: "done", score: 1, folds: [] },
      );
      counts.push(countToGo(plan, results));
    }
    // Where all trials fail there is no final model after all.
    expect(counts).toEqual([...Array.from({ length: 19 }, (_, gone) => 20 - gone), 0]);
  });

  it("gives a third of the trials three times the epochs in each round of halving", () => {
    const plan = planOf({ strategy: "halving", trials: 9, epochs: 18, minEpochs: 2 });
    expect(plan.rounds).toEqual([2, 6, 18]);
    const [first, ...rounds] = play(plan, errors);
    expect(first).toHaveLength(9);
    // The nine were drawn, so their ids are those of the errors; 1, 2 and 3 are the least, of two 3s the first counts.
    expect(rounds).toEqual([["t6-e6", "t8-e6", "t2-e6"], ["t6-e18"], ["t6-final"]]);
  });

  it("with asha gives a trial more epochs before its round is known, and ends with the same tasks in any order", () => {
    const plan = planOf({ strategy: "asha", trials: 9, epochs: 18, minEpochs: 2 });
    expect(plan.rounds).toEqual([2, 6, 18]);
    const done = (id: string): [string, TaskResult] => [
      id,
      { task: id, status: "done", score: errors[id.split("-")[0] as keyof typeof errors], folds: [] },
    ];
    const three = new Map(["t1-e2", "t2-e2", "t3-e2"].map(done));
    expect(nextTasks(plan, three).map(({ id }) => id)).toEqual([
      "t2-e6",
      "t4-e2",
      "t5-e2",
      "t6-e2",
      "t7-e2",
      "t8-e2",
      "t9-e2",
    ]);
    const random = new Random(4);
    const ends = Array.from({ length: 20 }, () => {
      const results = new Map<string, TaskResult>();
      for (let tasks = nextTasks(plan, results); tasks.length > 0; tasks = nextTasks(plan, results)) {
        const [id, result] = done(tasks[random.below(tasks.length)]!.id);
        results.set(id, result);
      }
      return [...results.keys()].sort().join(" ");
    });
    expect(new Set(ends).size).toBe(1);
    const more = ends[0]!.split(" ").filter((id) => !id.endsWith("-e2"));
    expect(more).toEqual(["t2-e6", "t6-e18", "t6-e6", "t6-final", "t8-e6"]);
  });

  it("goes on without trials that fail, and ends where all do", () => {
    const plan = planOf({ strategy: "halving", trials: 9, epochs: 6 });
    expect(play(plan, { t4: 2, t5: 1 }).slice(1)).toEqual([["t5-e6", "t4-e6"], ["t5-final"]]);
    expect(play(plan, {})).toHaveLength(1);
    expect(play(planOf({}), {})).toHaveLength(1);
  });

  it("searches each group for itself", () => {
    const played = play(planOf({ strategy: "grid" }, ["x", "y"]), { "g1-t1": 1, "g1-t2": 2, "g2-t1": 5, "g2-t2": 4 });
    expect(played[1]).toEqual(["g1-t1-final", "g2-t2-final"]);
  });

  it("ranks by how far trials got, then by error", () => {
    const plan = planOf({ strategy: "halving", trials: 9, epochs: 6 });
    const done = (task: string, score: number): [string, TaskResult] => [
      task,
      { task, status: "done", score, folds: [] },
    ];
    const results = new Map([done("t1-e2", 1), done("t2-e2", 2), done("t2-e6", 3)]);
    expect(
      ranked(plan, null, results)
        .slice(0, 3)
        .map(({ trial, score }) => [trial.id, score]),
    ).toEqual([
      ["t2", 3],
      ["t1", 1],
      ["t3", null],
    ]);
  });

  it("is the same for the same request wherever the file lies, another for another seed or other data", () => {
    expect(planOf({ data: "b.csv" }).id).toBe(planOf({}).id);
    expect(planOf({ seed: 1 }).id).not.toBe(planOf({}).id);
    expect(planOf({ seed: 1 }).trials[0]!.seed).not.toBe(planOf({}).trials[0]!.seed);
    expect(new Set(planOf({}).trials.map(({ seed }) => seed)).size).toBe(9);
  });

  it("refuses to halve where nothing would be halved", () => {
    for (const strategy of ["halving", "asha"] as const) {
      expect(planOf({ strategy, epochs: 6 }).rounds).toEqual([2, 6]);
      expect(() => planOf({ strategy, epochs: 5 })).toThrow(
        `${strategy} needs two rounds or more: epochs must be eta × minEpochs or more. Received: epochs = 5, eta = 3, minEpochs = 2. Give 6 epochs or more`,
      );
    }
    expect(planOf({ strategy: "random", epochs: 1 }).rounds).toEqual([1]);
  });

  it("refuses options that it does not have", () => {
    const misspelt: object = { epoch: 3 };
    expect(() => planOf(misspelt)).toThrow("Did you mean epochs?");
    expect(() => planOf({ eta: 1 })).toThrow("sweep: eta must be a whole number of 2 or more. Received: eta = 1.");
    expect(() => planOf({ test: 1.5 })).toThrow("test must be a share below 1, or a whole number of rows");
    expect(() => planOf({ trials: 10_001 })).toThrow(
      "trials must be a whole number from 1 to 10000. Received: trials = 10001.",
    );
  });
});
