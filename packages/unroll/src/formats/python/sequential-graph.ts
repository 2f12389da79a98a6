/** The tensors inside of a Sequential, which its layers are called on only where somebody asks for them. */
import { KerasLayer, type KerasModel, type SymbolicTensor } from "./keras-graph.ts";
import { tensorOfInput } from "./keras-inputs.ts";
import type { Runtime } from "./runtime.ts";
import { tensorsIn } from "./tensors-in.ts";

/** The graph of a Sequential, for code that asks for its `input`, `output` or a layer's output; undefined before its input is known. */
export function tensorsOfSequential(model: KerasModel, rt: Runtime): KerasModel["graph"] {
  if (model.graph?.layers === model.layers.length) return model.graph;
  if (model.input === undefined) return undefined;
  const layer = new KerasLayer({
    className: "InputLayer",
    name: model.inputName ?? `${model.layers[0]?.name ?? model.name}_input`,
    config: new Map(),
    at: model.at,
    input: model.input,
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
  model.graph = { layers: model.layers.length, input, outputs };
  return model.graph;
}
