/** One number of the example opened on the way that it came: through layers without a cell, down to weights, inputs and outputs of cells. */

import type { ByHand, WrittenModel } from "unroll/explain/by-hand.ts";
import { openBehind } from "unroll/explain/open-behind.ts";
import type { Value } from "unroll/program/program.ts";
import type { Layer, Model } from "./library.ts";
import type { OpenedNode } from "./protocol.ts";

/** @param at the place in the value's row-major numbers of one example */
export function openNumber(
  model: Model,
  { written, hand }: { readonly written: WrittenModel; readonly hand: ByHand },
  value: Value,
  at: number,
): OpenedNode {
  const layers = model.layers.flatMap(withInside);
  const runs = written.layers.flatMap(({ scans }) => scans);
  const inputs = new Map(written.program.inputs.map((input, index) => [input, model.inputs[index]!.node.layer.name]));
  return openBehind(value, at, {
    numbersOf: (one) => hand.valueOf(one),
    nameOf: (one) => inputs.get(one),
    ownerOf(variable) {
      for (const { name, ownArrays } of layers) {
        const found = ownArrays.find((one) => one.variable === variable);
        if (found !== undefined) return { layer: name, array: found.spec.name };
      }
      return undefined;
    },
    layerOf: ({ scan }) => scan.cell.kind,
    openScan({ operation, result, shape }, place) {
      const run = runs.find(({ scan }) => scan === operation);
      if (run === undefined || run.perSample !== 1) return undefined;
      const { scan, name: layer } = run;
      const [timesteps, units] = [scan.input.shape[1]!, scan.units];
      const state = scan.cell.states[Math.max(0, result - 1)]!;
      const step = shape.length === 3 ? Math.floor(place / units) : timesteps - 1;
      const timestep = scan.backwards ? timesteps - 1 - step : step;
      return { kind: "name", name: state.name, unit: place % units, role: "value", place: { layer, timestep } };
    },
  });
}

function withInside(layer: Layer): Layer[] {
  return [layer, ...layer.children.flatMap(withInside)];
}
