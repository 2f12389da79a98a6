/**
 * Runs one loaded model in this thread: rows in padded batches, and single steps of streams. It knows arrays, no protocol; the
 * same class serves the main thread and the worker threads.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { load } from "../formats/load.ts";
import type { Model } from "../model/model.ts";
import { modelForRows, modelForStreams, noStreamsReason } from "./model-variants.ts";
import { firstRows, joinRows, someRows } from "./rows.ts";
import { type Port, portsOf, type Signature } from "./signature.ts";

/** States of streams side by side after a call, an array `[rows, ...]` for each state; undefined before the first. */
export type StreamState = readonly Tensor[];

/** What a call of a stream gives: outputs, and the states for the next. */
export interface StepResult {
  readonly outputs: readonly Tensor[];
  readonly state: StreamState;
}

/** What answers predictions, wherever it runs. */
export interface Runner {
  readonly signature: Signature;
  /** Outputs for inputs `[rows, ...]`, in the order of the signature. Throws UnrollError as `model.predict` does. */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  /** One call of streams side by side: inputs `[rows, ...]`, going on from `state`. */
  step(inputs: readonly Tensor[], state: StreamState | undefined): Promise<StepResult>;
  /** Frees what it holds; calls that have begun are answered first. */
  close(): Promise<void>;
}

/** A model in the memory of this thread. */
export class LoadedModel {
  readonly signature: Signature;
  readonly #rows: Model;
  readonly #batchSize: number;
  /** For streams side by side, by how many. */
  readonly #streams = new Map<number, Model>();
  #batchMilliseconds: number | undefined;

  /** @throws UnrollError `weights` for a file without weights, and as `loadModel` does */
  static async load(path: string, batchSize: number): Promise<LoadedModel> {
    const { model, hasWeights } = await load(path);
    if (hasWeights && model.hasGraph) return new LoadedModel(model, batchSize);
    throw new UnrollError({
      code: "weights",
      path,
      expected: hasWeights ? "the model must know its input's shape" : "a served model needs trained weights",
      received: hasWeights ? "no input layer" : "a file without weights",
      hint: hasWeights ? undefined : "Save the model with its weights, as .keras or .h5.",
    });
  }

  constructor(model: Model, batchSize: number) {
    this.#rows = modelForRows(model);
    this.#batchSize = batchSize;
    this.signature = { ...portsOf(model), noStreams: noStreamsReason(model) };
    this.#warmUp();
  }

  /** How many ms a full batch takes; undefined where the model leaves sizes open. */
  get batchMilliseconds(): number | undefined {
    return this.#batchMilliseconds;
  }

  /** Outputs for inputs `[rows, ...]`. */
  run(inputs: readonly Tensor[]): readonly Tensor[] {
    const rows = inputs[0]!.shape[0]!;
    const padded = Math.min(2 ** Math.ceil(Math.log2(rows)), this.#batchSize);
    if (rows >= padded) return listOf(this.#rows.predict([...inputs], { batchSize: this.#batchSize }));
    // Whole powers of two only: otherwise every number of rows that comes along would be compiled for.
    const results = listOf(
      this.#rows.predict(
        inputs.map((input) => firstRows(input, padded)),
        { batchSize: padded },
      ),
    );
    return results.map((result) => firstRows(result, rows));
  }

  /** One call of streams side by side; each is bit for bit what it would be alone. */
  step(inputs: readonly Tensor[], state: StreamState | undefined): StepResult {
    const rows = inputs[0]!.shape[0]!;
    const parts: StepResult[] = [];
    for (let start = 0; start < rows; start += this.#batchSize) {
      const count = Math.min(this.#batchSize, rows - start);
      const cut = (tensor: Tensor): Tensor => someRows(tensor, start, count);
      parts.push(this.#stepTogether(inputs.map(cut), state?.map(cut)));
    }
    const join = (of: (part: StepResult) => readonly Tensor[]): Tensor[] =>
      of(parts[0]!).map((_, index) => joinRows(parts.map((part) => of(part)[index]!)));
    return { outputs: join((part) => part.outputs), state: join((part) => part.state) };
  }

  /** The same for as many as run together. */
  #stepTogether(inputs: readonly Tensor[], state: StreamState | undefined): StepResult {
    const rows = inputs[0]!.shape[0]!;
    const padded = Math.min(2 ** Math.ceil(Math.log2(rows)), this.#batchSize);
    const given = inputs.map((input) => firstRows(input, padded));
    const model = this.#streams.get(padded) ?? modelForStreams(this.#rows, padded);
    if (!this.#streams.has(padded)) {
      // Its first call makes its states.
      model.predict(given, { batchSize: padded });
      this.#streams.set(padded, model);
    }
    for (const [index, variable] of model.states.entries()) {
      const kept = state?.[index];
      variable.assign(kept === undefined ? new Float32Array(sizeOf(variable.shape)) : firstRows(kept, padded).data);
    }
    const outputs = model.predict(given, { batchSize: padded });
    const states = model.states.map(({ shape, data }): Tensor => ({ shape, data: data.slice() }));
    return {
      outputs: listOf(outputs).map((output) => firstRows(output, rows)),
      state: states.map((one) => firstRows(one, rows)),
    };
  }

  /** Compiles for the sizes that will come, where the model says its sizes, so that no request waits for it. */
  #warmUp(): void {
    const { inputs } = this.signature;
    if (inputs.some(({ shape }) => shape.slice(1).includes(null))) return;
    for (let rows = 1; rows < 2 * this.#batchSize; rows *= 2) {
      const batch = Math.min(rows, this.#batchSize);
      const data = inputs.map((input) => zeros(input, batch));
      this.#rows.predict(data, { batchSize: batch });
      // The first run has compiled it.
      const began = performance.now();
      this.#rows.predict(data, { batchSize: batch });
      this.#batchMilliseconds = performance.now() - began;
    }
  }
}

/** A loaded model behind the interface of one that may run elsewhere. */
export function runnerHere(model: LoadedModel): Runner {
  return {
    signature: model.signature,
    run: async (inputs) => model.run(inputs),
    step: async (inputs, state) => model.step(inputs, state),
    close: async () => {},
  };
}

function listOf(result: Tensor | readonly Tensor[]): readonly Tensor[] {
  return Array.isArray(result) ? result : [result as Tensor]; // a list or one
}

/** An input whose every size behind the batch is known. */
function zeros({ shape }: Port, rows: number): Tensor {
  const sizes = [rows, ...(shape.slice(1) as readonly number[])]; // no null
  return { shape: sizes, data: new Float32Array(sizeOf(sizes)) };
}
