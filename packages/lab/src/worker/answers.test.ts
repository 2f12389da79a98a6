import { expect, it } from "vitest";
import { checkText } from "./answers.ts";
import { Session } from "./session.ts";

const slipsOf = (session: Session, layer: string, answer: string): string[] =>
  checkText(session.need(), layer, answer, session.before).findings.flatMap(({ slips }) =>
    slips.map(({ title, detail }) => `${title}: ${detail}`),
  );

it("knows the sizes of the models that were open before: a Dense fed with one of them", async () => {
  const session = new Session();
  const open = (layers: string) => session.open({ source: `model = Sequential([${layers}])`, seed: 7 });
  await open("Input((30, 5)), GRU(4), Dense(1)");
  await open("Input((30, 7)), SimpleRNN(25), Dense(1)");
  // 25 + 1 = 26; with the 4 units of the GRU before 5.
  expect(slipsOf(session, "dense", "5")[0]).toBe(
    "the number of features is that of another place: 4 is the units of gru in a model before; this layer reads 25 features.",
  );
});

it("takes a model whose options change for the same one", async () => {
  const session = new Session();
  const open = (units: number) =>
    session.open({ source: `model = Sequential([Input((30, 5)), GRU(${units}), Dense(1)])`, seed: 7 });
  for (const units of [4, 5, 6]) await open(units);
  expect(session.before).toEqual([]);
});
