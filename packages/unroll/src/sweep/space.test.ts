import { describe, expect, it } from "vitest";
import { drawSettings, gridOf } from "./draw.ts";
import { readLiteral, readSpaceSource } from "./literal.ts";
import { checkSpace, plainDefaults, trainingDefaults } from "./space.ts";

const defaults = { ...plainDefaults, ...trainingDefaults };

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

describe("a space", () => {
  it("gives every combination as a grid, the last parameter changing fastest", () => {
    const grid = gridOf(
      checkSpace({ batchSize: 8, units: [2, 3], learningRate: { from: 0.001, to: 0.1, scale: "log", steps: 3 } }),
      defaults,
    );
    expect(grid.map(({ units, learningRate }) => [units, learningRate])).toEqual([
      [2, 0.001],
      [2, 0.01],
      [2, 0.1],
      [3, 0.001],
      [3, 0.01],
      [3, 0.1],
    ]);
    expect(grid[0]).toMatchObject({ batchSize: 8, cell: "lstm", lookback: 21, optimizer: "adam" });
  });

  it("takes whole numbers of a range of units, each once", () => {
    const grid = gridOf(checkSpace({ units: { from: 1, to: 4, steps: 7 } }), defaults);
    expect(grid.map(({ units }) => units)).toEqual([1, 2, 3, 4]);
  });

  it("draws different settings, the same for the same seed", () => {
    const space = checkSpace({
      units: { from: 4, to: 64, scale: "log" },
      learningRate: { from: 1e-4, to: 1e-2, scale: "log" },
    });
    const drawn = drawSettings(space, defaults, { count: 30, seed: 5 });
    expect(drawn).toHaveLength(30);
    expect(drawSettings(space, defaults, { count: 30, seed: 5 })).toEqual(drawn);
    expect(drawSettings(space, defaults, { count: 30, seed: 6 })).not.toEqual(drawn);
    expect(drawn.every(({ units }) => Number.isInteger(units) && units! >= 4 && units! <= 64)).toBe(true);
    // A log range gives each power of ten the same share.
    const low = drawn.filter(({ learningRate }) => learningRate! < 1e-3).length;
    expect(low).toBeGreaterThan(7);
    expect(low).toBeLessThan(23);
  });

  it("ends where there are no more different settings", () => {
    expect(
      drawSettings(checkSpace({ cell: ["gru", "lstm"], units: [2, 4] }), defaults, { count: 100, seed: 0 }),
    ).toHaveLength(4);
  });

  it.each([
    [{ unit: [2] }, "space: every parameter must be one that trials have. Received: unit. Did you mean units?"],
    [{ units: [2.5] }, "space, units[0]: units must be a whole number of 1 or more. Received: units = 2.5."],
    [{ dropout: 1 }, "space, dropout: dropout must be a number of 0 or more below 1. Received: dropout = 1."],
    [{ learningRate: 0 }, "space, learningRate: learningRate must be a number above 0. Received: learningRate = 0."],
    [{ cell: "rnn" }, 'space, cell: cell must be one of lstm, gru, simpleRNN. Received: cell = "rnn".'],
    [{ units: [] }, "space, units: units must have a value to try. Received: an empty list."],
    [{ units: [2, 2] }, "space, units: units must have each value once. Received: units = [2,2]."],
    [{ units: { from: 4, to: 2 } }, "space, units: the range of units must go up. Received: from = 4, to = 2."],
    [
      { units: { from: 1, to: 2, step: 3 } },
      "space, units: the range of units has from, to, scale and steps. Received: step. Did you mean steps?",
    ],
    [
      { dropout: { from: 0, to: 0.5, scale: "log" } },
      "space, dropout: a log range of dropout must begin above 0. Received: from = 0.",
    ],
    [{ cell: { from: 1, to: 2 } }, 'space, cell: cell takes names, not a range. Received: {"from":1,"to":2}.'],
    [
      { optimizer: ["sgd", "adamm"] },
      'space, optimizer[1]: there is no optimizer named adamm. Received: optimizer = "adamm". Did you mean adam?',
    ],
    [{ loss: "huberr" }, 'space, loss: there is no loss named huberr. Received: loss = "huberr". Did you mean huber?'],
    [
      { units: { from: 1, to: 9.5 } },
      "space, units.to: units must be a whole number of 1 or more. Received: units = 9.5.",
    ],
    [
      { units: { from: 1, to: 2, steps: 1e9 } },
      "space, units: steps of units must be a whole number from 2 to 10000. Received: steps = 1000000000.",
    ],
    [{ units: Number.NaN }, "space, units: units must be a whole number of 1 or more. Received: units = null."],
    [
      JSON.parse('{"__proto__": [4]}'),
      "space: every parameter must be one that trials have. Received: __proto__. They are cell, units, layers, dropout, lookback, learningRate, optimizer, loss, batchSize, scaler.",
    ],
    [[], "space: a space must be an object: parameter → values. Received: space = []."],
  ])("says what is wrong with %j", (space, message) => {
    expect(messageOf(() => checkSpace(space))).toBe(message);
  });

  it("asks how many values a grid takes of a range, and has a limit", () => {
    expect(messageOf(() => gridOf(checkSpace({ dropout: { from: 0, to: 0.5 } }), defaults))).toBe(
      'space, dropout: a grid needs to know how many values of dropout to take. Received: {"from":0,"to":0.5,"scale":"linear"}. Give steps, or a list.',
    );
    const list = Array.from({ length: 101 }, (_, index) => index + 1);
    expect(messageOf(() => gridOf(checkSpace({ units: list, lookback: list }), defaults))).toContain(
      "10201 combinations",
    );
  });
});

describe("a space in TypeScript", () => {
  it("is read as data, with comments, trailing commas and what types add", () => {
    const text = `import type { Space } from "unroll/sweep";
// what to try
export const space: Space = {
  units: [8, 1_6,], /* two */
  'learningRate': { from: 1e-4, to: .01, scale: 'log' },
} satisfies Space;
`;
    expect(readSpaceSource(text, "space.ts")).toEqual({
      units: [8, 16],
      learningRate: { from: 1e-4, to: 0.01, scale: "log" },
    });
    expect(readSpaceSource('export default { cell: "gru" }', "s.ts")).toEqual({ cell: "gru" });
  });

  it("has each name once, in JSON too", () => {
    expect(messageOf(() => readLiteral('{"units": 4,\n "units": 8}', "space.json"))).toContain(
      "here must be units once",
    );
    expect(readLiteral('{"un\\u0069ts": [4, -1.5e3], "a\\"b": null}', "s.json")).toEqual({
      units: [4, -1500],
      'a"b': null,
    });
    const read = readLiteral('{"__proto__": {"units": 4}}', "s.json") as object;
    expect(Object.keys(read)).toEqual(["__proto__"]);
  });

  it("is never run", () => {
    expect(messageOf(() => readSpaceSource("const space = {\n units: [process.exit()] }", "s.ts"))).toBe(
      "s.ts, line 2: here must be a list, a range, a text or a number. Received: process.exit()] }. A space is data: it is read, not run.",
    );
    expect(messageOf(() => readSpaceSource("units = 4", "s.ts"))).toContain("export const space = { ... }");
    expect(messageOf(() => readSpaceSource(`const space = ${"[".repeat(50)}`, "s.ts"))).toContain("fewer lists");
  });
});
