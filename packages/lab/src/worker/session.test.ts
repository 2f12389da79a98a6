import { expect, it } from "vitest";
import { Session } from "./session.ts";

it("asks for the sizes that code does not tell, and keeps the error of a mistake", async () => {
  const open = async (source: string, set?: Record<string, string>) =>
    (await new Session().open({ source, seed: 7, ...(set === undefined ? {} : { set }) })).error;
  const code = "model = Sequential([Input((30, 5)), GRU(read()), Dense(units)])";
  expect(await open(code)).toMatch(/^The code does not tell .+ and units\. Give them below, or in the code\.$/);
  expect(await open("model = Sequential([Input((30, 5)), GRU(4), Dense(units)])")).toBe(
    "The code does not tell units. Give it below, or in the code.",
  );
  expect(await open("model = Sequential([Input((30, 5)), GRU(4), Dense(units)])", { units: "1" })).toBeUndefined();
  expect(await open("model = Sequential([Input((30, 5)), GRU(), Dense(1)])")).toContain("needs the option units");
});

it("reads stacked cells in RNN", async () => {
  const code = "model = Sequential([Input((6, 3)), RNN([LSTMCell(4), GRUCell(3)]), Dense(1)])";
  const { model, error } = await new Session().open({ source: code, seed: 7 });
  expect(error).toBeUndefined();
  // 4 × [4 × (4 + 3) + 4] = 128, then 3 × [3 × (3 + 4) + 2 × 3] = 81, and 4.
  expect(model!.total.result).toBe(128 + 81 + 4);
});
