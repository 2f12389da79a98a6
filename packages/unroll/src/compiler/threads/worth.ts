/** From which size on a part of a batch is worth a thread of its own. */
import type { Machine } from "../machine.ts";
import type { Plan } from "../plan.ts";

/**
 * Floating-point operations of about 30 µs, for each number that a vector has: handing a part over takes about 10. Wide vectors
 * do not help small layers as much, but there both ways are timed.
 */
const enoughForALane = 150_000;

/**
 * The same of about 100 µs, for parts whose results one program takes together: that takes time as well, and which way is quicker
 * may not decide here, for the bits would depend on it.
 */
const enoughOfAStepForALane = 500_000;

/** The same of the time, about 1 ns, in which a number is copied to a part's memory and one back, and is added up. */
const exchangeForALane = 15;

/** Floating-point operations that a part must have. */
export function enoughForAPart({ lanes }: Machine): number {
  return lanes * enoughForALane;
}

/**
 * The same where one program takes the results of the parts together.
 *
 * @param exchanged numbers that go to and from the part beside its examples: weights and their gradients
 */
export function enoughForAStep({ lanes }: Machine, exchanged: number): number {
  return lanes * (enoughOfAStepForALane + exchangeForALane * exchanged);
}

/** Of one run, without what only changed weights ask for. */
export function flopsOf({ kernels }: Plan): number {
  return kernels.reduce((sum, { kernel, prepared }) => sum + (prepared ? 0 : kernel.flops), 0);
}
