/** What the parts of the interpreter hand to each other: the state of the run, and the libraries by path. */
import type { KerasLayer, KerasModel } from "./keras-graph.ts";
import type { Runtime } from "./runtime.ts";
import type { ShapeRules } from "./serialize.ts";
import type { CallArguments, KerasClass, ModuleValue, Value } from "./values.ts";

/** What making and calling layers takes. */
export interface KerasBuilder {
  readonly rt: Runtime;
  readonly rules: ShapeRules;
  /** Every model made, in order. */
  readonly models: KerasModel[];
}

export interface Machine extends KerasBuilder {
  /** What a full path in a library stands for: `keras.layers.LSTM`, `numpy.zeros`. */
  readonly library: (path: string) => Value;
  /** Models that the code has saved, by path, for when it loads them again. */
  readonly saved: Map<string, KerasModel>;
  /** Calls what a library gives: a class, a layer or model on tensors, or a function that is not modelled. */
  readonly callLibrary: (callee: KerasClass | KerasLayer | KerasModel | ModuleValue, args: CallArguments) => Value;
}
