/**
 * Seeded random numbers: xoshiro128++ filled from a SplitMix32 of the seed.
 * The stream is ours and stable: the same seed gives the same bits in Node and in browsers. It is not NumPy's or Keras's stream.
 */

/** The four 32-bit words of a generator; JSON-safe, for checkpoints and links. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded random numbers, the same everywhere. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021
 * (xoshiro128++ 1.0).
 */
export class Random {
  /** Kept signed: V8 makes an object of every unsigned number above 2^31. */
  readonly #state: Int32Array;
  #spareNormal: number | undefined;

  constructor(seed: number | RandomState) {
    this.#state = typeof seed === "number" ? expandSeed(seed) : Int32Array.from(seed);
  }

  /** Between 0 and 2^32 - 1. */
  nextUint32(): number {
    return this.#next() >>> 0;
  }

  /** The next 32 bits, as a signed number. */
  #next(): number {
    const s = this.#state;
    const sum = (s[0]! + s[3]!) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + s[0]!) | 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [low, high), 53 random bits. */
  uniform(low = 0, high = 1): number {
    const upper = this.#next() >>> 5;
    const lower = this.#next() >>> 6;
    return low + (high - low) * ((upper * 67108864 + lower) / 9007199254740992);
  }

  /** Normal by Box and Muller; two draws give two numbers, the second is kept. */
  normal(mean = 0, deviation = 1): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return mean + deviation * value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return mean + deviation * radius * Math.cos(angle);
  }

  /** Normal, redrawn while farther than two deviations from the mean. */
  truncatedNormal(mean = 0, deviation = 1): number {
    for (;;) {
      const value = this.normal();
      if (Math.abs(value) <= 2) return mean + deviation * value;
    }
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** The numbers 0 to count - 1 in random order (Fisher and Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }

  /** A generator of its own, seeded from this one: one for each layer, so that adding a layer does not move the others' numbers. */
  split(): Random {
    return new Random([this.nextUint32(), this.nextUint32(), this.nextUint32(), this.nextUint32() | 1]);
  }

  /** What to keep to go on later at the same place. A kept second normal is dropped, so save between whole draws of a tensor. */
  get state(): RandomState {
    this.#spareNormal = undefined;
    return Array.from(this.#state, (word) => word >>> 0) as unknown as RandomState; // four words
  }
}

function expandSeed(seed: number): Int32Array {
  let word = (Math.floor(seed) ^ Math.floor(seed / 4294967296)) >>> 0;
  return Int32Array.from({ length: 4 }, () => {
    word = (word + 0x9e3779b9) >>> 0;
    let mixed = word;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  });
}
