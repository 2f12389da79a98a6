/**
 * How the comparison talks to the systems it compares. Every system is a process of its own, started once, that answers one
 * line of JSON with another; so they run in turns, and none has another's memory, flags or threads around it.
 */
import { createInterface } from "node:readline";

/** What a peer is asked; a folder holds a model in several formats and `x.npy`, `y.npy`. */
export type Request =
  | { readonly ask: "load"; readonly folder: string; readonly training: boolean }
  /** The numbers that the loaded model predicts for x. */
  | { readonly ask: "predict" }
  /** Trains on x and y as one batch, this many steps. */
  | { readonly ask: "train"; readonly steps: number }
  /** How long one call takes, over this many calls, in ms. */
  | { readonly ask: "time"; readonly work: Work; readonly calls: number }
  /** What the machine can do at most, as this process sees it. */
  | { readonly ask: "limits" };

export type Work = "predict" | "train";

export interface Limits {
  /** Floating-point operations of multiply-adds in a second, / 1e9. */
  readonly gigaflops: number;
  /** Bytes read and written by copying a large array in a second, / 1e9. */
  readonly gigabytes: number;
}

export interface Answer {
  /** Names and versions, in the first line that a process writes. */
  readonly ready?: string;
  readonly output?: readonly number[];
  readonly ms?: number;
  readonly limits?: Limits;
  /** Why it could not be done. */
  readonly error?: string;
}

/** A system in this process. */
export interface Peer {
  readonly ready: string;
  load(folder: string, training: boolean): Promise<void>;
  /** A whole call, from numbers to numbers. */
  predict(): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** One step on the whole batch. */
  train(): unknown;
  limits?(): Limits;
}

/** Threads that a system may use. */
export const threads = Number(process.env.UNROLL_BENCH_THREADS ?? 1);

/** Answers until the input ends. */
export async function serve(peer: Peer): Promise<void> {
  const write = (answer: Answer): unknown => process.stdout.write(`${JSON.stringify(answer)}\n`);
  write({ ready: peer.ready });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      write(await answer(peer, JSON.parse(line) as Request)); // the comparison's own lines
    } catch (error) {
      write({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function answer(peer: Peer, request: Request): Promise<Answer> {
  switch (request.ask) {
    case "load":
      await peer.load(request.folder, request.training);
      return {};
    case "predict":
      return { output: Array.from(await peer.predict()) };
    case "train":
      for (let step = 0; step < request.steps; step++) await peer.train();
      return {};
    case "time":
      return { ms: await time(() => peer[request.work](), request.calls) };
    case "limits": {
      const limits = peer.limits?.();
      return limits === undefined ? {} : { limits };
    }
  }
}

/**
 * Of the clock's and the processor's time the smaller one (with several threads, each of which counts in the processor's, the
 * clock's): while the machine does other things the clock runs on, and helper
 * threads, as of a garbage collector, only count in the processor's.
 */
async function time(work: () => unknown, calls: number): Promise<number> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = work();
    // Waiting costs something: only those pay for it that make it necessary.
    if (result instanceof Promise) await result;
  }
  const clock = performance.now() - before;
  if (threads > 1) return clock / calls;
  const { user, system } = process.cpuUsage(cpuBefore);
  return Math.min(clock, (user + system) / 1000) / calls;
}
