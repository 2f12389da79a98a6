import { describe, expect, it } from "vitest";
import { nearestName } from "./errors.ts";

describe("the nearest name", () => {
  it.each([
    ["retrun_sequences", ["returnSequences", "returnState"], "returnSequences"],
    ["темпераура", ["дата", "температура", "б"], "температура"],
    ["prix_été", ["prix_ete", "prix_hiver"], "prix_ete"],
    ["clos", ["close", "open"], "close"],
    ["A", ["a", "b"], "a"],
    ["---", ["--", "a"], "--"],
  ])("of %s among %j is %s", (name, known, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it.each([
    ["zz", ["a", "b"]],
    ["w", ["h5", "ts"]],
    ["a", ["дата", "б"]],
    ["б", ["__", "date"]],
    ["", ["a"]],
  ])("of %j among %j is none: no letter of it is there", (name, known) => {
    expect(nearestName(name, known)).toBeUndefined();
  });
});
