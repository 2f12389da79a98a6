import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

/** How often of `runs` runs it shared, where the two ways take these times. */
function sharedRuns(pace: Pace, runs: number, times: { readonly shared: number; readonly alone: number }): number {
  let shared = 0;
  for (let run = 0; run < runs; run++) {
    const way = pace.next();
    if (way === "shared") shared++;
    pace.took(way, times[way]);
  }
  return shared;
}

describe("the pace of split programs", () => {
  it("tries both ways, then shares where that is quicker", () => {
    const pace = new Pace();
    expect(sharedRuns(pace, 16, { shared: 0.1, alone: 0.18 })).toBe(8);
    expect(sharedRuns(pace, 320, { shared: 0.1, alone: 0.18 })).toBe(315);
  });

  it("runs alone where sharing is slower, and sees when that changes", () => {
    const pace = new Pace();
    sharedRuns(pace, 16, { shared: 0.2, alone: 0.18 });
    expect(sharedRuns(pace, 320, { shared: 0.2, alone: 0.18 })).toBe(20);
    sharedRuns(pace, 320, { shared: 0.1, alone: 0.18 });
    expect(sharedRuns(pace, 320, { shared: 0.1, alone: 0.18 })).toBe(315);
  });

  it("tries sharing with helpers that are awake", () => {
    const pace = new Pace();
    let before = "alone";
    const took = (way: "shared" | "alone"): number => (way === "alone" ? 0.18 : before === "shared" ? 0.1 : 0.25);
    let shared = 0;
    for (let run = 0; run < 320; run++) {
      const way = pace.next();
      if (way === "shared") shared++;
      pace.took(way, took(way));
      before = way;
    }
    expect(shared).toBeGreaterThan(300);
  });

  it("goes on sharing after one run without a free core", () => {
    const pace = new Pace();
    sharedRuns(pace, 60, { shared: 0.1, alone: 0.18 });
    pace.next();
    pace.took("shared", 20);
    expect(sharedRuns(pace, 320, { shared: 0.1, alone: 0.18 })).toBe(315);
  });

  it("forgets how slow the first runs were", () => {
    const pace = new Pace();
    pace.next();
    pace.took("shared", 1.9);
    pace.next();
    pace.took("alone", 0.3);
    sharedRuns(pace, 100, { shared: 0.1, alone: 0.18 });
    expect(sharedRuns(pace, 320, { shared: 0.1, alone: 0.18 })).toBe(315);
  });

  it("shares long runs, but for one in a while", () => {
    const pace = new Pace();
    expect(sharedRuns(pace, 8, { shared: 40, alone: 80 })).toBe(8);
    expect(sharedRuns(pace, 128, { shared: 40, alone: 80 })).toBe(126);
  });

  it("stops sharing long runs where no core is free, and sees when one is", () => {
    const pace = new Pace();
    expect(sharedRuns(pace, 136, { shared: 4.2, alone: 2 })).toBe(8 + 1);
    sharedRuns(pace, 128, { shared: 1.2, alone: 2 });
    expect(sharedRuns(pace, 128, { shared: 1.2, alone: 2 })).toBeGreaterThan(120);
  });
});
