/**
 * A variable: numbers of a model that outlive a run, such as a kernel, a moving mean, a stateful layer's state.
 * The newest numbers may lie in the memory of a running plan; reading `data` fetches them first.
 */
import { UnrollError } from "./errors.ts";
import { formatShape, sizeOf } from "./shape.ts";

/** Numbers of a model that outlive a run, such as a kernel or a state. */
export class Variable {
  /** Keras's name of the array within its layer: "kernel", "recurrent_kernel". */
  readonly name: string;
  readonly shape: readonly number[];
  trainable: boolean;
  #data: Float32Array | (() => Float32Array);
  #fetch: (() => void) | undefined;
  #version = 0;
  /** Counts assignments to any variable, so that a plan sees with one comparison that nothing changed. */
  static changes = 0;

  /** `data` may be a function that makes the numbers at the first read, so that a large model costs nothing before. */
  constructor(name: string, shape: readonly number[], data: Float32Array | (() => Float32Array), trainable = true) {
    this.name = name;
    this.shape = shape;
    this.#data = data;
    this.trainable = trainable;
  }

  /** The current numbers, row-major as Keras stores them. Do not write into it: use `assign`. */
  get data(): Float32Array {
    if (this.#fetch !== undefined) {
      const fetch = this.#fetch;
      this.#fetch = undefined;
      fetch();
    }
    if (typeof this.#data === "function") this.#data = this.#data();
    return this.#data;
  }

  /** Grows by one with each change. */
  get version(): number {
    return this.#version;
  }

  /**
   * Replaces the numbers.
   *
   * @throws UnrollError `weights` when the count differs.
   */
  assign(numbers: ArrayLike<number>): void {
    if (numbers.length !== sizeOf(this.shape)) throw this.#misfit(numbers);
    this.#fetch = undefined;
    if (typeof this.#data === "function") this.#data = Float32Array.from(numbers);
    else this.#data.set(numbers);
    this.#version++;
    Variable.changes++;
  }

  /**
   * Replaces the numbers by an array that the caller gives up: nothing is copied, as befits large files.
   *
   * @throws UnrollError `weights` when the count differs.
   */
  adopt(numbers: Float32Array): void {
    if (numbers.length !== sizeOf(this.shape)) throw this.#misfit(numbers);
    this.#fetch = undefined;
    this.#data = numbers;
    this.#version++;
    Variable.changes++;
  }

  /** Says that newer numbers lie elsewhere; `fetch` must call `assign` with them. It runs at the next read. */
  changedElsewhere(fetch: () => void): void {
    this.#fetch = fetch;
    this.#version++;
    Variable.changes++;
  }

  #misfit(numbers: ArrayLike<number>): UnrollError {
    return new UnrollError({
      code: "weights",
      path: this.name,
      expected: `needs ${sizeOf(this.shape)} numbers for shape ${formatShape(this.shape)}`,
      received: `${numbers.length} numbers`,
    });
  }
}
