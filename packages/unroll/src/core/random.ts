/**
 * Seeded random numbers: xoshiro128++ filled from a SplitMix32 of the seed.
 * The stream is ours and stable: the same seed gives the same bits in Node and in browsers. It is not NumPy's or Keras's stream.
 */

/** The four 32-bit words of a generator; JSON-safe, for checkpoints and links. */
export type RandomState = readonly [number, number, number, number];

/** Words that `Random` draws at a time where it fills an array. */
const block = 1024;
/** Room for the words of a single number. */
const oneWord = new Int32Array(1);
const twoWords = new Int32Array(2);

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
    this.#draw(oneWord);
    return oneWord[0]! >>> 0;
  }

  /** Fills `words` with the next 32 bits each: one loop over local variables, which is what V8 does best before it has compiled it. */
  #draw(words: Int32Array): void {
    const state = this.#state;
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    for (let i = 0; i < words.length; i++) {
      const sum = (a + d) | 0;
      words[i] = ((sum << 7) | (sum >>> 25)) + a;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
  }

  /** Uniform in [low, high), 53 random bits. */
  uniform(low = 0, high = 1): number {
    this.#draw(twoWords);
    return low + (high - low) * fraction(twoWords[0]!, twoWords[1]!);
  }

  /** As so many calls of `uniform`. */
  fillUniform(numbers: Float32Array | Float64Array, low = 0, high = 1): void {
    for (let start = 0; start < numbers.length; start += block / 2) {
      const count = Math.min(block / 2, numbers.length - start);
      const words = new Int32Array(2 * count);
      this.#draw(words);
      for (let i = 0; i < count; i++) {
        numbers[start + i] = low + (high - low) * fraction(words[2 * i]!, words[2 * i + 1]!);
      }
    }
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

  /** As so many calls of `normal`. */
  fillNormal(numbers: Float32Array | Float64Array, mean = 0, deviation = 1): void {
    let next = 0;
    if (this.#spareNormal !== undefined && numbers.length > 0) numbers[next++] = this.normal(mean, deviation);
    while (next + 1 < numbers.length) {
      const pairs = Math.min(block / 4, (numbers.length - next) >> 1);
      const words = new Int32Array(4 * pairs);
      this.#draw(words);
      for (let i = 0; i < words.length; i += 4) {
        const radius = Math.sqrt(-2 * Math.log(1 - fraction(words[i]!, words[i + 1]!)));
        const angle = 2 * Math.PI * fraction(words[i + 2]!, words[i + 3]!);
        numbers[next++] = mean + deviation * radius * Math.cos(angle);
        numbers[next++] = mean + deviation * (radius * Math.sin(angle));
      }
    }
    if (next < numbers.length) numbers[next] = this.normal(mean, deviation);
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

/** 53 of two words' bits, as a number in [0, 1). */
function fraction(upper: number, lower: number): number {
  return ((upper >>> 5) * 67108864 + (lower >>> 6)) / 9007199254740992;
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
