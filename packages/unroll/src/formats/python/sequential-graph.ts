/** The tensors inside of a Sequential, which its layers are called on only where somebody asks for them. */
import { type InputSpec, KerasLayer, type KerasModel, type SymbolicTensor } from "./keras-graph.ts";
import { tensorOfInput } from "./keras-inputs.ts";
import type { Runtime } from "./runtime.ts";
import { tensorsIn } from "./tensors-in.ts";

/** The graph of a Sequential, for code that asks for its `input`, `output` or a layer's output; undefined before its input is known. */
export function tensorsOfSequential(model: KerasModel, rt: Runtime): KerasModel["graph"] {
  if (model.graph?.layers === model.layers.length) return model.graph;
  // A layer of the code's own may hold the very model that it is in.
  if (model.input === undefined || model.opening) return undefined;
  model.opening = true;
  try {
    model.graph = callLayers(model, model.input, rt);
  } finally {
    model.opening = false;
  }
  return model.graph;
}

function callLayers(model: KerasModel, given: InputSpec, rt: Runtime): KerasModel["graph"] {
  const layer = new KerasLayer({
    className: "InputLayer",
    name: model.inputName ?? `${model.layers[0]?.name ?? model.name}_input`,
    config: new Map(),
    at: model.at,
    input: given,
  });
  const input = tensorOfInput(layer);
  const outputs: SymbolicTensor[] = [];
  for (const part of model.layers) {
    const current = outputs.at(-1) ?? input;
    const next = tensorsIn(
      // Not applyTo itself: a layer of the code's own may hold a Sequential, whose tensors its count then asks for here.
      rt.call(part, { positional: [current], keywords: new Map(), at: rt.at }),
    )[0];
    if (next === undefined) return undefined;
    outputs.push(next);
  }
  return { layers: model.layers.length, input, outputs };
}
