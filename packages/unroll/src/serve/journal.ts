/**
 * A long job's output, resumable: after each chunk's bytes are safe on disk, one JSON line in a journal beside it says so. A job
 * that was killed at any moment goes on behind the last whole line. It knows nothing of predictions.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";

/** How far a job has come: chunks 0 to `chunks` - 1 are the first `bytes` bytes of the output. */
export interface Progress {
  readonly chunks: number;
  readonly bytes: number;
  /** Bytes of the journal that say so; what stands behind them was cut off. */
  readonly journalBytes: number;
}

/** How far this very job has come; undefined where there is no journal, or another job's. */
export async function readProgress(journal: string, job: string): Promise<Progress | undefined> {
  const text = await readFile(journal, "utf8").catch(() => "");
  const lines = text.split("\n").slice(0, -1);
  if (lines[0] !== job) return undefined;
  let progress: Progress = { chunks: 0, bytes: 0, journalBytes: Buffer.byteLength(job) + 1 };
  for (const line of lines.slice(1)) {
    const match = /^\{"chunk":(\d+),"bytes":(\d+)\}$/.exec(line);
    if (match === null || Number(match[1]) !== progress.chunks) break;
    const journalBytes = progress.journalBytes + Buffer.byteLength(line) + 1;
    progress = { chunks: progress.chunks + 1, bytes: Number(match[2]), journalBytes };
  }
  return progress;
}

/** An output that grows chunk by chunk. */
export class JournalledFile {
  readonly #output: FileHandle;
  readonly #journal: FileHandle;
  #progress: Progress;

  /**
   * Opens an output behind what is finished of it, or begins anew.
   *
   * @param job one line that names the job
   */
  static async open(
    output: string,
    journal: string,
    job: string,
    progress: Progress | undefined,
  ): Promise<JournalledFile> {
    const mode = progress === undefined ? "w" : "r+";
    const file = new JournalledFile(await open(output, mode), await open(journal, mode), progress);
    if (progress === undefined) await file.#log(`${job}\n`);
    else await file.#cut(progress);
    return file;
  }

  private constructor(output: FileHandle, journal: FileHandle, progress: Progress | undefined) {
    this.#output = output;
    this.#journal = journal;
    this.#progress = progress ?? { chunks: 0, bytes: 0, journalBytes: 0 };
  }

  /** How many chunks are finished, those of earlier runs too. */
  get chunks(): number {
    return this.#progress.chunks;
  }

  async append(text: string): Promise<void> {
    const { chunks, bytes } = this.#progress;
    const written = await writeAll(this.#output, text, bytes);
    // The line must not be there before what it speaks of.
    await this.#output.datasync();
    this.#progress = { ...this.#progress, chunks: chunks + 1, bytes: bytes + written };
    await this.#log(`{"chunk":${chunks},"bytes":${bytes + written}}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#output.close(), this.#journal.close()]);
  }

  async #log(line: string): Promise<void> {
    const written = await writeAll(this.#journal, line, this.#progress.journalBytes);
    await this.#journal.datasync();
    this.#progress = { ...this.#progress, journalBytes: this.#progress.journalBytes + written };
  }

  async #cut({ bytes, journalBytes }: Progress): Promise<void> {
    await this.#output.truncate(bytes);
    await this.#journal.truncate(journalBytes);
  }
}

/** A single write may write less than it is given. */
async function writeAll(file: FileHandle, text: string, position: number): Promise<number> {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
  return bytes.length;
}
