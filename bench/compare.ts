/**
 * One workload on all peers, in turns: outputs first, then round after round a short run of each, so that whatever else the
 * machine does meets all of them alike.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerProcess } from "./peer-process.ts";
import type { Limits, Work } from "./peers/protocol.ts";

export interface Timing {
  readonly peer: string;
  /** ms of a call, one for each round it took part in. */
  readonly samples: readonly number[];
  /** Why there are none. */
  readonly reason?: string;
}

export interface Comparison {
  readonly timings: readonly Timing[];
  /** Of the machine in each round, with fused and with separate multiply-adds; a peer without limits is missing. */
  readonly limits: ReadonlyMap<string, readonly Limits[]>;
}

export interface ComparisonOptions {
  readonly work: Work;
  readonly rounds: number;
  readonly threads: number;
  /** What each peer must predict: after loading, and after `trainedSteps` steps of training. */
  readonly expected: (peer: PeerProcess) => { readonly output: ArrayLike<number>; readonly folder: string };
  readonly trainedSteps: number;
  /** Why a peer does not take part, before it is asked. */
  readonly leftOut: (peer: PeerProcess) => string | undefined;
}

/** A sample is about this long, in ms: short enough to fall between other programs' turns. */
const sampleLength = 8;
/** Code is optimised while it runs; until then, in ms, nothing counts. */
const warmUp = 400;
/** A call longer than this, in ms, is timed in two rounds only. */
const slow = 1000;
/** Of the largest number: float32 in other orders, over all layers and timesteps. */
const tolerance = 1e-4;
/** Steps of Adam divide small gradients by their size, which makes rounding visible. */
const trainedTolerance = 2e-3;

/** Throws an Error when outputs differ: nothing is timed that computes something else. */
export async function compare(peers: readonly PeerProcess[], options: ComparisonOptions): Promise<Comparison> {
  const { work, rounds } = options;
  const reasons = new Map<PeerProcess, string>();
  const calls = new Map<PeerProcess, number>();
  for (const peer of peers) {
    const reason = options.leftOut(peer) ?? (await loadAndCheck(peer, options));
    if (reason === undefined) calls.set(peer, await warm(peer, work));
    else reasons.set(peer, reason);
  }
  const samples = new Map<PeerProcess, number[]>([...calls.keys()].map((peer) => [peer, []]));
  const limits = new Map<string, Limits[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [peer, count] of calls) {
      const list = samples.get(peer)!;
      if (list.length >= 2 && list[0]! > slow) continue;
      // Another system's threads may go on looking for work for a while.
      if (options.threads > 1) await sleep(50);
      list.push((await peer.ask({ ask: "time", work, calls: count })).ms!);
      const measured = (await peer.ask({ ask: "limits" })).limits;
      if (measured === undefined) continue;
      const { name } = peer.command;
      limits.set(name, [...(limits.get(name) ?? []), measured]);
    }
  }
  const timings = peers.map((peer) => ({
    peer: peer.command.name,
    samples: samples.get(peer) ?? [],
    ...(reasons.has(peer) && { reason: reasons.get(peer)! }),
  }));
  return { timings, limits };
}

/** Why the peer cannot do it; undefined when it can and does it right. */
async function loadAndCheck(peer: PeerProcess, options: ComparisonOptions): Promise<string | undefined> {
  const { output: expected, folder } = options.expected(peer);
  const training = options.work === "train";
  let output: readonly number[];
  try {
    await peer.ask({ ask: "load", folder, training });
    if (training) await peer.ask({ ask: "train", steps: options.trainedSteps });
    output = (await peer.ask({ ask: "predict" })).output!;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const allowed = (training ? trainedTolerance : tolerance) * largest;
  const wrong = Array.from(expected).findIndex((value, i) => !(Math.abs(output[i]! - value) <= allowed));
  if (wrong === -1 && output.length === expected.length) return undefined;
  throw new Error(
    `${peer.command.name} predicts other numbers: output ${wrong} is ${output[wrong]} instead of ${expected[wrong]}`,
  );
}

/** Runs until the code is at full speed; how many calls make a sample. */
async function warm(peer: PeerProcess, work: Work): Promise<number> {
  let calls = 1;
  for (let spent = 0; ; ) {
    const { ms } = await peer.ask({ ask: "time", work, calls });
    spent += ms! * calls;
    // A call may take less than the clock can tell.
    const next = Math.round(sampleLength / Math.max(ms!, 1e-5));
    calls = Math.max(1, Math.min(next, 100 * calls));
    if (spent > warmUp) return calls;
  }
}
