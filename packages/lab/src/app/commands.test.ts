import { describe, expect, it } from "vitest";
import { commandsNow, keyName, matching, offerCommands } from "./commands.ts";

describe("commands", () => {
  const run = (): void => {};

  it("are there as long as they are offered", () => {
    const stop = offerCommands(() => [{ name: "Play", key: " ", run }]);
    expect(commandsNow().map(({ name }) => name)).toEqual(["Play"]);
    stop();
    expect(commandsNow()).toEqual([]);
  });

  it("are found by any words of their names, in any order", () => {
    const all = ["Go to Model", "Go to Count", "Timestep back"].map((name) => ({ name, run }));
    expect(matching(all, "count GO").map(({ name }) => name)).toEqual(["Go to Count"]);
    expect(matching(all, " ")).toHaveLength(3);
    expect(matching(all, "go forward")).toEqual([]);
  });

  it("say their keys in words", () => {
    expect(["g m", " ", "U", "["].map(keyName)).toEqual(["g m", "Space", "Shift+u", "["]);
  });
});
