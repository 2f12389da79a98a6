/**
 * Counters, gauges and histograms, written in Prometheus's text format (version 0.0.4: HELP and TYPE lines, escaped label
 * values, cumulative buckets that end with +Inf). It knows nothing of what is counted.
 */

export type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly lines: () => string[];
}

/** All metrics of a process, in the order in which they were made. */
export class Metrics {
  readonly #metrics: Metric[] = [];

  counter(name: string, help: string): Counter {
    const counter = new Counter();
    this.#add(name, help, "counter", () => valueLines(name, counter.values));
    return counter;
  }

  /** A value that is read when somebody looks; a list gives one line for each. */
  gauge(name: string, help: string, read: () => number | readonly (readonly [Labels, number])[]): void {
    this.#add(name, help, "gauge", () => {
      const value = read();
      const rows = typeof value === "number" ? [[{}, value] as const] : value;
      return rows.map(([labels, number]) => `${name}${labelText(labels)} ${numberText(number)}`);
    });
  }

  /** @param bounds upper bounds of the buckets, ascending, without +Inf */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds);
    this.#add(name, help, "histogram", () => histogram.lines(name));
    return histogram;
  }

  toText(): string {
    return this.#metrics
      .flatMap(({ lines }) => lines())
      .join("\n")
      .concat("\n");
  }

  #add(name: string, help: string, type: string, lines: () => string[]): void {
    const head = [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`];
    this.#metrics.push({ name, lines: () => [...head, ...lines()] });
  }
}

export class Counter {
  /** By the text of the labels. */
  readonly values = new Map<string, number>();

  add(labels: Labels = {}, amount = 1): void {
    const key = labelText(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + amount);
  }
}

interface Buckets {
  readonly labels: Labels;
  /** Not cumulative; the last is everything beyond the bounds. */
  readonly counts: number[];
  sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #rows = new Map<string, Buckets>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { labels, counts: [...this.#bounds, 0].map(() => 0), sum: 0 };
      this.#rows.set(key, row);
    }
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    row.counts[bucket === -1 ? this.#bounds.length : bucket]!++;
    row.sum += value;
  }

  lines(name: string): string[] {
    return [...this.#rows.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        const le = index < this.#bounds.length ? numberText(this.#bounds[index]!) : "+Inf";
        return `${name}_bucket${labelText({ ...labels, le })} ${total}`;
      });
      return [
        ...buckets,
        `${name}_sum${labelText(labels)} ${numberText(sum)}`,
        `${name}_count${labelText(labels)} ${total}`,
      ];
    });
  }
}

function valueLines(name: string, values: ReadonlyMap<string, number>): string[] {
  return [...values].map(([labels, value]) => `${name}${labels} ${numberText(value)}`);
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
