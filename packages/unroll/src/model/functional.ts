/** Models of any graph: several inputs and outputs, shared layers, models inside models. */
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { automaticName } from "../layers/naming.ts";
import { SymbolicTensor } from "../layers/symbolic.ts";
import { Graph, type GraphOptions } from "./graph.ts";
import { Model } from "./model.ts";

/** Options of `model`. */
export interface ModelOptions<Out> {
  /** From `input(...)`; a list for several. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: Out;
  readonly name?: string | undefined;
  readonly trainable?: boolean;
}

type IsMany<Out> = Out extends SymbolicTensor
  ? false
  : Out extends readonly [SymbolicTensor]
    ? false
    : Out extends readonly [SymbolicTensor, SymbolicTensor, ...SymbolicTensor[]]
      ? true
      : boolean;

/**
 * A model of the layers between `inputs` and `outputs`.
 *
 * @throws UnrollError `graph` when an output does not come from the inputs, two layers have one name, or an input is not
 * from `input(...)`.
 * @example
 * const x = input({ shape: [30, 5] });
 * const y = layers.dense({ units: 1 }).apply(layers.gru({ units: 4 }).apply(x));
 * const net = model({ inputs: x, outputs: y });
 */
export function model<const Out extends SymbolicTensor | readonly SymbolicTensor[]>(
  options: ModelOptions<Out>,
  graphOptions: GraphOptions = {},
): Model<IsMany<Out>> {
  const name = options.name ?? automaticName("functional");
  const inputs = tensorsOf(options.inputs, "inputs", name);
  const outputs = tensorsOf(options.outputs, "outputs", name);
  const other = inputs.find(({ node }) => node.inputs.length > 0);
  if (other !== undefined) {
    throw new UnrollError({
      code: "graph",
      path: name,
      expected: "inputs of a model must come from input(...)",
      received: `an output of ${other.node.layer.name}`,
      hint: "Make a new input({ shape }) and apply the layers to it; they keep their weights.",
    });
  }
  const graph = new Graph(inputs, outputs, name, graphOptions);
  const made = new Model<IsMany<Out>>("Functional", { layers: graph.layers, graph }, name, options.trainable);
  // All layers are built: the generator is not drawn from.
  made.build(
    inputs.map(({ shape }) => shape),
    new Random(0),
  );
  return made;
}

function tensorsOf(
  given: SymbolicTensor | readonly SymbolicTensor[],
  option: string,
  name: string,
): readonly SymbolicTensor[] {
  const list = given instanceof SymbolicTensor ? [given] : given;
  const good = Array.isArray(list) && list.length > 0 && list.every((entry) => entry instanceof SymbolicTensor);
  if (good && (option === "outputs" || new Set(list).size === list.length)) return list;
  throw new UnrollError({
    code: "graph",
    path: name,
    expected: `${option} must be symbolic tensors`,
    received: Array.isArray(list) ? `a list of ${list.length}` : typeof list,
    hint: "They come from input(...) and from applying layers to one another.",
  });
}
