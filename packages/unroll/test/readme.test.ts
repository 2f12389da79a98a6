/** The README's code runs, and does what its comments say. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkSpace } from "../src/sweep/space.ts";
import { runBlock } from "./documents.ts";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]!);

const run = async (block: string): Promise<string> => (await runBlock(block)).lines.join("\n");

describe("the README", () => {
  it("shows the two commands first", () => {
    expect(readme.indexOf("npm start")).toBeLessThan(readme.indexOf("npm test"));
    expect(readme.split("\n").slice(0, 5).join("\n")).toMatch(/npm start[\s\S]*npm test/);
  });

  it("has code that summarises, explains, predicts, traces and verifies", async () => {
    const printed = await run(blocks[0]!);
    expect(printed).toContain("│ gru (GRU)                       │ (None, 4)              │           132 │");
    expect(printed).toContain("[1, 1]");
    expect(printed).toContain("hHat");
    expect(printed).toContain("Every number agrees");
    const picture = /```\n(gru \(GRU\)[\s\S]*?)```/.exec(readme)![1]!;
    for (const line of picture.trimEnd().split("\n")) expect(printed.split("\n")).toContain(line);
  });

  it("has a functional model with the count and shape that it says", async () => {
    expect(await run(blocks[1]!)).toBe("789\n[null, 16]");
  });

  it("has training code that learns", async () => {
    const printed = await run(blocks[2]!);
    expect(printed).toContain('["loss", "mae", "val_loss", "val_mae"]');
    expect(printed).toContain("gradients through time");
    expect(printed).toMatch(/^0 0\.\d+$/m); // a callback of one's own
  });

  it("has a cell of one's own that counts as it says", async () => {
    const printed = await run(blocks[3]!);
    expect(printed).toContain("2 × [5 × (5 + 3) + 5]");
    expect(printed).toContain("parameters: 90");
  });

  it("has a space that a sweep takes", () => {
    const [, space] = /```json\n([\s\S]*?)```/.exec(readme)!;
    expect([...checkSpace(JSON.parse(space!)).keys()]).toEqual(["cell", "units", "lookback", "learningRate"]);
  });
});
