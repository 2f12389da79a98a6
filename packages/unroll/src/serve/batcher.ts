/**
 * Joins requests that wait at the same time into one batch, and cuts long ones into several, so that a small request never
 * waits for a whole long one. Rows are computed independently: the answers are bit for bit those of single predictions.
 */
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { joinRows, someRows } from "./rows.ts";
import type { Runner } from "./runner.ts";

export interface BatcherOptions {
  /** Most rows that run together. */
  readonly batchSize: number;
  /** Longest time in ms that a request waits for others; 0 joins only what is there already. */
  readonly batchWait: number;
  /** Batches that may run at the same time. */
  readonly lanes: number;
  /** Told of each batch that ran: its rows, and how many ms it took. */
  readonly onBatch?: (rows: number, milliseconds: number) => void;
}

interface Waiting {
  readonly inputs: readonly Tensor[];
  readonly rows: number;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Pieces of one shape that will run together. */
interface Batch {
  readonly key: string;
  readonly pieces: Waiting[];
  rows: number;
  /** When it runs although it is not full, in ms of `performance.now()`. */
  readonly due: number;
}

export class Batcher {
  readonly #runner: Pick<Runner, "run">;
  readonly #options: BatcherOptions;
  /** In the order in which they began. */
  readonly #batches: Batch[] = [];
  #running = 0;
  #scheduled = false;

  constructor(runner: Pick<Runner, "run">, options: BatcherOptions) {
    this.#runner = runner;
    this.#options = options;
  }

  /** Rows that wait to be run. */
  get waitingRows(): number {
    return this.#batches.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Outputs `[rows, ...]` for inputs `[rows, ...]`. Throws as the runner does. */
  async predict(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const rows = inputs[0]!.shape[0]!;
    const { batchSize } = this.#options;
    if (rows <= batchSize) return this.#enqueue(inputs, rows);
    const pieces: Promise<readonly Tensor[]>[] = [];
    for (let start = 0; start < rows; start += batchSize) {
      const count = Math.min(batchSize, rows - start);
      pieces.push(
        this.#enqueue(
          inputs.map((input) => someRows(input, start, count)),
          count,
        ),
      );
    }
    return joined(await Promise.all(pieces));
  }

  #enqueue(inputs: readonly Tensor[], rows: number): Promise<readonly Tensor[]> {
    const key = inputs.map(({ shape, data }) => `${shape.slice(1)} ${data.constructor.name}`).join(";");
    return new Promise((resolve, reject) => {
      const { batchSize, batchWait } = this.#options;
      let batch = this.#batches.find((one) => one.key === key && one.rows + rows <= batchSize);
      if (batch === undefined) {
        batch = { key, pieces: [], rows: 0, due: performance.now() + batchWait };
        this.#batches.push(batch);
        // What has arrived together is read first, and runs together.
        if (batchWait === 0) this.#schedule();
        else setTimeout(() => this.#pump(), batchWait);
      }
      batch.pieces.push({ inputs, rows, resolve, reject });
      batch.rows += rows;
      if (batch.rows === batchSize) this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Starts the batches that are full or due, one after the other, while there is a free lane. */
  #pump(): void {
    while (this.#running < this.#options.lanes) {
      // Timers may come up to a millisecond early.
      const now = performance.now() + 1;
      const next = this.#batches.findIndex(({ rows, due }) => rows === this.#options.batchSize || due <= now);
      if (next === -1) return;
      const [batch] = this.#batches.splice(next, 1);
      this.#running++;
      void this.#run(batch!).finally(() => {
        this.#running--;
        // Other events come first: a health check must not wait for a long queue.
        if (this.#batches.length > 0) this.#schedule();
      });
    }
  }

  async #run({ pieces, rows }: Batch): Promise<void> {
    const began = performance.now();
    try {
      const inputs = pieces[0]!.inputs.map((_, index) => joinRows(pieces.map((piece) => piece.inputs[index]!)));
      const outputs = await this.#runner.run(inputs);
      let start = 0;
      for (const piece of pieces) {
        const from = start;
        piece.resolve(pieces.length === 1 ? outputs : outputs.map((output) => someRows(output, from, piece.rows)));
        start += piece.rows;
      }
    } catch (error) {
      if (pieces.length > 1 && error instanceof UnrollError) await this.#runAlone(pieces);
      else for (const { reject } of pieces) reject(error);
    }
    this.#options.onBatch?.(rows, performance.now() - began);
  }

  /** One of them was refused: each learns of its own error only. */
  async #runAlone(pieces: readonly Waiting[]): Promise<void> {
    for (const { inputs, resolve, reject } of pieces) await this.#runner.run(inputs).then(resolve, reject);
  }
}

/** Outputs of the pieces of one request, piece after piece. */
function joined(pieces: readonly (readonly Tensor[])[]): readonly Tensor[] {
  return pieces[0]!.map((_, index) => joinRows(pieces.map((outputs) => outputs[index]!)));
}
