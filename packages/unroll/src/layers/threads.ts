/** How many threads a prediction or a training step may use: the process-wide setting, its check, and what splits the work where it is there. What threads do is in compiler/threads/. */
import type { DividedProgram, DivideRequest, SplitProgram, SplitRequest } from "../compiler/index.ts";
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import type { Device } from "./device.ts";

/** More than any machine's use for one model's batch. */
const mostThreads = 64;

let threads = 1;

/**
 * Lets every prediction, training step and evaluation that names no `threads` use so many. 1 at first: threads cost memory (each
 * has a copy of the weights) and the start of a worker. Predictions are the same bits with any number. Training and evaluation
 * are the same bits whenever they have as many threads; with another number of them the last bits differ, for sums are added up
 * in another order.
 *
 * @throws UnrollError `option`
 * @example setThreads(4);
 */
export function setThreads(count: number): void {
  checkThreads(count);
  threads = count;
}

export function defaultThreads(): number {
  return threads;
}

/** @throws UnrollError `option` for anything but a whole number from 1 to 64. */
export function checkThreads(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= mostThreads) return;
  throw new UnrollError({
    code: "option",
    path: "threads",
    expected: `it must be a whole number from 1 to ${mostThreads}`,
    received: `threads = ${display(count)}`,
  });
}

/** What runs programs on several threads. */
export interface Splitter {
  /** Why everything runs on one thread here, or undefined. */
  refusal(): string | undefined;
  /** The program over several threads, or undefined where one is better or must do it alone. Throws UnrollError `unsupported`. */
  split(request: SplitRequest, device: Device): SplitProgram | undefined;
  /** The same of a program whose parts another program takes together. */
  divide(request: DivideRequest, device: Device): DividedProgram | undefined;
}

let provided: Splitter | undefined;

/** Fills in the splitter; layers/engines.ts calls it once. */
export function provideSplitter(splitter: Splitter): void {
  provided = splitter;
}

/** Undefined in the light entries of the library. */
export function splitter(): Splitter | undefined {
  return provided;
}

/** Why everything runs on one thread here, or undefined. */
export function threadsRefusal(): string | undefined {
  return provided === undefined ? "the light entries of the library have no threads, unroll has" : provided.refusal();
}
