/**
 * Writing ONNX: the forward pass of any model as an `.onnx` file for ONNX Runtime and its like. The graph is written from the
 * model's tensor program, so every layer and every cell of one's own is covered; recurrent layers become RNN, GRU and LSTM.
 * The batch stays open. Training is not part of the file.
 */
import { UnrollError } from "../core/errors.ts";
import { broadcastShapes } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { inOrder } from "../equations/expr.ts";
import type { Model } from "../model/model.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { MapOperation, Operation, ProductOperation, Value, ViewOperation } from "../program/program.ts";
import { sourcesOf } from "../program/program.ts";
import { type BatchedProgram, type BatchedSize, type BatchOptions, programForAnyBatch } from "./any-batch.ts";
import { formatBytes } from "./failure.ts";
import { OnnxBuilder } from "./onnx-builder.ts";
import { exprEmitter, hasRowOps } from "./onnx-expr.ts";
import { encodeModel, type OnnxPort } from "./onnx-messages.ts";
import { type EmittedScan, emitScan } from "./onnx-scan.ts";
import { emitView } from "./onnx-view.ts";
import { reversesAxis, type ViewSizes } from "./view-axes.ts";
import { namesOfWeights } from "./weight-paths.ts";

/** What may be fixed in the file; see `BatchOptions`. */
export type OnnxOptions = BatchOptions;

/**
 * The bytes of an `.onnx` file (operator set 18). Inputs and outputs have the names of the model's input and output layers;
 * the first axis is called "batch" unless it is fixed. States of stateful layers are inputs, and outputs named `.../next`.
 *
 * @throws UnrollError `unbuilt`; `shape` when a size behind the batch is unknown and `timesteps` is not given;
 * `unsupported` for randomness at prediction, or when the layout depends on the batch size; `memory` above 2 GiB.
 * @example await writeFile("model.onnx", writeOnnx(model))
 */
export function writeOnnx(model: Model, options: OnnxOptions = {}): Uint8Array {
  return new Exporter(model, programForAnyBatch(model, options)).write();
}

/** A Protocol Buffers message ends here. */
const largestFile = 2 ** 31 - 2 ** 20;

class Exporter {
  readonly #model: Model;
  readonly #written: BatchedProgram;
  readonly #builder: OnnxBuilder;
  readonly #names = new Map<Operation, string>();
  readonly #scans = new Map<Operation, EmittedScan>();
  readonly #scanOutputs = new Map<EmittedScan, string>();
  readonly #constants = new Map<Operation, boolean>();
  /** Arrays of weights in the forms that recurrent operators want, by array and name. */
  readonly #weights = new Map<Operation, Map<string, string>>();
  readonly #stateInputs = new Map<Variable, string>();
  readonly #layerOf = new Map<Operation, string>();
  readonly #weightNames: ReadonlyMap<Variable, string>;
  readonly #updated: ReadonlySet<Variable>;

  constructor(model: Model, written: BatchedProgram) {
    this.#model = model;
    this.#written = written;
    const { inputs, updates } = written.program;
    this.#builder = new OnnxBuilder(inputName(inputs[0]!));
    this.#weightNames = namesOfWeights(model);
    this.#updated = new Set(updates.map(({ variable }) => variable));
    for (const { call, outputs } of written.calls) {
      for (const { operation } of outputs) {
        if (!this.#layerOf.has(operation)) this.#layerOf.set(operation, call.layer.name);
      }
    }
  }

  write(): Uint8Array {
    const builder = this.#builder;
    const { program } = this.#written;
    const inputs = program.inputs.map((value, index): OnnxPort => {
      const name = builder.unique(inputName(value));
      const type = this.#model.inputs[index]!.node.layer.config.dtype === "int32" ? "int32" : "float32";
      this.#names.set(value.operation, type === "int32" ? builder.add("Cast", [name], { to: 1 }) : name);
      return { name, type, shape: this.#portShape(value) };
    });
    const states = program.updates.map(({ variable, value }) => {
      const name = builder.unique(this.#weightNames.get(variable) ?? variable.name);
      return { variable, port: { name, type: "float32", shape: variable.shape } as const, value };
    });
    for (const { variable, port } of states) this.#stateInputs.set(variable, port.name);
    const outputs = program.results.map((value, index) => {
      const name = this.#model.outputs[index]!.node.layer.name;
      return this.#output(value, name);
    });
    const next = states.map(({ port, value }) => this.#output(value, `${port.name}/next`));
    const bytes = builder.tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (bytes > largestFile) {
      throw new UnrollError({
        code: "memory",
        path: this.#model.name,
        expected: "an ONNX file of one part may take up to 2 GiB",
        received: `${formatBytes(bytes)} of weights`,
        hint: "Write safetensors or .keras.",
      });
    }
    const graph = {
      name: this.#model.name,
      nodes: builder.nodes,
      inputs: [...inputs, ...states.map(({ port }) => port)],
      outputs: [...outputs, ...next],
      tensors: builder.tensors,
    };
    return encodeModel(graph, `${this.#model.className} model ${this.#model.name}`);
  }

  #output(value: Value, wanted: string): OnnxPort {
    const source = this.#nameOf(value);
    this.#builder.scope = "";
    const name = this.#builder.unique(wanted);
    this.#builder.nodes.push({ operator: "Identity", name, inputs: [source], outputs: [name], attributes: {} });
    return { name, type: "float32", shape: this.#portShape(value) };
  }

  #portShape(value: Value): (number | string)[] {
    return this.#written
      .sizesOf(value)
      .map((size) => (typeof size === "number" ? size : size.perExample === 1 ? "batch" : `batch*${size.perExample}`));
  }

  /** The name of a value, whose nodes are added when it is first asked for. */
  #nameOf = (value: Value): string => {
    const { operation } = value;
    const known = this.#names.get(operation);
    if (known !== undefined) return known;
    const { scope } = this.#builder;
    this.#builder.scope = this.#layerOf.get(operation) ?? scope;
    const name = operation.op === "scan" ? this.#scanResult(value) : this.#emitOnce(value);
    this.#builder.scope = scope;
    return name;
  };

  #emitOnce(value: Value): string {
    const name = this.#isConstant(value) ? this.#fold(value, this.#constantName(value)) : this.#emit(value);
    this.#names.set(value.operation, name);
    return name;
  }

  #emit(value: Value): string {
    const { operation } = value;
    const builder = this.#builder;
    switch (operation.op) {
      case "weight":
        return this.#stateInputs.get(operation.variable)!; // others are constant
      case "constant":
        return builder.add("Expand", [builder.scalar(operation.value), builder.shape(this.#sizesOf(value))]);
      case "map":
        return this.#emitMap(operation, value);
      case "product":
        return this.#emitProduct(operation);
      case "view":
        return this.#emitView(operation, value);
      case "pad": {
        const pads = builder.ints([...operation.before, ...operation.after]);
        return builder.add("Pad", [this.#nameOf(operation.source), pads, builder.scalar(operation.value)]);
      }
      case "concat":
        return builder.add("Concat", operation.sources.map(this.#nameOf), { axis: operation.axis });
      case "reduce": {
        const operator = operation.kind === "sum" ? "ReduceSum" : "ReduceMax";
        return builder.add(operator, [this.#nameOf(operation.source), builder.ints(operation.axes)], { keepdims: 1 });
      }
      case "gather": {
        const whole = builder.add("Cast", [this.#nameOf(operation.ids)], { to: 7 });
        const last = operation.table.shape[0]! - 1;
        const within = builder.add("Clip", [whole, builder.ints([0], []), builder.ints([last], [])]);
        return builder.add("Gather", [this.#nameOf(operation.table), within], { axis: 0 });
      }
      default:
        throw new UnrollError({
          code: "unsupported",
          path: builder.scope,
          expected:
            operation.op === "random"
              ? "a prediction with random numbers cannot be written: the file would give others"
              : `ONNX files hold the forward pass only, not ${operation.op}`,
          hint: "Leave training: true out of the call.",
        });
    }
  }

  #emitMap({ operands, symbols, body }: MapOperation, value: Value): string {
    const builder = this.#builder;
    const rows = hasRowOps(body);
    const width = value.shape.at(-1) ?? 1;
    const names = operands.map((operand) => {
      const name = this.#nameOf(operand);
      const isRow = !rows || (operand.shape.at(-1) ?? 1) === width;
      return isRow ? name : builder.add("Expand", [name, builder.ints([width])]);
    });
    const used = new Set(inOrder([body], { bodies: true }));
    const given = operands.filter((_, i) => used.has(symbols[i]!)).map(({ shape }) => shape);
    const found = given.reduce<readonly (number | null)[]>((shape, other) => broadcastShapes(shape, other)!, []);
    const symbolNames = new Map(symbols.map((symbol, i) => [symbol, names[i]!]));
    const name = exprEmitter(builder, { symbols: symbolNames, width })(body);
    if (String(found) === String(value.shape)) return name;
    return builder.add("Expand", [name, builder.shape(this.#sizesOf(value))]);
  }

  #emitProduct({ a, b, transposeA, transposeB }: ProductOperation): string {
    const turned = (operand: Value, turn: boolean): string => {
      const name = this.#nameOf(operand);
      if (!turn) return name;
      const axes = operand.shape.map((_, axis) => axis);
      return this.#builder.add("Transpose", [name], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] });
    };
    return this.#builder.add("MatMul", [turned(a, transposeA), turned(b, transposeB)]);
  }

  #emitView({ source, strides, offset }: ViewOperation, value: Value): string {
    const view: ViewSizes = {
      source: { shape: source.shape, sizes: this.#sizesOf(source) },
      shape: value.shape,
      sizes: this.#sizesOf(value),
      strides,
      offset,
    };
    const { operation, result } = source;
    if (operation.op === "scan" && result === 0 && source.shape.length === 3 && reversesAxis(view, 1)) {
      // Keras turns a backward sequence round; ONNX has it in the order of the input from the start.
      const { inInputOrder } = this.#scan(source);
      if (inInputOrder !== undefined) return inInputOrder;
    }
    return emitView(this.#builder, this.#nameOf(source), view);
  }

  #scan({ operation }: Value): EmittedScan {
    let emitted = this.#scans.get(operation);
    if (emitted === undefined) {
      if (operation.op !== "scan") throw new Error(`ONNX: ${operation.op} is not a scan`);
      const { scope } = this.#builder;
      this.#builder.scope = this.#layerOf.get(operation) ?? scope;
      emitted = emitScan(operation, {
        builder: this.#builder,
        nameOf: this.#nameOf,
        nameWeights: this.#nameWeights,
        sizesOf: this.#sizesOf,
      });
      this.#builder.scope = scope;
      this.#scans.set(operation, emitted);
    }
    return emitted;
  }

  #scanResult(value: Value): string {
    const scan = this.#scan(value);
    if (value.result > 0) return scan.states[value.result - 1]!;
    let name = this.#scanOutputs.get(scan);
    if (name === undefined) {
      name = scan.output();
      this.#scanOutputs.set(scan, name);
    }
    return name;
  }

  #sizesOf = (value: Value): readonly BatchedSize[] => this.#written.sizesOf(value);

  #nameWeights = (array: Value, name: string, value: Value): string => {
    if (!this.#isConstant(value)) return this.#nameOf(value);
    const ofArray = this.#weights.get(array.operation) ?? new Map<string, string>();
    this.#weights.set(array.operation, ofArray);
    let known = ofArray.get(name);
    if (known === undefined) {
      known = this.#fold(value, this.#builder.scope === "" ? name : `${this.#builder.scope}/${name}`);
      ofArray.set(name, known);
    }
    return known;
  };

  /** Whether a value is the same in every run and for every batch: weights, and what is computed of them alone. */
  #isConstant(value: Value): boolean {
    const { operation } = value;
    let known = this.#constants.get(operation);
    if (known === undefined) {
      const fixed = this.#sizesOf(value).every((size) => typeof size === "number");
      known =
        operation.op === "weight"
          ? !this.#updated.has(operation.variable)
          : operation.op !== "input" &&
            operation.op !== "random" &&
            operation.op !== "scan" &&
            fixed &&
            sourcesOf(operation).every((source) => this.#isConstant(source));
      this.#constants.set(operation, known);
    }
    return known;
  }

  /** Stores a constant value's numbers, rounded to float32. */
  #fold(value: Value, name: string): string {
    const { operation, shape } = value;
    const data =
      operation.op === "weight"
        ? operation.variable.data
        : Float32Array.from(evaluateProgram({ inputs: [], results: [value], updates: [] }, []).results[0]!);
    return this.#builder.floats(name, shape, data);
  }

  #constantName({ operation }: Value): string {
    if (operation.op === "weight") {
      return this.#weightNames.get(operation.variable) ?? this.#builder.scoped(operation.variable.name);
    }
    const { scope } = this.#builder;
    return scope === "" ? "constant" : `${scope}/constant`;
  }
}

function inputName({ operation }: Value): string {
  return operation.op === "input" ? operation.name : "input";
}
