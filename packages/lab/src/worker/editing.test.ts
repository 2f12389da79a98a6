/** Changes of a model's layers: each gives code, and the code opens to the model that the change asks for. Counts by hand. */
import { expect, it } from "vitest";
import { addable } from "./addable.ts";
import type { ModelChange, Opened, Outline } from "./protocol.ts";
import { Session } from "./session.ts";

const stack = "model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), GRU(2), Dense(1)])";

async function opened(code: string): Promise<{ session: Session; first: Opened; outline: Outline }> {
  const session = new Session();
  const first = await session.open({ source: code, seed: 7 });
  return { session, first, outline: (await session.outline())! };
}

/** The code after the changes, and what opening it gives. */
async function after(code: string, ...changes: readonly ModelChange[]): Promise<Opened & { code: string }> {
  const { session } = await opened(code);
  let [written, now] = [code, undefined as Opened | undefined];
  for (const change of changes) {
    written = await session.changed(change);
    now = await session.open({ source: written, seed: 7 });
  }
  return { ...now!, code: written };
}

function layersOf({ model }: Opened): string[] {
  return (model?.layers ?? []).map(({ name, className, count }) => `${className} ${name} ${count.result}`);
}

it("lists layers with their options as Keras spells them, each with its value and its control", async () => {
  const { outline } = await opened(stack);
  expect([outline.isStack, outline.input]).toEqual([true, "30, 5"]);
  expect(outline.layers.map(({ name }) => name)).toEqual(["gru", "gru_1", "dense"]);
  const options = outline.layers[0]!.options;
  const of = (name: string) => options.find((one) => one.name === name);
  expect(of("units")).toMatchObject({ value: "4", choices: undefined, isDefault: false });
  expect(of("return_sequences")).toMatchObject({ value: true, isDefault: false });
  expect(of("reset_after")).toMatchObject({ value: true, isDefault: true });
  expect(of("activation")!.choices).toContain("relu");
});

it("lists no option that Keras's code cannot say", async () => {
  const { outline } = await opened("model = Sequential([Input((30, 5)), LSTM(4)])");
  const names = outline.layers[0]!.options.map(({ name }) => name);
  expect(names).toContain("unit_forget_bias");
  expect(names).not.toContain("recurrent_bias");
});

it("changes an option, and leaves everything else as it is", async () => {
  const found = await after(stack, { kind: "option", layer: "gru_1", path: "units", value: "3" });
  // 3 × [3 × (4 + 3) + 2 × 3] = 81, and the Dense reads 3.
  expect(layersOf(found)).toEqual(["GRU gru 132", "GRU gru_1 81", "Dense dense 4"]);
  expect(found.code).toContain("layers.GRU(units=4, return_sequences=True),");
});

it("adds, duplicates, moves and removes layers under names that are free", async () => {
  const added = await after(stack, { kind: "add", className: "Dropout", at: 1 });
  expect(layersOf(added)).toEqual(["GRU gru 132", "Dropout dropout 0", "GRU gru_1 48", "Dense dense 3"]);
  const twice = await after(stack, { kind: "duplicate", layer: "gru" });
  // A GRU(4) that reads 4: 3 × [4 × (4 + 4) + 2 × 4] = 120.
  expect(layersOf(twice)).toEqual(["GRU gru 132", "GRU gru_2 120", "GRU gru_1 48", "Dense dense 3"]);
  const moved = await after(
    stack,
    { kind: "option", layer: "gru_1", path: "return_sequences", value: true },
    { kind: "move", layer: "gru", to: 1 },
  );
  expect(layersOf(moved).slice(0, 2)).toEqual(["GRU gru_1 54", "GRU gru 96"]);
  const removed = await after(stack, { kind: "remove", layer: "gru" });
  expect(layersOf(removed)).toEqual(["GRU gru_1 54", "Dense dense 3"]);
});

it("gives the model another input", async () => {
  const found = await after(stack, { kind: "input", shape: "(None, 2)" });
  expect(found.model!.inputShape).toEqual([null, null, 2]);
  expect(layersOf(found)[0]).toBe("GRU gru 96");
  const without = "model = Sequential([LSTM(2), Dense(1)])";
  const { first, outline } = await opened(without);
  expect([first.error, outline.input]).toEqual([expect.stringContaining("does not say what the model reads"), ""]);
  expect(first.partial.map(({ name }) => name)).toEqual(["lstm", "dense"]);
  expect(layersOf(await after(without, { kind: "input", shape: "3, 4" }))).toEqual(["LSTM lstm 56", "Dense dense 3"]);
});

it("changes both directions of a wrapped layer at once", async () => {
  const code = "model = Sequential([Input((21, 9)), Bidirectional(LSTM(30)), Dense(1)])";
  const { outline } = await opened(code);
  expect(outline.layers[0]!.options.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["merge_mode", "layer.units"]),
  );
  const found = await after(code, { kind: "option", layer: "bidirectional", path: "layer.units", value: "10" });
  // 2 × 4 × [10 × (9 + 10) + 10]
  expect(layersOf(found)[0]).toBe("Bidirectional bidirectional 1600");
});

it("says what a layer does not take, and changes nothing", async () => {
  const { session } = await opened(stack);
  const change = { kind: "option", layer: "gru", path: "units" } as const;
  await expect(session.changed({ ...change, value: "0" })).rejects.toThrow("units must be a positive whole number");
  await expect(session.changed({ ...change, value: "four" })).rejects.toThrow('units = "four"');
  await expect(session.changed({ kind: "input", shape: "3, x" })).rejects.toThrow("Write 30, 5");
  expect((await session.outline())!.layers[0]!.options[0]!.value).toBe("4");
});

it("writes layers that do not fit, tells their shapes up to there, and repairs them", async () => {
  const { session } = await opened(stack);
  const broken = await session.changed({ kind: "option", layer: "gru", path: "return_sequences", value: false });
  const found = await session.open({ source: broken, seed: 7 });
  expect(found.model).toBeUndefined();
  expect(found.error).toContain("gru_1");
  expect(found.partial.map(({ name, shape, count }) => [name, shape, count])).toEqual([
    ["gru", [null, 4], 132],
    ["gru_1", undefined, null],
    ["dense", undefined, null],
  ]);
  expect(found.repairs[0]).toEqual({ text: "set return_sequences=True in gru", total: 183 });
  const totals: (number | null | undefined)[] = [];
  for (const index of found.repairs.keys()) {
    const repaired = new Session();
    await repaired.open({ source: broken, seed: 7 });
    totals.push((await repaired.open({ source: await repaired.repaired(index), seed: 7 })).model?.total.result);
  }
  expect(totals).toEqual(found.repairs.map(({ total }) => total));
});

it("changes options of a functional model, and leaves its wiring to the code", async () => {
  const code = "i = Input((10, 3))\nx = LSTM(5)(i)\nmodel = Model(i, Dense(2)(x))";
  const { session, outline } = await opened(code);
  expect([outline.isStack, outline.layers.length]).toEqual([false, 2]);
  const found = await after(code, { kind: "option", layer: "lstm", path: "units", value: "4" });
  expect(found.model!.total.result).toBe(4 * (4 * (3 + 4) + 4) + 2 * 5);
  await expect(session.changed({ kind: "remove", layer: "lstm" })).rejects.toThrow("only a stack");
});

it("can add every layer of the list to a stack of its own", async () => {
  for (const { className } of addable) {
    const input = className === "Embedding" || className === "RepeatVector" ? "Input((6,))" : "Input((6, 3))";
    const code = `model = Sequential([${input}, Activation("linear")])`;
    const found = await after(code, { kind: "add", className, at: 0 });
    expect(found.error, className).toBeUndefined();
    expect(found.model!.layers.map((layer) => layer.className)).toContain(className);
  }
});
