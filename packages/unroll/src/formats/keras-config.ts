/**
 * Layers to and from Keras's serialized objects, `{ class_name, config }`: Keras 2's, Keras 3's and those of older files.
 * Only names and spellings are dealt with here; what an option means is in layers/. Models are in the files beside this one.
 */
import { display } from "../core/display.ts";
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { NamedFunction } from "../equations/expr.ts";
import { isLayerFunction, type LayerFunction } from "../layers/activations.ts";
import type { LayerType } from "../layers/contract.ts";
import type { Field, Fields } from "../layers/fields.ts";
import { Layer, layerTypes } from "../layers/index.ts";
import { standIn } from "../layers/stand-in.ts";
import { adaptConfig, ignoredKeys } from "./keras-drift.ts";

/** A Keras object as files hold it. */
export interface KerasObject {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly module?: string | null;
  readonly registered_name?: string | null;
  readonly name?: string;
  /** How the layer is wired, inside a functional model. */
  readonly inbound_nodes?: unknown;
  readonly build_config?: unknown;
  /** Equal for what is one object in several places. */
  readonly shared_object_id?: unknown;
  /** Of a layer that code calls for several models: which of its calls those in `inbound_nodes` are. Keras writes no such thing. */
  readonly call_numbers?: unknown;
}

/** Options of `layerFromConfig` and `modelFromConfig`. */
export interface KerasReadOptions {
  /** Version that wrote the file ("2.15.0"); it decides about defaults and hard_sigmoid's form. Left out: Keras 3. */
  readonly kerasVersion?: string | undefined;
  /** Keep the file's names (default); false: automatic names. */
  readonly keepNames?: boolean;
  /** The user's own layer types, by class name. */
  readonly customTypes?: ReadonlyMap<string, LayerType>;
  /** Reads layers inside layers; by default `layerFromConfig`, which knows no models. */
  readonly readLayer?: (object: KerasObject, options: KerasReadOptions) => Layer;
}

/**
 * Makes a layer of Keras's serialized object.
 *
 * @throws UnrollError `unknown-name` for a class that is not known, `unsupported` for one that carries code,
 * `option` for options that do not fit, `format` for something that is not a serialized layer.
 * @example layerFromConfig({ class_name: "LSTM", config: { units: 4, return_sequences: true } })
 */
export function layerFromConfig(object: KerasObject, options: KerasReadOptions = {}): Layer {
  const { className, config } = readObject(object);
  const adapted =
    object.module === standInModule ? { className, config } : adaptConfig(className, config, options.kerasVersion);
  const type: LayerType = object.module === standInModule ? standIn(className) : findType(adapted.className, options);
  const where = typeof config.name === "string" ? config.name : adapted.className;
  if (object.module === standInModule && config.output_shapes === undefined)
    throw unknownSizes(className, config, where);
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(adapted.config)) {
    const name = camelCase(key);
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined && ignoredKeys.has(key)) continue;
    if (field === undefined) throw unknownKey(type, key, value, where);
    const read = readValue(field, value, where, key, options);
    if (read !== undefined) given[name] = read;
  }
  return new Layer(type, given, {
    name: options.keepNames === false || typeof config.name !== "string" ? undefined : config.name,
    trainable: typeof config.trainable === "boolean" ? config.trainable : undefined,
    batchInputShape: inputShapeOf(config),
    printedClass: fusedClasses.has(className) ? className : ownClassOf(object),
  });
}

/** The class of the code's own that is this layer with options chosen; the reader of code writes it. */
function ownClassOf({ module, class_name, registered_name }: KerasObject): string | undefined {
  if (module !== "keras.layers" || typeof registered_name !== "string") return undefined;
  // It is printed as it stands: nothing but a name may get there from a file.
  const isClass = /^[\p{L}\p{N}_]{1,200}$/u.test(registered_name) && registered_name !== class_name;
  return isClass ? registered_name : undefined;
}

function readObject(object: KerasObject): { className: string; config: Readonly<Record<string, unknown>> } {
  if (typeof object !== "object" || object === null || typeof object.class_name !== "string") {
    throw new UnrollError({
      code: "format",
      path: "layerFromConfig",
      expected: "a layer must be an object with class_name and config",
      received: `object = ${display(object)}`,
      hint: "Pass what Keras's layer.get_config() or model.to_json() gives, with its class_name.",
    });
  }
  if (typeof object.config !== "object" || object.config === null) {
    throw new UnrollError({
      code: "format",
      path: object.class_name,
      expected: "config must be an object with the layer's options",
      received: `config = ${display(object.config)}`,
    });
  }
  return { className: object.class_name, config: object.config };
}

/** Classes of Keras 2 that today's layers replace under another name: a summary keeps the old one. */
const fusedClasses: ReadonlySet<string> = new Set(["CuDNNLSTM", "CuDNNGRU"]);

/** The module under which the reader of code writes a layer that has sizes only. */
export const standInModule = "unroll.stand_in";

/** Classes whose config holds code: they are never run. */
const executable: ReadonlySet<string> = new Set(["Lambda"]);

function findType(className: string, { customTypes }: KerasReadOptions): LayerType {
  // Custom layers are saved as "package>Class".
  const plain = className.slice(className.lastIndexOf(">") + 1);
  const type = customTypes?.get(className) ?? customTypes?.get(plain) ?? layerTypes.get(plain);
  if (type !== undefined) return type;
  if (executable.has(plain)) {
    throw new UnrollError({
      code: "unsupported",
      path: className,
      expected: "a layer that holds Python code cannot be read: files are data here, nothing in them is executed",
      hint: "Write the function as layers (activation, rescaling, multiply ...) and save the model again.",
    });
  }
  throw new UnrollError({
    code: "unknown-name",
    path: "layerFromConfig",
    expected: "the layer's class must be a known one",
    received: `class_name = ${className}`,
    hint:
      didYouMean(plain, layerTypes.keys()) ?? "Define it with defineLayer or defineCell and pass it in customTypes.",
  });
}

/** Of a layer of which the reader of code knows no output. */
function unknownSizes(className: string, { params, reason }: KerasObject["config"], where: string): UnrollError {
  const [what, names] =
    params === undefined
      ? [`how many numbers this ${className} has and what it gives are`, `${where}.params and ${where}.output_shape`]
      : [`the shape that this ${className} gives is`, `${where}.output_shape`];
  return new UnrollError({
    code: "unsupported",
    path: where,
    expected: `${what} not known${typeof reason === "string" ? `: ${reason}` : ""}`,
    hint: `Set ${names}, or give a notebook with the table that model.summary() prints.`,
  });
}

function unknownKey(type: LayerType, key: string, value: unknown, where: string): UnrollError {
  return new UnrollError({
    code: "unknown-name",
    path: where,
    expected: `${type.className} has no option named ${key}`,
    received: `${key} = ${display(value)}`,
    hint: didYouMean(key, Object.keys(type.fields).map(snakeCaseKey)),
  });
}

/** A value as the layer's field takes it; undefined = leave the default. */
function readValue(field: Field, value: unknown, where: string, key: string, options: KerasReadOptions): unknown {
  if (value === undefined) return undefined;
  switch (field.kind) {
    case "activation":
      return readActivation(value, where, key, options);
    case "initializer":
      return value === null ? undefined : readSpec(value);
    case "regularizer":
    case "constraint":
      return readSpec(value);
    case "layer":
      // RNN takes a list of cells too; what no field takes as a list its own check refuses.
      if (Array.isArray(value)) return value.map((entry) => (options.readLayer ?? layerFromConfig)(entry, options));
      return value === null ? null : (options.readLayer ?? layerFromConfig)(value as KerasObject, options); // readObject checks it
    case "layers":
      return Array.isArray(value)
        ? value.map((entry) => (options.readLayer ?? layerFromConfig)(entry, options))
        : value;
    case "integers":
      return Array.isArray(value) && value.length === 0 ? undefined : value;
    default:
      return value;
  }
}

/** A name, or a layer that is a function; Keras 3 also writes functions as objects. */
function readActivation(value: unknown, where: string, key: string, options: KerasReadOptions): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { class_name: className, config } = value as { class_name?: unknown; config?: unknown };
  if (typeof config === "string") return config;
  if (className === "function" || className === "Lambda" || typeof className !== "string") {
    throw new UnrollError({
      code: "unsupported",
      path: where,
      expected: `${key} must be the name of an activation`,
      received: `${key} = ${display(className ?? value)}`,
    });
  }
  if (className === "Activation" && typeof config === "object" && config !== null && "activation" in config) {
    return config.activation;
  }
  const type = options.customTypes?.get(className) ?? layerTypes.get(className);
  return type?.functionOf !== undefined ? layerFromConfig(value as KerasObject, options) : className; // it has a class_name, just seen
}

/** Initializers, regularizers and constraints: a name, or `{ class_name, config }`. */
function readSpec(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { class_name: className, config } = value as { class_name?: unknown; config?: unknown };
  const own: Record<string, unknown> = {};
  if (typeof config === "object" && config !== null) {
    for (const [key, entry] of Object.entries(config)) own[camelCase(key)] = entry;
  } else if (typeof config === "string") {
    return config;
  }
  return { className, config: own };
}

/** The first layer of a sequential model may say its input's shape. */
function inputShapeOf(config: Readonly<Record<string, unknown>>): Shape | undefined {
  const whole = config.batch_input_shape ?? config.batch_shape;
  if (Array.isArray(whole)) return whole;
  if (Array.isArray(config.input_shape)) return [null, ...config.input_shape];
  return undefined;
}

/**
 * A layer as Keras 3 writes it; `layerFromConfig` reads it back to an equal layer.
 *
 * @param writeInner writes layers inside the layer; by default as this does, which knows no models
 * @throws UnrollError `unsupported` for a layer of which only the sizes are known
 * @example layerToConfig(layers.dense({ units: 2 })).config.use_bias // true
 */
export function layerToConfig(layer: Layer, writeInner: (inner: Layer) => KerasObject = layerToConfig): KerasObject {
  if (layer.type.sizesOnly === true) {
    throw new UnrollError({
      code: "unsupported",
      path: layer.name,
      expected: `what this ${layer.className} computes is not known, so it cannot be written`,
      hint: "Write it as layers, or define it with defineLayer.",
    });
  }
  const config: Record<string, unknown> = {
    name: layer.name,
    ...(withoutTrainable.has(layer.className) ? {} : { trainable: layer.trainable }),
    dtype: { module: "keras", class_name: "DTypePolicy", config: { name: "float32" }, registered_name: null },
  };
  for (const [name, field] of Object.entries(layer.type.fields as Fields)) {
    if ((field.ignored || field.beyondKeras) && layer.config[name] === field.default) continue;
    const value = writeValue(field, layer.config[name], writeInner);
    if (value !== undefined) config[snakeCaseKey(name)] = value;
  }
  return { module: "keras.layers", class_name: layer.className, config, registered_name: null };
}

/** Layers whose constructor in Keras 3 takes no `trainable`. */
const withoutTrainable: ReadonlySet<string> = new Set(["SpatialDropout1D", "SpatialDropout2D"]);

function writeValue(field: Field, value: unknown, writeInner: (inner: Layer) => KerasObject): unknown {
  if (value === null || value === undefined) return value;
  switch (field.kind) {
    case "activation":
      if (isLayerFunction(value)) return writeInner(layerOfFunction(value));
      return typeof value === "string" ? value : (value as NamedFunction).name;
    case "initializer":
      return writeSpec(value, "keras.initializers");
    case "regularizer":
      return writeSpec(value, "keras.regularizers");
    case "constraint":
      return writeSpec(value, "keras.constraints");
    case "layer":
      return writeInner(value as Layer); // the field's check has seen to it
    case "layers":
      return (value as readonly Layer[]).map((inner) => writeInner(inner)); // the field's check has seen to it
    default:
      return value;
  }
}

function writeSpec(value: unknown, module: string): unknown {
  const { className, config } = value as { className: string; config: Readonly<Record<string, unknown>> };
  const own = Object.fromEntries(Object.entries(config).map(([key, entry]) => [snakeCaseKey(key), entry]));
  return { module, class_name: className, config: own, registered_name: null };
}

/** The layer as which a function was given. */
export function layerOfFunction({ name, layer: { type, config } }: LayerFunction): Layer {
  return new Layer(type as LayerType, config, { name }); // a layer was given, so the type is a layer's
}

/** `return_sequences` → `returnSequences`. */
export function camelCase(key: string): string {
  return key.replaceAll(/_([a-z0-9])/g, (_, next: string) => next.toUpperCase());
}

/** `returnSequences` → `return_sequences`. */
export function snakeCaseKey(name: string): string {
  return name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
