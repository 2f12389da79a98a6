/** The README's code runs, and does what its comments say. */
import { readFileSync } from "node:fs";
import * as unroll from "unroll";
import { describe, expect, it, vi } from "vitest";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]!);

const AsyncFunction = (async () => {}).constructor as FunctionConstructor; // it has no name of its own

/** Runs a block whose import line names things of the library; returns what it printed. */
async function run(block: string): Promise<string> {
  const names = /import \{([^}]*)\} from "unroll";/.exec(block)![1]!;
  const body = block.replace(/import .*\n/, "");
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await new AsyncFunction("unroll", `const {${names}} = unroll;\n${body}`)(unroll);
    return print.mock.calls.map(([what]) => (typeof what === "string" ? what : JSON.stringify(what))).join("\n");
  } finally {
    print.mockRestore();
  }
}

describe("the README", () => {
  it("shows the two commands first", () => {
    expect(readme.indexOf("npm start")).toBeLessThan(readme.indexOf("npm test"));
    expect(readme.split("\n").slice(0, 5).join("\n")).toMatch(/npm start[\s\S]*npm test/);
  });

  it("has code that summarises, explains, predicts, traces and verifies", async () => {
    const printed = await run(blocks[0]!);
    expect(printed).toContain("│ gru (GRU)                       │ (None, 4)              │           132 │");
    expect(printed).toContain("[1,1]");
    expect(printed).toContain("hHat");
    expect(printed).toContain("Every number agrees");
    const picture = /```\n(gru \(GRU\)[\s\S]*?)```/.exec(readme)![1]!;
    for (const line of picture.trimEnd().split("\n")) expect(printed.split("\n")).toContain(line);
  });

  it("has a functional model with the count and shape that it says", async () => {
    expect(await run(blocks[1]!)).toBe("789\n[null,16]");
  });

  it("has training code that learns", async () => {
    const printed = await run(blocks[2]!);
    expect(printed).toContain('["loss","mae","val_loss","val_mae"]');
    expect(printed).toContain("gradients through time");
  });

  it("has a cell of one's own that counts as it says", async () => {
    const printed = await run(blocks[3]!);
    expect(printed).toContain("2 × [5 × (5 + 3) + 5]");
    expect(printed).toContain("parameters: 90");
  });
});
