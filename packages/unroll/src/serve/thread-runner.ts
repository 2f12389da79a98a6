/**
 * A model in worker threads of its own: the thread that reads requests never waits for a prediction, and a model that is no
 * longer served gives back all of its memory with its threads.
 */
import { Worker } from "node:worker_threads";
import { type ErrorRecord, UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { tooBusy } from "./request-error.ts";
import type { Runner, StepResult, StreamState } from "./runner.ts";
import type { Signature } from "./signature.ts";

/** What a thread is started with. */
export interface WorkerStart {
  readonly path: string;
  readonly batchSize: number;
}

/** What it is asked; `step` where there is a stream. */
export interface WorkerQuestion {
  readonly id: number;
  readonly inputs: readonly Tensor[];
  readonly stream?: { readonly state: StreamState | undefined };
}

/** What it says: once that it is ready or why not, then an answer for each question. */
export type WorkerMessage =
  | { readonly kind: "ready"; readonly signature: Signature }
  | { readonly kind: "outputs"; readonly id: number; readonly outputs: readonly Tensor[]; readonly state?: StreamState }
  | { readonly kind: "error"; readonly id?: number; readonly error: ErrorRecord | string };

export interface ThreadOptions extends WorkerStart {
  readonly threads: number;
  /** The worker's program; by default the one beside this file. */
  readonly workerFile?: URL;
}

/** Loads a model in `threads` threads. Throws UnrollError as `loadModel` does. */
export async function runnerInThreads({
  threads,
  workerFile = builtWorker(),
  ...start
}: ThreadOptions): Promise<Runner> {
  const lanes = Array.from({ length: threads }, () => new Lane(workerFile, start));
  try {
    const [signature] = await Promise.all(lanes.map(({ ready }) => ready));
    const freest = (): Lane => lanes.reduce((best, lane) => (lane.load < best.load ? lane : best));
    return {
      signature: signature!,
      run: async (inputs) => (await freest().ask(inputs)).outputs,
      step: async (inputs, state) => await freest().ask(inputs, { state }),
      close: async () => void (await Promise.all(lanes.map((lane) => lane.close()))),
    };
  } catch (error) {
    await Promise.all(lanes.map((lane) => lane.close()));
    throw error;
  }
}

/** The program lies in the built package; from the sources it is that of the last build. */
function builtWorker(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "../../dist/serve-worker.js" : "./serve-worker.js", import.meta.url);
}

interface Pending {
  readonly resolve: (result: StepResult) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread. Should it die, the next question starts another. */
class Lane {
  readonly #workerFile: URL;
  readonly #start: WorkerStart;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker;
  #ready: Promise<Signature>;
  #isAlive = true;
  #nextId = 0;

  constructor(workerFile: URL, start: WorkerStart) {
    this.#workerFile = workerFile;
    this.#start = start;
    [this.#worker, this.#ready] = this.#begin();
  }

  /** When it can be asked; rejects with why not. */
  get ready(): Promise<Signature> {
    return this.#ready;
  }

  /** Questions that are not answered yet. */
  get load(): number {
    return this.#pending.size;
  }

  async ask(inputs: readonly Tensor[], stream?: WorkerQuestion["stream"]): Promise<StepResult> {
    if (!this.#isAlive) [this.#worker, this.#ready] = this.#begin();
    await this.#ready.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw tooBusy(503, "the model's thread died and cannot start again", { received: reason });
    });
    const id = this.#nextId++;
    const question: WorkerQuestion = { id, inputs, ...(stream === undefined ? {} : { stream }) };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage(question);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #begin(): [Worker, Promise<Signature>] {
    this.#isAlive = true;
    const worker = new Worker(this.#workerFile, { workerData: this.#start });
    const ready = new Promise<Signature>((resolve, reject) => {
      worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "ready") resolve(message.signature);
        else if (message.kind === "error" && message.id === undefined) reject(errorOf(message.error));
        else this.#answer(message);
      });
      // An exit follows.
      worker.on("error", reject);
      worker.on("exit", () => {
        reject(new Error("the model's thread ended before it was ready"));
        this.#died();
      });
    });
    // Whoever asks learns of it.
    ready.catch(() => {});
    return [worker, ready];
  }

  #answer(message: Exclude<WorkerMessage, { kind: "ready" }>): void {
    const pending = this.#pending.get(message.id!); // the first message alone has none
    this.#pending.delete(message.id!);
    if (message.kind === "error") pending?.reject(errorOf(message.error));
    else pending?.resolve({ outputs: message.outputs, state: message.state ?? [] });
  }

  #died(): void {
    this.#isAlive = false;
    for (const { reject } of this.#pending.values()) reject(tooBusy(503, "the model's thread died; it starts again"));
    this.#pending.clear();
  }
}

function errorOf(error: ErrorRecord | string): Error {
  return typeof error === "string" ? new Error(error) : new UnrollError(error);
}
