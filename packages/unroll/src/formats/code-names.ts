/** What the values of a written model are called in code: a layer's result like the layer, what leads to it like both. */
import type { ModelProgram } from "../model/model.ts";
import { type Operation, valuesInOrder } from "../program/program.ts";

export interface Label {
  /** The layer that computes the value. */
  readonly layer: string;
  /** `dense`, `dense_product`, `masking_mask` */
  readonly label: string;
}

export function valueLabels({ program, calls, outputMasks }: ModelProgram): (operation: Operation) => Label {
  const labels = new Map<Operation, Label>();
  for (const { call, outputs, outputMasks: masks } of calls) {
    const layer = call.layer.name;
    for (const { operation } of outputs) if (!labels.has(operation)) labels.set(operation, { layer, label: layer });
    for (const mask of masks) {
      if (mask !== undefined && !labels.has(mask.operation))
        labels.set(mask.operation, { layer, label: `${layer}_mask` });
    }
  }
  const roots = [
    ...program.results,
    ...program.updates.map(({ value }) => value),
    ...outputMasks.filter((mask) => mask !== undefined),
  ];
  // What stands before a layer's result and is no other layer's belongs to the layer.
  let layer = "";
  for (const { operation } of [...valuesInOrder(roots)].reverse()) {
    const known = labels.get(operation);
    layer = known?.layer ?? layer;
    if (known === undefined)
      labels.set(operation, { layer, label: layer === "" ? operation.op : `${layer}_${operation.op}` });
  }
  return (operation) => labels.get(operation) ?? { layer: "", label: operation.op };
}
