/**
 * The rows of a model that cannot be built because code leaves a size open: each layer as far as its own options go, so that
 * everything below the open size is still counted.
 */
import { UnrollError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { layerFromConfig } from "../formats/keras-config.ts";
import { isKerasObject } from "../formats/keras-objects.ts";
import type { CodeModel } from "../formats/python/index.ts";
import { isShape } from "../layers/inputs.ts";
import type { SummaryJson } from "../model/summary-table.ts";

type Row = SummaryJson["layers"][number];

/** Rows in the order of the code; `null` for what is not known. */
export function partialRows(code: CodeModel | undefined): Row[] {
  const { layers } = (code?.config.config ?? {}) as { layers?: unknown };
  if (!Array.isArray(layers)) return [];
  const isStack = code?.config.class_name === "Sequential";
  let shape: Shape | undefined;
  return layers.filter(isKerasObject).flatMap((object) => {
    const config = object.config as Readonly<Record<string, unknown>>; // of a serialized layer
    const name = typeof config.name === "string" ? config.name : "?";
    const given = config.batch_shape ?? config.batch_input_shape;
    if (Array.isArray(given)) shape = given;
    if (object.class_name === "InputLayer" && isStack) return [];
    const row = isStack
      ? rowOf(object, name, shape)
      : { name, type: object.class_name, outputShape: null, params: null };
    shape = row.outputShape !== null && isShape(row.outputShape) ? row.outputShape : undefined;
    return [row];
  });
}

function rowOf(object: Parameters<typeof layerFromConfig>[0], name: string, input: Shape | undefined): Row {
  const row = { name, type: object.class_name, outputShape: null, params: null };
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      if (error instanceof UnrollError) return null;
      throw error;
    }
  };
  const layer = attempt(() => layerFromConfig(object));
  if (layer === null || input === undefined) return row;
  const params = attempt(() => {
    layer.build(input);
    return layer.countParams();
  });
  const shapes = attempt(() => layer.outputShapes([input]));
  return { ...row, params, outputShape: shapes === null ? null : shapes.length === 1 ? shapes[0]! : shapes };
}
