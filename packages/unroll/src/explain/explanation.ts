/**
 * What `model.explain()` gives: for every layer where its count and its output shape come from, and its equations. Data;
 * explain.ts makes it, explanation-*.ts write it out.
 */
import type { ShownEquations } from "../cells/equations.ts";
import type { Shape } from "../core/shape.ts";
import type { Derivation, ShapeDerivation } from "../equations/derive.ts";

export interface LayerExplanation {
  readonly name: string;
  /** Keras's class name. */
  readonly className: string;
  /** What the layer type does, in one sentence. */
  readonly does: string;
  /** What it reads: the name of the layer or input before, and its shape. */
  readonly inputs: readonly { readonly from: string; readonly shape: Shape }[];
  readonly count: Derivation;
  /** How many of the parameters training leaves alone. */
  readonly nonTrainable: number;
  /** One for each output. */
  readonly outputs: readonly ShapeDerivation[];
  /** The equations of one timestep, for a layer that runs a cell. */
  readonly equations: ShownEquations | undefined;
  /** Facts that a reader may stumble over, each a sentence. */
  readonly remarks: readonly string[];
  /** Layers inside this one: both directions of Bidirectional, the layers of a nested model. */
  readonly inside: readonly LayerExplanation[];
}

/** The explanation of a whole model, in the order of its summary. */
export interface Explanation {
  readonly name: string;
  readonly layers: readonly LayerExplanation[];
  /** The sum over layers. */
  readonly total: Derivation;
  readonly nonTrainable: number;
}
