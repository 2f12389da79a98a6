/**
 * Checks of options, shared by the files of this folder. They only look and throw; nothing is converted here.
 */
import { didYouMean, UnrollError } from "../core/index.ts";

/** Throws `option` unless `value` is a whole number of at least `least`. */
export function checkWhole(path: string, name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: `${name} must be a whole number, ${least} or more`,
    received: `${name} = ${value}`,
  });
}

/** Throws `option` unless `value` is one of `choices`. */
export function checkChoice(path: string, name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: `${name} must be one of ${choices.join(", ")}`,
    received: `${name} = ${value}`,
    hint: didYouMean(String(value), choices),
  });
}

/** Throws `data` unless two lengths agree. */
export function checkSameLength(path: string, what: string, expected: number, received: number): void {
  if (expected === received) return;
  throw new UnrollError({
    code: "data",
    path,
    expected: `${what} must have the same length`,
    received: `lengths = ${expected} and ${received}`,
  });
}

/** Most numbers in one array made here: 2 GiB of float32. */
const MOST_ELEMENTS = 2 ** 29;

/** Throws `memory` before an array of that many numbers is made. */
export function checkElements(path: string, count: number): void {
  if (count <= MOST_ELEMENTS) return;
  throw new UnrollError({
    code: "memory",
    path,
    expected: `the result may hold at most ${MOST_ELEMENTS} numbers`,
    received: `${count} numbers`,
    hint: "Work on a part of the data at a time.",
  });
}
