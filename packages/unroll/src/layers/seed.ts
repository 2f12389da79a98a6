/** Where random numbers come from when nobody names a generator: one stream for the process, which starts from a fixed seed. */
import { Random } from "../core/random.ts";

let stream = new Random(0);

/** Starts the stream anew; what is built and drawn afterwards depends only on `seed`. */
export function setSeed(seed: number): void {
  stream = new Random(seed);
}

/** A generator of its own from the stream. */
export function nextRandom(): Random {
  return stream.split();
}
