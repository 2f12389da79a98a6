import { describe, expect, it } from "vitest";
import { checkOptionNames, nearestName } from "./errors.ts";

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

describe("the names of options", () => {
  it.each([5, "epochs", null, undefined])("are those of an object, not of %j", (given) => {
    expect(() => checkOptionNames("fit", given as never, ["epochs"])).toThrow(
      "fit: options must be an object. Received: options = ",
    );
  });
});
