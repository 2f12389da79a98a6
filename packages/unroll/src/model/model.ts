/**
 * What every model can do: count, weights, summary, predict. A model is itself a layer, so it can be applied to tensors and
 * stand inside another model. How it comes to its graph is in functional.ts and sequential.ts.
 */
import { checkOptionNames, didYouMean, UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import type { LayerArray } from "../layers/arrays.ts";
import { type DeviceStatus, defaultDevice, deviceStatus } from "../layers/device.ts";
import type { Result, SymbolicTensor } from "../layers/index.ts";
import { type ComputeOptions, Layer, type Outputs } from "../layers/layer.ts";
import { checkThreads, defaultThreads } from "../layers/threads.ts";
import { inputValue } from "../program/builder.ts";
import type { Program, Value } from "../program/program.ts";
import { type Abilities, ability, hasAbility, type TargetData } from "./abilities.ts";
import { type InputSpec, type ModelData, readData, refuseBatches } from "./data.ts";
import type { CallValues, Graph } from "./graph.ts";
import { graphOf, modelType, type Parts } from "./graph-type.ts";
import {
  type Intermediate,
  type ModelProgram,
  type PredictOptions,
  type ProgramOptions,
  predictOptions,
  type SummaryOptions,
  summaryOptions,
} from "./model-options.ts";
import { type DataRequest, Plans } from "./plan.ts";
import type { SummaryTable } from "./summary-table.ts";

export type { Intermediate, ModelProgram, PredictOptions, ProgramOptions, SummaryOptions };

/** The options that an ability takes behind the data. */
type Options<Name extends "trace" | "verify" | "solve"> = Parameters<Abilities[Name]>[2];
type TrainingOptions<
  Name extends "fit" | "evaluate" | "testOnBatch" | "trainOnBatch" | "gradients" | "traceGradients",
> = Parameters<Abilities[Name]>[3];

/** A model: predicts, trains, explains itself; also a layer that others can have inside. */
export class Model<Many extends boolean = boolean> extends Layer<Many> {
  readonly #parts: Parts;
  readonly #plans = new Plans();
  /** What the optimizer keeps beside the weights; the trainer sets it, the summary prints it. */
  optimizerSize: { readonly params: number; readonly bytes: number } | undefined;

  constructor(className: "Functional" | "Sequential", parts: Parts, name: string, trainable?: boolean) {
    super(modelType(className, parts), {}, { name, trainable });
    this.#parts = parts;
  }

  /** Layers in Keras's order; a sequential model's input layer is not among them. */
  get layers(): readonly Layer[] {
    return this.#parts.layers;
  }

  /** The calls between inputs and outputs. Throws UnrollError `unbuilt`. */
  get graph(): Graph {
    return graphOf(this.#parts, this.name);
  }

  get hasGraph(): boolean {
    return this.#parts.graph !== undefined;
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.graph.inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.graph.outputs;
  }

  /**
   * A layer by its name, or by its place in `layers`.
   *
   * @throws UnrollError `unknown-name`
   */
  getLayer(nameOrIndex: string | number): Layer {
    const { layers } = this;
    const found =
      typeof nameOrIndex === "number" ? layers.at(nameOrIndex) : layers.find((layer) => layer.name === nameOrIndex);
    if (found !== undefined) return found;
    const names = layers.map((layer) => layer.name);
    throw new UnrollError({
      code: "unknown-name",
      path: this.name,
      expected:
        typeof nameOrIndex === "number"
          ? `the model has ${layers.length} layers`
          : `the model has no layer named ${nameOrIndex}`,
      received: typeof nameOrIndex === "number" ? `index = ${nameOrIndex}` : undefined,
      hint:
        (typeof nameOrIndex === "string" ? didYouMean(nameOrIndex, names) : undefined) ??
        `Its layers are ${names.join(", ")}.`,
    });
  }

  override build(inputShape: Shape | readonly Shape[], random?: Random): void {
    graphOf(this.#parts, this.name);
    super.build(inputShape, random);
  }

  /** Each array once, however often its layer is shared. */
  override get arrays(): readonly LayerArray[] {
    const seen = new Map<Variable, LayerArray>();
    for (const array of super.arrays) seen.set(array.variable, array);
    return [...seen.values()];
  }

  override compute(inputs: readonly Value[], options: ComputeOptions = {}): Result {
    this.build(inputs.map(({ shape }) => shape));
    return this.graph.compute(inputs, options);
  }

  /**
   * The model's computation as a tensor program for fixed sizes.
   *
   * @throws UnrollError `unbuilt`, `shape`
   */
  program(options: ProgramOptions): ModelProgram {
    const shapes = options.shapes ?? this.inputs.map(({ shape, node }) => this.#fixedShape(shape, options, node.layer));
    const inputs = this.inputs.map(({ node }, index) => inputValue(node.layer.name, shapes[index]!));
    const updates: { variable: Variable; value: Value }[] = [];
    const calls: CallValues[] = [];
    const result = this.graph.compute(inputs, {
      training: options.training ?? false,
      onUpdate: (variable, value) => updates.push({ variable, value }),
      onCall: (values) => calls.push(values),
    });
    return {
      program: { inputs, results: result.outputs, updates },
      calls,
      outputMasks: result.outputs.map((_, index) => result.masks?.[index]),
    };
  }

  /**
   * The outputs for `x`, in batches. Shapes: `[examples, ...]` in and out.
   *
   * @throws UnrollError `shape`, `data` when `x` does not fit; `memory` before memory is taken; `aborted` when a worker dies
   * @example model.predict([[[1], [2], [3]]]) // one example of three timesteps with one feature
   */
  predict(x: ModelData, options: PredictOptions = {}): Outputs<Many, Tensor> {
    const results = this.#run(x, options, ({ program }) => program);
    // The types know from the outputs whether there are several.
    return (results.length === 1 ? results[0] : results) as Outputs<Many, Tensor>;
  }

  /**
   * As `predict`, and also on device "webgpu", whose numbers must be waited for. Threads are for the other devices.
   *
   * @throws UnrollError as `predict`; `unsupported` where there is no GPU, or no way for it to compute a layer
   * @example const y = await model.predictAsync(x, { device: "webgpu" });
   */
  predictAsync(x: ModelData, options: PredictOptions = {}): Promise<Outputs<Many, Tensor>> {
    return ability("predictAsync")(this, x, options) as Promise<Outputs<Many, Tensor>>; // as many outputs as the model has
  }

  /** What every call of a layer gives for `x`, in running order. Throws as `predict` does. */
  intermediates(x: ModelData, options: PredictOptions = {}): Intermediate[] {
    let calls: readonly CallValues[] = [];
    const results = this.#run(
      x,
      options,
      (written) => {
        calls = written.calls;
        return { ...written.program, results: calls.flatMap(({ outputs }) => outputs) };
      },
      new Plans(),
    );
    let next = 0;
    return calls.map(({ call, outputs }) => ({
      layer: call.layer,
      callIndex: call.callIndex,
      outputs: outputs.map(() => results[next++]!),
    }));
  }

  /** Where `predict` runs when no device is named, and why; and on how many threads it trained. */
  device(): DeviceStatus {
    const training = hasAbility("trainingStatus") ? ability("trainingStatus")(this) : undefined;
    return { ...deviceStatus(), ...(training && { training }) };
  }

  /**
   * The summary as data; rows of layers that are not built say so.
   *
   * @param style Keras 3 lists the operations that make masks, Keras 2 does not
   */
  summaryTable(style: "keras2" | "keras3" = "keras3"): SummaryTable {
    return ability("summaryTable")(this, style);
  }

  /** Prints the summary as Keras does, and returns the text. Throws UnrollError as `summaryText` does. */
  summary(options: SummaryOptions = {}): string {
    checkOptionNames("summary", options, summaryOptions);
    const text = ability("summaryText")(this.summaryTable(options.style), options);
    if (options.print === undefined) console.log(text.slice(0, -1));
    else if (options.print !== false) options.print(text);
    return text;
  }

  /** What the console of Node and of Deno shows of a model: its summary. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.#shown();
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.#shown();
  }

  /** What a Jupyter notebook with a JavaScript kernel shows. */
  [Symbol.for("Jupyter.display")](): Readonly<Record<string, string>> {
    return { "text/plain": this.#shown() };
  }

  /** Where every count and every output shape comes from. Throws UnrollError `unbuilt`. */
  explain(): ReturnType<Abilities["explain"]> {
    return ability("explain")(this);
  }

  /** Every intermediate of one example, by hand: each gate of each timestep. Throws as `predict` does. */
  trace(x: ModelData, options?: Options<"trace">): ReturnType<Abilities["trace"]> {
    return ability("trace")(this, x, options);
  }

  /** Compares the engine with the by-hand evaluation, layer by layer and step by step. Throws as `predict` does. */
  verify(x: ModelData, options?: Options<"verify">): ReturnType<Abilities["verify"]> {
    return ability("verify")(this, x, options);
  }

  /** The prediction worked out by hand, number by number; or one layer, or one timestep of it. */
  solve(x: ModelData, options?: Options<"solve">): ReturnType<Abilities["solve"]> {
    return ability("solve")(this, x, options);
  }

  /** The model as a file's bytes; by default as Keras 3 saves it. Throws UnrollError `option` for an unknown format. */
  toBytes(format?: Parameters<Abilities["toBytes"]>[1]): Promise<Uint8Array> {
    return ability("toBytes")(this, format);
  }

  /**
   * Writes the model to a file; its ending says the format. `.py`, `.ts` and `.json` hold the architecture only, without the
   * weights; `.npz` and `.weights.h5` the weights only; `model.json` is TensorFlow.js's, with shards beside it. `.keras` and
   * `.h5` keep what the model was compiled and trained with. Throws UnrollError `format`, `file`.
   */
  save(path: string): Promise<void> {
    return ability("save")(this, path);
  }

  /** Sets optimizer, loss and metrics for training. Throws UnrollError `option`, `unknown-name`. */
  compile(options?: Parameters<Abilities["compile"]>[1]): void {
    ability("compile")(this, options);
  }

  /**
   * Trains on examples `x` with targets `y`, on a view such as `windows` gives, or on an iterable of batches. Throws UnrollError `shape`, `data`, `option`,
   * `unbuilt`.
   */
  fit(
    x: Parameters<Abilities["fit"]>[1],
    y?: TargetData,
    options?: TrainingOptions<"fit">,
  ): ReturnType<Abilities["fit"]> {
    return ability("fit")(this, x, y, options);
  }

  /** Loss and metrics for examples, or for a view. Throws as `fit` does. */
  evaluate(
    x: Parameters<Abilities["evaluate"]>[1],
    y?: TargetData,
    options?: TrainingOptions<"evaluate">,
  ): ReturnType<Abilities["evaluate"]> {
    return ability("evaluate")(this, x, y, options);
  }

  /** Loss and metrics over an iterable of batches, as `fit` takes it. Throws as `fit` does. */
  evaluateBatches(
    batches: Parameters<Abilities["evaluateBatches"]>[1],
    options?: Parameters<Abilities["evaluateBatches"]>[2],
  ): ReturnType<Abilities["evaluateBatches"]> {
    return ability("evaluateBatches")(this, batches, options);
  }

  /** Loss and metrics of one batch, without training. Throws as `fit` does. */
  testOnBatch(
    x: ModelData,
    y: TargetData,
    options?: TrainingOptions<"testOnBatch">,
  ): ReturnType<Abilities["testOnBatch"]> {
    return ability("testOnBatch")(this, x, y, options);
  }

  /** One step of training on one batch. Throws as `fit` does. */
  trainOnBatch(
    x: ModelData,
    y: TargetData,
    options?: TrainingOptions<"trainOnBatch">,
  ): ReturnType<Abilities["trainOnBatch"]> {
    return ability("trainOnBatch")(this, x, y, options);
  }

  /** The gradients of the loss, one tensor for each trainable weight. Throws as `fit` does. */
  gradients(x: ModelData, y: TargetData, options?: TrainingOptions<"gradients">): ReturnType<Abilities["gradients"]> {
    return ability("gradients")(this, x, y, options);
  }

  /** What each timestep contributes to the gradients. Throws as `fit` does. */
  traceGradients(
    x: ModelData,
    y: TargetData,
    options?: TrainingOptions<"traceGradients">,
  ): ReturnType<Abilities["traceGradients"]> {
    return ability("traceGradients")(this, x, y, options);
  }

  /** Forgets prepared programs; for changes of the graph. */
  protected forgetPlans(): void {
    this.#plans.clear();
    this.runs.clear();
  }

  /**
   * The bytes that programs of this model take in the engine: of the one for these sizes, without taking them; without
   * sizes, of those that are prepared now. Throws UnrollError `shape`, `option`, `unbuilt`, `memory`.
   *
   * @example console.log(model.memory({ batch: 32, timesteps: 100, training: true }).toText());
   */
  memory(options?: Parameters<Abilities["memory"]>[1]): ReturnType<Abilities["memory"]> {
    return ability("memory")(this, options);
  }

  /** The memory of the programs that `predict` has prepared. */
  get preparedMemories(): Plans["memories"] {
    return this.#plans.memories;
  }

  /** Lets a model that waits for its input shape take it from the data. */
  buildFor(_x: ModelData): void {}

  #shown(): string {
    if (!hasAbility("summaryText")) return `${this.className} ${this.name}`;
    return this.summary({ print: false }).trimEnd();
  }

  /** What `predict` runs: the data, checked, and how its program is written. Throws as `predict` does. */
  request<P>(x: ModelData, options: PredictOptions, pick: (written: ModelProgram) => P): DataRequest<P> {
    checkOptionNames("predict", options, predictOptions);
    const { device = defaultDevice(), batchSize, threads = defaultThreads() } = options;
    checkThreads(threads);
    refuseBatches(x, this.name);
    this.buildFor(x);
    const tensors = readData(x, this.#inputSpecs(), this.name);
    this.graph.checkData(tensors);
    return {
      tensors,
      batchSize: this.#batchSize(batchSize, tensors[0]!.shape[0]!),
      device,
      // A declared batch is what the program is written for.
      threads: this.#declaredBatch === undefined ? threads : 1,
      path: this.name,
      programFor: (batch) => {
        const shapes = tensors.map(({ shape }) => [batch, ...shape.slice(1)]);
        this.build(shapes);
        return pick(this.program({ batch, shapes }));
      },
    };
  }

  #run(
    x: ModelData,
    options: PredictOptions,
    pick: (written: ModelProgram) => Program,
    plans: Plans = this.#plans,
  ): Tensor[] {
    const request = this.request(x, options, pick);
    return plans.run(request.tensors, request);
  }

  #inputSpecs(): readonly InputSpec[] {
    return this.inputs.map(({ shape, node }) => ({ name: node.layer.name, shape }));
  }

  get #declaredBatch(): number | undefined {
    return this.inputs.map(({ shape }) => shape[0]!).find((size) => size !== null);
  }

  /** A declared batch size must be kept to, because stateful layers have one state for each example of it. */
  #batchSize(given: number | undefined, examples: number): number {
    if (given !== undefined && !(Number.isInteger(given) && given > 0)) {
      throw new UnrollError({
        code: "option",
        path: this.name,
        expected: "batchSize must be a positive whole number",
        received: `batchSize = ${given}`,
      });
    }
    const declared = this.#declaredBatch;
    if (declared === undefined) return given ?? 32;
    if ((given ?? declared) === declared && examples % declared === 0) return declared;
    throw new UnrollError({
      code: "data",
      path: this.name,
      expected: `the input was declared with batches of ${declared} examples`,
      received: `${examples} examples in batches of ${given ?? declared}`,
      hint: `Give a multiple of ${declared} examples and leave batchSize out.`,
    });
  }

  #fixedShape(shape: Shape, { batch, timesteps }: ProgramOptions, input: Layer): number[] {
    return [batch, ...shape.slice(1)].map((size) => {
      const known = size ?? timesteps;
      if (known !== undefined) return known;
      throw new UnrollError({
        code: "shape",
        path: this.name,
        expected: `input ${input.name} has a size that is not known`,
        received: `shape = ${shape.map((one) => one ?? "None").join(", ")}`,
        hint: "Give timesteps.",
      });
    });
  }
}
