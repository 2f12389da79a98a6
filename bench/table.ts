/** What a comparison comes to: medians with their spread, ratios taken round by round, and the table in Markdown. */
import type { Comparison, Timing } from "./compare.ts";
import type { Limits } from "./peers/protocol.ts";

export interface Row {
  readonly id: string;
  readonly title: string;
  /** Floating-point operations of the products of one call. */
  readonly flops: number;
  readonly comparison: Comparison;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of a peer's time over the first one's, each pair from one round; a slow peer may have fewer rounds. */
export function ratio(timing: Timing, base: Timing): number {
  const rounds = Math.min(timing.samples.length, base.samples.length);
  return median(Array.from({ length: rounds }, (_, round) => timing.samples[round]! / base.samples[round]!));
}

/** One line for each workload; the first peer is the one that others are divided by. */
export function markdownTable(rows: readonly Row[]): string {
  const names = rows[0]!.comparison.timings.map(({ peer }) => peer);
  const head = ["", "GFLOP/s", "of the limit", ...names];
  const lines = rows.map(({ id, flops, comparison }) => {
    const base = comparison.timings[0]!;
    const limits = comparison.limits.get(base.peer);
    return [
      id,
      ...speedCells(base, flops, limits),
      ...comparison.timings.map((timing) => timeCell(timing, timing === base ? undefined : base)),
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(["---", ...head.slice(1).map(() => "---:")]), ...lines.map(line)].join("\n");
}

function speedCells(base: Timing, flops: number, limits: readonly Limits[] | undefined): string[] {
  if (base.samples.length === 0 || limits === undefined) return ["", ""];
  const speed = flops / median(base.samples) / 1e6;
  const share = speed / median(limits.map(({ gigaflops }) => gigaflops));
  return [speed.toFixed(1), `${(100 * share).toFixed(0)} %`];
}

function timeCell(timing: Timing, base: Timing | undefined): string {
  if (timing.samples.length === 0) return "–";
  const [low, high] = [Math.min(...timing.samples), Math.max(...timing.samples)];
  const text = `${digits(median(timing.samples))} (${digits(low)}–${digits(high)})`;
  return base === undefined || base.samples.length === 0 ? text : `${text} ×${factor(ratio(timing, base))}`;
}

/** Two significant digits, or whole. */
function factor(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

/** Three significant digits. */
export function digits(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}

/** The lines under the table: what the rows are, what the machine did meanwhile, and why a cell is empty. */
export function notes(rows: readonly Row[]): string {
  const workloads = rows.map(({ id, title, flops }) => `- ${id}: ${title}; ${(flops / 1e6).toPrecision(3)} MFLOP`);
  const limits = rows.flatMap(({ id, comparison }) =>
    [...comparison.limits].map(([peer, list]) => {
      const range = (values: readonly number[]): string =>
        `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
      const flops = range(list.map(({ gigaflops }) => gigaflops));
      return `- ${id}, ${peer}: ${flops} GFLOP/s, ${range(list.map(({ gigabytes }) => gigabytes))} GB/s`;
    }),
  );
  const reasons = rows.flatMap(({ id, comparison }) =>
    comparison.timings.flatMap(({ peer, reason }) => (reason === undefined ? [] : `- ${id}, ${peer}: ${reason}`)),
  );
  return [
    "Workloads:",
    ...workloads,
    "",
    "Limits of the core while each row ran (128-bit multiply-adds; copying a large array):",
    ...limits,
    ...(reasons.length === 0 ? [] : ["", "Not timed:", ...reasons]),
  ].join("\n");
}
