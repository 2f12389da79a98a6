/** One entry of `inbound_nodes`, in Keras 2's and Keras 3's spelling. Forms only; keras-graph.ts connects them. */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { isRecord } from "./keras-objects.ts";

/** `[layer, call, output]` */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

export interface CallData {
  readonly inputs: readonly Reference[];
  readonly initialStates: readonly Reference[];
  /** Given for this call alone. */
  readonly training: boolean | undefined;
}

/** Arguments of a call that carry more inputs, in this order. */
const inputArguments = ["query", "value", "key", "inputs", "sequences"];

/**
 * @param takesStates a recurrent layer: what comes behind the first input are states
 * @param takesNumbers an operation, which may read plain numbers too
 * @throws UnrollError `format`, or `unsupported` for an argument that is not known
 */
export function readCall(
  node: unknown,
  takesStates: boolean,
  keras2: boolean,
  path: string,
  takesNumbers = false,
): CallData {
  const { args, kwargs } = isRecord(node) ? readArguments(node, path) : readNestedLists(node, path);
  const tensors = args.flatMap((arg) => {
    const found = readReferences(arg);
    if (found !== undefined) return found;
    if (arg === null || takesNumbers) return [];
    throw formatError(path, "arguments of a call must be tensors", `argument = ${display(arg)}`);
  });
  const states: Reference[] = [];
  for (const name of inputArguments) tensors.push(...(readReferences(kwargs[name]) ?? []));
  for (const [name, value] of Object.entries(kwargs)) {
    if (name === "initial_state") states.push(...(readReferences(value) ?? []));
    else if (!silent.has(name) && !inputArguments.includes(name) && means(value)) {
      throw new UnrollError({
        code: "unsupported",
        path,
        expected: `this layer's call has an argument that cannot be read: ${name}`,
        received: `${name} = ${display(value)}`,
      });
    }
  }
  if (tensors.length === 0) throw formatError(path, "a call needs an input", `node = ${display(node)}`);
  return {
    inputs: takesStates ? tensors.slice(0, 1) : tensors,
    initialStates: takesStates ? [...tensors.slice(1), ...states] : states,
    // Keras 3 writes down how the call happened to run last; only Keras 2's word is the user's.
    training: keras2 && typeof kwargs.training === "boolean" ? kwargs.training : undefined,
  };
}

/** Arguments that follow from the graph, or that do not matter. */
const silent: ReadonlySet<string> = new Set(["mask", "training", "name", "query_mask", "value_mask", "key_mask"]);

function means(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false;
}

interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

function readArguments(node: Readonly<Record<string, unknown>>, path: string): Arguments {
  const { args = [], kwargs = {} } = node;
  if (Array.isArray(args) && isRecord(kwargs)) return { args, kwargs };
  throw formatError(path, "a call must have args and kwargs", `node = ${display(node)}`);
}

/** Keras 2: `[["layer", 0, 0, {kwargs}], ...]`, or a single `["layer", 0, 0, {kwargs}]`. */
function readNestedLists(node: unknown, path: string): Arguments {
  const list = Array.isArray(node) && typeof node[0] === "string" ? [node] : node;
  if (!Array.isArray(list)) throw formatError(path, "a call must be a list of [layer, call, output]", display(node));
  const kwargs: Record<string, unknown> = {};
  for (const entry of list) if (Array.isArray(entry) && isRecord(entry[3])) Object.assign(kwargs, entry[3]);
  return { args: list, kwargs };
}

/**
 * The tensors that a value names, lists and objects flattened; undefined when it names none. Understands
 * `{ class_name: "__keras_tensor__", config: { keras_history } }` and `["layer", call, output]`.
 */
export function readReferences(value: unknown, depth = 0): Reference[] | undefined {
  if (depth > 8) return undefined;
  if (isRecord(value)) {
    if (value.class_name === "__keras_tensor__") {
      return isRecord(value.config) ? readReferences(value.config.keras_history) : undefined;
    }
    // Keras takes the entries of a dictionary by their keys, whatever their order.
    const keys = Object.keys(value).sort();
    return flattened(
      keys.map((key) => value[key]),
      depth,
    );
  }
  if (!Array.isArray(value)) return undefined;
  const [layer, call, output] = value as unknown[];
  if (typeof layer !== "string") return flattened(value, depth);
  return isIndex(call) && isIndex(output) ? [{ layer, call, output }] : undefined;
}

function flattened(values: readonly unknown[], depth: number): Reference[] | undefined {
  const found: Reference[] = [];
  for (const value of values) {
    const inner = readReferences(value, depth + 1);
    if (inner === undefined) return undefined;
    found.push(...inner);
  }
  return found;
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function formatError(path: string, expected: string, received: string): UnrollError {
  return new UnrollError({ code: "format", path, expected, received });
}
