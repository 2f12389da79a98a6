/** The way back through a run beside the one before the user's changes. */
import { expect, it } from "vitest";
import { backwardOf, openBack } from "./backward.ts";
import type { BackView, Edit } from "./protocol.ts";
import { Session } from "./session.ts";
import { Tracing } from "./tracing.ts";

const source =
  'model = Sequential([Input((4, 1)), SimpleRNN(1, activation="linear", use_bias=False, kernel_initializer="ones", recurrent_initializer=Constant(0.5))])';

async function backOf(edits: readonly Edit[]): Promise<BackView> {
  const session = new Session();
  await session.open({ source, seed: 7 });
  const model = await session.prepareTrace();
  const tracing = new Tracing();
  tracing.run(model, 7, edits, undefined);
  const { scan, outputShapes } = tracing.scanOf(0);
  return backwardOf(model, { seed: 7, edits }, scan, outputShapes);
}

const recurrent = (value: number): Edit => ({
  kind: "weight",
  run: 0,
  array: "recurrent_kernel",
  index: [0, 0],
  value,
});

it("keeps the gradients before the changes: of values, states, arrays, factors and the loss", async () => {
  const before = await backOf([]);
  expect(before.was).toBeUndefined();
  const after = await backOf([recurrent(0.25)]);
  const { was, target, equations, sentence, ...now } = after;
  expect([target, Object.keys(equations).length > 0, sentence !== ""]).toEqual([1, true, true]);
  const { was: _, target: __, equations: ___, sentence: ____, ...numbers } = before;
  expect(was).toEqual(numbers);
  expect(now.loss).not.toBe(numbers.loss);
  // h = x + U · h before: each step back multiplies by U.
  expect([...now.factors]).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect([...was!.factors]).toEqual([0.5, 0.5, 0.5, 0.5]);
  expect(was!.products[0]).toBeCloseTo(0.5 ** 4, 12);
});

it("opens a gradient with the same before the changes beside it", async () => {
  await backOf([]);
  const old = openBack("simple_rnn", 1, "h", 0);
  expect(old.was).toBeUndefined();
  await backOf([recurrent(0.25)]);
  const opened = openBack("simple_rnn", 1, "h", 0);
  expect(opened.was).toEqual(old);
  expect(opened.value).not.toBe(old.value);
});

it("has nothing before the changes where none of them fits a number", async () => {
  expect((await backOf([{ ...recurrent(2), index: [9, 9] } as Edit])).was).toBeUndefined();
});
