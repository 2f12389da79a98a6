/** What goes into a model, read from the arguments of an Input or of a first layer, and the tensor that stands for it. */
import { axesOf } from "./array-shapes.ts";
import { GraphNode, type InputSpec, KerasLayer, SymbolicTensor } from "./keras-graph.ts";
import type { Runtime } from "./runtime.ts";
import { Unknown } from "./unknown.ts";
import { isObject, isSize, PyTuple, type Value } from "./values.ts";

const RECURRENT = new Set(["SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU", "RNN", "Bidirectional"]);
/** Layers whose samples have a time axis, so that `input_dim` alone leaves the length open. */
const SEQUENCE_LAYERS = new Set([...RECURRENT, "Conv1D", "TimeDistributed"]);

/** `InputLayer(batch_shape=(None, 10, 3))`: the layer with what its arguments say goes in. */
export function inputLayer(name: string, config: ReadonlyMap<string, Value>, rt: Runtime): KerasLayer {
  const whole = config.get("batch_shape") ?? config.get("batch_input_shape");
  const shape = config.get("shape") ?? config.get("input_shape");
  const dtypeName = config.get("dtype");
  const dtype =
    typeof dtypeName === "string"
      ? dtypeName
      : isObject(dtypeName) && dtypeName.kind === "module"
        ? dtypeName.path.split(".").at(-1)
        : undefined;
  const input =
    whole !== undefined ? specOfBatch(whole, dtype, rt) : specOf(shape, config.get("batch_size"), dtype, rt);
  return new KerasLayer({ className: "InputLayer", name, config: new Map(), at: rt.at, input });
}

function specOfBatch(value: Value, dtype: string | undefined, rt: Runtime): InputSpec {
  const axes = axesOf(value);
  if (axes === undefined) return { batch: null, axes: wholeShape(value, rt), dtype };
  return { batch: axes[0] ?? null, axes: axes.slice(1), dtype };
}

function specOf(shape: Value | undefined, batch: Value | undefined, dtype: string | undefined, rt: Runtime): InputSpec {
  const axes = shape === undefined ? undefined : axesOf(shape);
  const size = isSize(batch) ? batch : null;
  // A lone unknown may be a whole shape, as in `Input(shape=input_shape)`.
  if (axes === undefined || shape instanceof Unknown)
    return { batch: size, axes: wholeShape(shape ?? null, rt), dtype };
  return { batch: size, axes, dtype };
}

function wholeShape(value: Value, rt: Runtime): Unknown {
  return value instanceof Unknown
    ? value
    : rt.unknown("input_shape", "no input size that can be read is written in the code");
}

/** The tensor of an InputLayer; made once. */
export function tensorOfInput(layer: KerasLayer): SymbolicTensor {
  const known = layer.nodes[0]?.outputs[0];
  if (known !== undefined) return known;
  const node = new GraphNode(layer, [], new Map(), []);
  layer.nodes.push(node);
  const spec = layer.input;
  const shape = spec === undefined || spec.axes instanceof Unknown ? undefined : [spec.batch, ...spec.axes];
  const tensor = new SymbolicTensor(node, 0, shape, spec?.dtype);
  node.outputs.push(tensor);
  return tensor;
}

/** The input that a first layer's own arguments give: `input_shape`, `batch_input_shape`, `input_dim`, `input_length`. */
export function inputOfLayer(layer: KerasLayer, rt: Runtime, depth = 0): InputSpec | undefined {
  const given = layer.inputArguments;
  const dtype = layer.className === "Embedding" ? "int32" : undefined;
  const batch = given.get("batch_input_shape") ?? given.get("batch_shape");
  if (batch !== undefined) return specOfBatch(batch, dtype, rt);
  const shape = given.get("input_shape");
  if (shape !== undefined) return specOf(shape, given.get("batch_size"), dtype, rt);
  const length = given.get("input_length");
  const dim = given.get("input_dim");
  if (layer.className === "Embedding") {
    if (length !== undefined)
      return specOf(
        axesOf(length) === undefined ? length : new PyTuple(axesOf(length)!),
        given.get("batch_size"),
        dtype,
        rt,
      );
    // Keras 2 takes sequences of any length; Keras 3 waits for data.
    return rt.session.version === "3" ? undefined : specOf(new PyTuple([null]), given.get("batch_size"), dtype, rt);
  }
  if (dim !== undefined) {
    const axes = SEQUENCE_LAYERS.has(layer.className) || length !== undefined ? [length ?? null, dim] : [dim];
    return specOf(new PyTuple(axes), given.get("batch_size"), dtype, rt);
  }
  const inner = layer.config.get("layer");
  return inner instanceof KerasLayer && depth < 8 ? inputOfLayer(inner, rt, depth + 1) : undefined;
}
