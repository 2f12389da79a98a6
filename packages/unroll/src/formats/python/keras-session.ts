/**
 * Names that Keras gives by itself, counted as one Python process does.
 * Keras 2 and 3 differ in inputs and functional models; standalone Keras before 2.4 starts at 1.
 */

import { snakeCase } from "../../layers/naming.ts";

/** Which counting rules hold; "2-standalone" is Keras without TensorFlow, up to 2.3. */
export type KerasVersion = "2-standalone" | "2" | "3";

/** Counters of automatic names for one process. */
export class KerasSession {
  readonly version: KerasVersion;
  /** True where it is TensorFlow 2's Keras or a later one for sure; a table of Keras 2 alone may also be an older one's. */
  readonly isTensorFlow2: boolean;
  readonly #counts = new Map<string, number>();

  constructor(version: KerasVersion, isTensorFlow2 = version === "3") {
    this.version = version;
    this.isTensorFlow2 = isTensorFlow2;
  }

  /** The next automatic name of a layer of this class. */
  layerName(className: string): string {
    if (className === "InputLayer") return this.inputName();
    return this.#next(snakeCase(className), this.version === "2-standalone" ? 1 : 0);
  }

  /** The next name of an operation on tensors, which Keras 2 lists by its path: `tf.math.multiply`, `tf.math.multiply_1`. */
  operationName(path: string): string {
    return this.#next(path, 0);
  }

  /** `input_1` in Keras 2, `input_layer` in Keras 3. */
  inputName(): string {
    return this.version === "3" ? this.#next("input_layer", 0) : this.#next("input", 1);
  }

  /** `sequential`, or `model` (Keras 2) and `functional` (Keras 3). */
  modelName(family: "Sequential" | "Functional"): string {
    if (family === "Sequential") return this.#next("sequential", this.version === "2-standalone" ? 1 : 0);
    if (this.version === "3") return this.#next("functional", 0);
    return this.#next("model", this.version === "2-standalone" ? 1 : 0);
  }

  /** Keras 3 makes a Functional model inside a Sequential each time it is built, which takes a number. */
  rebuildSequential(): void {
    if (this.version === "3") this.#next("functional", 0);
  }

  /** `keras.backend.clear_session()`. */
  clear(): void {
    this.#counts.clear();
  }

  /** The counters as they are, for `restore`. */
  remember(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }

  restore(counts: ReadonlyMap<string, number>): void {
    this.#counts.clear();
    for (const [base, count] of counts) this.#counts.set(base, count);
  }

  #next(base: string, first: 0 | 1): string {
    const count = this.#counts.get(base) ?? first;
    this.#counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  }
}
