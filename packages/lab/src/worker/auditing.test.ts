import { expect, it } from "vitest";
import { Session } from "./session.ts";

const code = (lines: readonly string[]): string =>
  ["model = Sequential([Input((30, 5)), GRU(4), Dense(1)])", "model.summary()", ...lines].join("\n");

it("names the slip in the arithmetic of a script, and counts what is right", async () => {
  const session = new Session();
  // GRU(4) on 5 features: 3 × [4 × (4 + 5) + 2 × 4] = 132; without the second bias row 120.
  await session.open({ source: code(["# gru", "3 * (4 * (4 + 5) + 4)  # 132", "# dense", "4 * 1 + 1"]), seed: 7 });
  const { findings, confirmed } = await session.audit();
  expect(confirmed).toBe(1);
  expect(findings.map(({ given, expected, layer, place }) => [given, expected, layer, place])).toEqual([
    ["120", "132", "gru", "line 4"],
  ]);
  expect(findings[0]!.reasons[0]).toContain("the second bias row is forgotten: ");
});

it("finds nothing to say about code without arithmetic, nor about files", async () => {
  const session = new Session();
  await session.open({ source: code([]), seed: 7 });
  expect(await session.audit()).toEqual({ findings: [], confirmed: 0 });
});
