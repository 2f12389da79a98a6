/**
 * The fuzzer: feeds damaged files of every kind to the readers, all in this process, and asks that each ends in a result or an
 * UnrollError, within a bound of time and of memory. `npm run fuzz` runs it long; a test runs it short.
 */
import { Random, UnrollError } from "../src/core/index.ts";
import { type FuzzKind, fuzzKinds } from "./fuzz-kinds.ts";

export interface FuzzOptions {
  /** Damaged files to try, spread evenly over the kinds. */
  readonly files: number;
  readonly seed: number;
  /** A file that takes longer, in ms of the processor, is a failure. */
  readonly maxMilliseconds?: number;
  /** A file that takes more memory, in bytes, is a failure. */
  readonly maxBytes?: number;
  /** Told after each thousand files. */
  readonly onProgress?: (done: number) => void;
}

/** What became of the files of one kind. */
export interface FuzzRow {
  readonly kind: string;
  opened: number;
  refused: number;
  failed: number;
  /** Of one file, in ms of the processor: a busy machine does not count. */
  slowest: number;
  /** Of one file, in bytes; see `memoryNow`. */
  mostMemory: number;
}

export interface FuzzReport {
  readonly rows: readonly FuzzRow[];
  /** Anything but a result or an UnrollError within the bounds: what happened, and to which file. */
  readonly failures: readonly string[];
}

/** Tries the same files for the same seed. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { files, seed, maxMilliseconds = 2000, maxBytes = 2 ** 28, onProgress } = options;
  const kinds = await fuzzKinds();
  const random = new Random(seed);
  const rows = kinds.map(({ name }): FuzzRow => {
    return { kind: name, opened: 0, refused: 0, failed: 0, slowest: 0, mostMemory: 0 };
  });
  const failures: string[] = [];
  // The first file of a kind also loads the code that reads it.
  for (const kind of kinds) await outcomeOf(kind, kind.seeds[0]!.damage(random.split()));
  for (let i = 0; i < files; i++) {
    const kind = kinds[i % kinds.length]!;
    const row = rows[i % kinds.length]!;
    const { name, damage } = kind.seeds[random.below(kind.seeds.length)]!;
    const source = damage(random);
    const before = memoryNow();
    const started = process.cpuUsage();
    const outcome = await outcomeOf(kind, source);
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    const memory = memoryTaken(before);
    row.slowest = Math.max(row.slowest, took);
    row.mostMemory = Math.max(row.mostMemory, memory);
    const problems = [
      ...(outcome.problem === undefined ? [] : [outcome.problem]),
      ...(took > maxMilliseconds ? [`took ${Math.round(took)} ms`] : []),
      ...(memory > maxBytes ? [`took ${Math.round(memory / 2 ** 20)} MiB`] : []),
    ];
    if (problems.length > 0) row.failed++;
    else if (outcome.refused) row.refused++;
    else row.opened++;
    failures.push(...problems.map((problem) => `file ${i}, ${kind.name} from ${name}: ${problem}`));
    if ((i + 1) % 1000 === 0) onProgress?.(i + 1);
  }
  return { rows, failures };
}

interface Outcome {
  readonly refused: boolean;
  readonly problem?: string;
}

async function outcomeOf(kind: FuzzKind, source: Parameters<FuzzKind["open"]>[0]): Promise<Outcome> {
  try {
    await kind.open(source);
    return { refused: false };
  } catch (error) {
    if (!(error instanceof UnrollError)) {
      return { refused: false, problem: error instanceof Error ? String(error.stack) : String(error) };
    }
    // The catch-all of openModelFile is for what nobody thought of; the fuzzer wants to know.
    const broken = error.expected.includes("no reader expects") && error.cause instanceof Error;
    return broken ? { refused: true, problem: `a reader broke: ${(error.cause as Error).stack}` } : { refused: true };
  }
}

interface Memory {
  /** Bytes of objects and arrays, with what is garbage but not yet collected. */
  readonly used: number;
  /** The most that the process ever held, in bytes. */
  readonly peak: number;
}

function memoryNow(): Memory {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { used: heapUsed + arrayBuffers, peak: process.resourceUsage().maxRSS * 1024 };
}

/** The larger of what is used more now and what the process's peak has grown by, should a collection have come between. */
function memoryTaken(before: Memory): number {
  const now = memoryNow();
  return Math.max(0, now.used - before.used, now.peak - before.peak);
}

/** The rows as a table for people. */
export function fuzzTable(rows: readonly FuzzRow[]): string {
  const sum = (pick: (row: FuzzRow) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const most = (pick: (row: FuzzRow) => number) => Math.max(0, ...rows.map(pick));
  const all: FuzzRow = {
    kind: "all",
    opened: sum(({ opened }) => opened),
    refused: sum(({ refused }) => refused),
    failed: sum(({ failed }) => failed),
    slowest: most(({ slowest }) => slowest),
    mostMemory: most(({ mostMemory }) => mostMemory),
  };
  const head = ["kind", "opened", "refused", "failed", "slowest, ms", "most memory, MiB"];
  const cells = [...rows, all].map(({ kind, opened, refused, failed, slowest, mostMemory }) => [
    kind,
    ...[opened, refused, failed, Math.round(slowest), Math.ceil(mostMemory / 2 ** 20)].map(String),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]!.length)));
  const lineOf = (line: readonly string[]) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return `${[head, ...cells].map(lineOf).join("\n")}\n`;
}
