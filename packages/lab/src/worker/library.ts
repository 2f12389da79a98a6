/** What the worker takes from the library at once. Traces, readers of files and training are imported where they are needed. */
export type { CellGraph } from "unroll/cells/define.ts";
export { cellEquations } from "unroll/cells/equations.ts";
export { UnrollError } from "unroll/core/errors.ts";
export { Random } from "unroll/core/random.ts";
export { formatShape, type Shape } from "unroll/core/shape.ts";
export { type Tensor, tensor } from "unroll/core/tensor.ts";
export { derivationToLatex } from "unroll/equations/derivation-output.ts";
export type { Derivation } from "unroll/equations/derive.ts";
export { constant, type Expr, operandsOf } from "unroll/equations/expr.ts";
export { type Equation, type Notation, toMathML, toSentence, toText } from "unroll/equations/render.ts";
export { explainModel } from "unroll/explain/explain.ts";
export type { LayerExplanation } from "unroll/explain/explanation.ts";
export { Layer } from "unroll/layers/layer.ts";
export { setSeed } from "unroll/layers/seed.ts";

import "unroll/model/summaries.ts";

export type { Model } from "unroll/model/model.ts";
