/** Axes: where a value lies on them, and which round values get a tick. Knows no drawing. */

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Scale {
  /** Position of a value in px. */
  place(value: number): number;
  readonly ticks: readonly Tick[];
}

export type ScaleKind = "number" | "log" | "date";

/**
 * An axis from `least` to `most` (for "date" ms since 1970) over the pixels `from` to `to`. About `count` ticks. Values of
 * "number" and "log" axes are widened to round ends where `round`.
 */
export function makeScale(
  kind: ScaleKind,
  [least, most]: readonly [number, number],
  [from, to]: readonly [number, number],
  { count, round = false }: { readonly count: number; readonly round?: boolean },
): Scale {
  const [low, high] = spread(kind, least, most);
  if (kind === "log") {
    const ticks = logTicks(low, high, count);
    const [start, end] = [Math.log10(low), Math.log10(high)];
    return { ticks, place: (value) => from + ((Math.log10(value) - start) / (end - start)) * (to - from) };
  }
  if (kind === "date") return { ticks: dateTicks(low, high, count), place: linear(low, high, from, to) };
  const step = niceStep((high - low) / count);
  const [start, end] = round ? [Math.floor(low / step) * step, Math.ceil(high / step) * step] : [low, high];
  return { ticks: numberTicks(start, end, step), place: linear(start, end, from, to) };
}

function linear(low: number, high: number, from: number, to: number): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** An axis needs two ends. */
function spread(kind: ScaleKind, least: number, most: number): [number, number] {
  if (kind === "log") {
    const [low, high] = [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most))];
    return low < high ? [low, high] : [low, low * 10];
  }
  if (least < most) return [least, most];
  const room = kind === "date" ? day : Math.max(1e-9, Math.abs(least) / 2) || 1;
  return [least - room, least + room];
}

/** The next of 1, 2, 5, 10, 20 ... */
function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const times = size / power;
  return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

function numberTicks(low: number, high: number, step: number): Tick[] {
  const ticks: Tick[] = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  for (let index = first; index <= last; index++) {
    const value = index * step;
    ticks.push({ value, label: numberLabel(value, step) });
  }
  return ticks;
}

function numberLabel(value: number, step: number): string {
  const size = Math.max(Math.abs(value), step);
  if (size >= 1e7 || step < 1e-5) return value === 0 ? "0" : value.toExponential(1).replace("e+", "e");
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = Math.abs(value).toFixed(digits);
  const isZero = Number(text) === 0;
  return `${value < 0 && !isZero ? "−" : ""}${Number(text) >= 10_000 ? Number(text).toLocaleString("en-US") : text}`;
}

/** Powers of ten; of many every so many. */
function logTicks(low: number, high: number, count: number): Tick[] {
  const [first, last] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / count));
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power += every) {
    const value = 10 ** power;
    ticks.push({
      value,
      label: power >= -3 && power <= 3 ? String(Number(value.toPrecision(1))) : `10${raised(power)}`,
    });
  }
  return ticks;
}

function raised(power: number): string {
  return [...String(power)].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)])).join("");
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Steps of a calendar from small to large. `size` in ms is about right for months and years. */
const calendar: readonly { readonly size: number; readonly unit: "fixed" | "month"; readonly count: number }[] = [
  ...[minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day].map(
    (size) => ({ size, unit: "fixed" as const, count: size }),
  ),
  ...[1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].map((count) => ({
    size: count * 30.4 * day,
    unit: "month" as const,
    count,
  })),
];

/** Whole years, months, days, hours (UTC). */
function dateTicks(low: number, high: number, count: number): Tick[] {
  const wanted = (high - low) / count;
  const { size, unit, count: by } = calendar.find((step) => step.size >= wanted) ?? calendar.at(-1)!;
  const ticks: Tick[] = [];
  if (unit === "fixed") {
    for (let value = Math.ceil(low / by) * by; value <= high; value += by) ticks.push(dateTick(value, size));
    return ticks;
  }
  const first = new Date(low);
  let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / by) * by;
  for (; ; month += by) {
    const value = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (value > high) return ticks;
    if (value >= low) ticks.push(dateTick(value, size));
  }
}

function dateTick(value: number, size: number): Tick {
  const date = new Date(value);
  const year = date.getUTCFullYear();
  if (size >= 360 * day) return { value, label: String(year) };
  const month = months[date.getUTCMonth()]!;
  if (size >= 28 * day) return { value, label: `${month} ${year}` };
  const dayOfMonth = `${date.getUTCDate()} ${month}`;
  if (size >= day) return { value, label: dayOfMonth };
  const two = (part: number): string => String(part).padStart(2, "0");
  return { value, label: `${dayOfMonth} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}` };
}
