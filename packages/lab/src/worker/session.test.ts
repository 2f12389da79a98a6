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
