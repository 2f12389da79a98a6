import { readFileSync } from "node:fs";
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
  // Broken off, as while it is typed.
  const broken = await new Session().open({ source: "x = 1\nmodel = Sequential([\n LSTM(", seed: 7 });
  expect([broken.unknowns, broken.error]).toEqual([[], expect.stringContaining("needs the option units")]);
  expect(broken.problems.map(({ place }) => place)).toContain("line 3");
});

it("says remarks in the words of the code beside them", async () => {
  const { model } = await new Session().open({ source: "model = Sequential([Input((30, 5)), GRU(4)])", seed: 7 });
  const said = model!.layers.flatMap(({ remarks }) => remarks).join(" ");
  expect(said).toContain("GRU with reset_after=False");
  expect(said).not.toMatch(/resetAfter|: false/);
});

it("reads stacked cells in RNN", async () => {
  const code = "model = Sequential([Input((6, 3)), RNN([LSTMCell(4), GRUCell(3)]), Dense(1)])";
  const { model, error } = await new Session().open({ source: code, seed: 7 });
  expect(error).toBeUndefined();
  // 4 × [4 × (4 + 3) + 4] = 128, then 3 × [3 × (3 + 4) + 2 × 3] = 81, and 4.
  expect(model!.total.result).toBe(128 + 81 + 4);
});

it("gives weights without layers to the open model, and says what they lack where there is none or they do not fit", async () => {
  const here = (name: string) =>
    readFileSync(new URL(`../../../../fixtures/keras/files/gru_after/${name}`, import.meta.url));
  const weights = new Uint8Array(here("m.weights.h5"));
  const session = new Session();
  await expect(session.withWeights(weights, "m.weights.h5")).rejects.toThrow(/^m\.weights\.h5: .* no model is open/);
  const opened = (units: number) =>
    session.open({ source: `model = Sequential([Input((7, 3)), GRU(${units}), Dense(1)])`, seed: 7 });
  await opened(4);
  const before = session.need().getWeights();
  const refusal = await session.withWeights(weights, "m.weights.h5").then(String, String);
  expect(refusal).toContain("m.weights.h5: gru: kernel");
  expect(refusal).not.toMatch(/unroll|command line|--/);
  expect(session.need().getWeights()).toEqual(before);
  await opened(5);
  const source = await session.withWeights(weights, "m.weights.h5");
  expect((await session.open({ source: source!, name: "m.weights.h5", seed: 7 })).model!.hasWeights).toBe(true);
  const { weights: written } = JSON.parse(here("info.json").toString()) as { weights: { data?: number[] }[] }; // the fixture's
  // Those that the fixture writes out as numbers.
  const told = written.flatMap(({ data }, index) =>
    data === undefined ? [] : [{ data: data.map(Math.fround), index }],
  );
  expect(told.map(({ index }) => [...session.need().getWeights()[index]!.data])).toEqual(told.map(({ data }) => data));
  expect(told.length).toBe(4);
  expect(await session.withWeights(new Uint8Array(here("m.h5")), "m.h5")).toBeUndefined();
});

it("traces a long series whole where the model is small, and a short copy of a large one", async () => {
  const traced = async (timesteps: number, units: number): Promise<[number, number | undefined]> => {
    const session = new Session();
    await session.open({
      source: `model = Sequential([Input((${timesteps}, 2)), LSTM(${units}), Dense(1)])`,
      seed: 7,
    });
    const model = await session.prepareTrace();
    return [model.inputs[0]!.shape[1]!, session.shortened];
  };
  expect(await traced(5000, 4)).toEqual([5000, undefined]);
  expect(await traced(240, 64)).toEqual([240, undefined]);
  // 4 × [64 × (64 + 2) + 64] and 65: more than 17,000 weights at each of 1,000 timesteps.
  expect(await traced(1000, 64)).toEqual([24, 24]);
});
