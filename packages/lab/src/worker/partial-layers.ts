/** The layers of a model that could not be built, as far as the code tells their shapes and counts. */
import { partialRows } from "unroll/cli/partial-summary.ts";
import type { CodeModel } from "unroll/formats/python/index.ts";
import { isShape } from "unroll/layers/inputs.ts";
import type { PartialLayer } from "./protocol.ts";

export function partialLayers(code: CodeModel): PartialLayer[] {
  return partialRows(code).map(({ name, type, outputShape, params }) => ({
    name,
    className: type,
    shape: outputShape === null || !isShape(outputShape) ? undefined : outputShape,
    count: params,
  }));
}
