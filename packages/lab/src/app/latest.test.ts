import { expect, it } from "vitest";
import { latest } from "./latest.ts";

it("asks one question at a time, and again for what is wanted by then", async () => {
  let wanted = 1;
  const asked: number[] = [];
  const answers: ((answer: string | undefined) => void)[] = [];
  const taken: [string, number][] = [];
  const ask = latest(
    () => [wanted] as const,
    ([one]) => {
      asked.push(one);
      return new Promise<string | undefined>((resolve) => answers.push(resolve));
    },
    (answer, [one]) => taken.push([answer, one]),
  );
  const done = ask();
  await ask();
  wanted = 3;
  expect(asked).toEqual([1]);
  answers[0]!("one");
  await Promise.resolve();
  await Promise.resolve();
  expect(asked).toEqual([1, 3]);
  answers[1]!("three");
  await done;
  expect(taken).toEqual([
    ["one", 1],
    ["three", 3],
  ]);
});

it("ends where there is no answer, and can be asked again", async () => {
  let count = 0;
  const ask = latest(
    () => [count],
    async () => {
      count += 1;
      return undefined;
    },
    () => {
      throw new Error("nothing to take");
    },
  );
  await ask();
  await ask();
  expect(count).toBe(2);
});
