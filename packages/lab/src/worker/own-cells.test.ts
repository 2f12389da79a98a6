/** Cells of one's own through the page's model: counts by hand, changes, and the file and the link that carry them. */
import { expect, it } from "vitest";
import { ownCellModels } from "../data/own-cells.ts";
import { bytesOf } from "./saving.ts";
import { Session } from "./session.ts";

const codeOf = (id: string): string => ownCellModels.find((one) => one.id === id)!.code;
const open = (session: Session, source: string | Uint8Array, name?: string) =>
  session.open({ source, seed: 7, ...(name === undefined ? {} : { name }) });

// 4 units that read 3 features: 4 × (4 + 3) + 4 = 32 for each gate; the peepholes are three vectors of 4.
it.each([
  ["peephole", 4 * 32 + 12],
  ["minimal", 2 * 32],
  ["coupled", 3 * 32],
])("opens, counts and changes %s, and keeps it through a file", async (id, count) => {
  const session = new Session();
  const { model } = await open(session, codeOf(id));
  expect(model!.layers.find(({ name }) => name === id)!.count.result).toBe(count);
  expect(model!.cells.length).toBe(1);
  const outline = (await session.outline())!;
  expect(outline.layers[0]!.options.find(({ name }) => name === "units")!.value).toBe("4");
  const fromFile = await open(new Session(), await bytesOf(session.need(), "keras"), "own.keras");
  expect([fromFile.model!.hasWeights, fromFile.model!.total.result]).toEqual([true, count + 5]);
  const changed = await session.changed({ kind: "option", layer: id, path: "units", value: "2" });
  // A gate of 2 units: 2 × (2 + 3) + 2 = 12; a vector: 2; and the Dense has 3.
  const gates = (count - (id === "peephole" ? 12 : 0)) / 32;
  expect((await open(session, changed)).model!.total.result).toBe(gates * 12 + (id === "peephole" ? 6 : 0) + 3);
});

it("puts such a cell into a stack that was code", async () => {
  const session = new Session();
  await open(session, "model = Sequential([Input((6, 3)), LSTM(4, return_sequences=True), Dense(1)])");
  const code = await session.changed({ kind: "add", className: "MinimalGatedUnit", at: 1 });
  const { model } = await open(session, code);
  // 2 × [4 × (4 + 4) + 4] = 72 behind the LSTM's 128, and 5.
  expect(model!.total.result).toBe(128 + 72 + 5);
});
