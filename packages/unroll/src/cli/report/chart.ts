/**
 * One chart as SVG: title, axes with names, legend, lines, points, bars, bands. Colours are classes, so that a page decides
 * them for light, dark and paper. Every text from outside is escaped here.
 */
import { escapeXml } from "../../equations/printers.ts";
import { makeScale, type Scale, type ScaleKind } from "./scale.ts";

/** What a series stands for; a class of its own each, told apart by dashes as well as by colour. */
export type Role = "truth" | "model" | "naive" | "seasonal" | "other";

export interface ChartSeries {
  readonly kind: "line" | "points" | "bars";
  readonly name: string;
  readonly role: Role;
  /** Ascending for lines; left edges for bars. */
  readonly x: ArrayLike<number>;
  /** Same length; NaN leaves a gap. */
  readonly y: ArrayLike<number>;
}

/** A stretch of the x axis with a name. */
export interface ChartBand {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly shade: 0 | 1 | 2;
}

export interface ChartAxis {
  /** Name and unit. */
  readonly label: string;
  readonly kind: ScaleKind;
}

export interface Chart {
  readonly title: string;
  /** What it shows, for those who do not see it. */
  readonly description: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly series: readonly ChartSeries[];
  readonly bands?: readonly ChartBand[];
  /** Vertical lines with words. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Whether 0 must be on the y axis. */
  readonly fromZero?: boolean;
  /** Width of bars along x. */
  readonly barWidth?: number;
}

/** px. */
const size = { width: 760, height: 320 };
const margin = { left: 62, right: 14, bottom: 44 };
/** Height of title and name of the y axis, and of a legend between them. */
const head = { title: 54, legend: 24 };
/** Most points of a line before it is thinned out to the highest and the lowest of each pixel. */
const mostPoints = 2 * (size.width - margin.left - margin.right);

/** An `<svg>` element, in a block that scrolls where the page is narrow. */
export function drawChart(chart: Chart): string {
  const right = size.width - margin.right;
  const bottom = size.height - margin.bottom;
  const top = head.title + (hasLegend(chart) ? head.legend : 0);
  const x = makeScale(chart.x.kind, xRange(chart), [margin.left, right], { count: 7 });
  const y = makeScale(chart.y.kind, yRange(chart), [bottom, top], { count: 5, round: true });
  const parts = [
    ...(chart.bands ?? []).map((band) => drawBand(band, x, [top, bottom])),
    ...y.ticks.map(
      ({ value, label }) =>
        `<line class="${value === 0 ? "axis" : "grid"}" x1="${margin.left}" x2="${right}" y1="${px(y.place(value))}" y2="${px(y.place(value))}"/>` +
        text("tick", margin.left - 8, y.place(value) + 4, label, "end"),
    ),
    ...x.ticks.map(
      ({ value, label }) =>
        `<line class="axis" x1="${px(x.place(value))}" x2="${px(x.place(value))}" y1="${bottom}" y2="${bottom + 5}"/>` +
        text("tick", x.place(value), bottom + 18, label, "middle"),
    ),
    `<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...(chart.marks ?? []).map((mark) => drawMark(mark, x, [top, bottom])),
    ...chart.series.map((one) => drawSeries(one, chart, x, y, bottom)),
    text("name", (margin.left + right) / 2, size.height - 6, chart.x.label, "middle"),
    text("name", 0, top - 12, chart.y.label, "start"),
    text("title", 0, 16, chart.title, "start"),
    ...(hasLegend(chart) ? [legend(chart.series)] : []),
  ];
  return [
    `<div class="scroll"><svg viewBox="0 0 ${size.width} ${size.height}" role="img" xmlns="http://www.w3.org/2000/svg">`,
    `<title>${escapeXml(chart.title)}</title><desc>${escapeXml(chart.description)}</desc>`,
    ...parts,
    "</svg></div>",
  ].join("\n");
}

function xRange({ series, bands = [], barWidth = 0 }: Chart): [number, number] {
  const values = [...series.map(({ x }) => x), bands.flatMap(({ from, to }) => [from, to])];
  const [least, most] = rangeOf(values);
  return [least, most + barWidth];
}

function yRange({ series, y, fromZero }: Chart): [number, number] {
  const [least, most] = rangeOf(
    series.map((one) => one.y),
    y.kind === "log",
  );
  return fromZero === true ? [Math.min(0, least), Math.max(0, most)] : [least, most];
}

/** Of all finite values; [0, 1], or [1, 10] where only those above 0 count, when there are none. */
function rangeOf(lists: readonly ArrayLike<number>[], positive = false): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!;
      if (!Number.isFinite(value) || (positive && value <= 0)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (least <= most) return [least, most];
  return positive ? [1, 10] : [0, 1];
}

function drawBand({ name, from, to, shade }: ChartBand, x: Scale, [top, bottom]: readonly [number, number]): string {
  const [left, right] = [x.place(from), x.place(to)];
  return (
    `<rect class="band-${shade}" x="${px(left)}" y="${top}" width="${px(right - left)}" height="${bottom - top}"/>` +
    text("band-name", (left + right) / 2, top + 14, name, "middle")
  );
}

function drawMark(
  { x: value, label }: { readonly x: number; readonly label: string },
  x: Scale,
  [top, bottom]: readonly [number, number],
): string {
  const at = x.place(value);
  const isLeft = at > (size.width * 2) / 3;
  return (
    `<line class="mark" x1="${px(at)}" x2="${px(at)}" y1="${top}" y2="${bottom}"/>` +
    text("band-name", at + (isLeft ? -6 : 6), top + 14, label, isLeft ? "end" : "start")
  );
}

function drawSeries(one: ChartSeries, chart: Chart, x: Scale, y: Scale, bottom: number): string {
  const isDrawn = (value: number): boolean => Number.isFinite(value) && (chart.y.kind !== "log" || value > 0);
  if (one.kind === "points") {
    const dots = places(one, x, y, isDrawn).filter((place) => place !== undefined);
    return `<path class="points ${one.role}" d="${dots.map(([left, top]) => `M${px(left)} ${px(top)}h0`).join("")}"/>`;
  }
  if (one.kind === "bars") {
    const bars = Array.from({ length: one.x.length }, (_, i) => {
      const [left, right] = [x.place(one.x[i]!), x.place(one.x[i]! + (chart.barWidth ?? 0))];
      const top = y.place(one.y[i]!);
      return `<rect class="bar ${one.role}" x="${px(left + 0.5)}" y="${px(top)}" width="${px(right - left - 1)}" height="${px(bottom - top)}"/>`;
    });
    return bars.join("");
  }
  let path = "";
  let isPen = false;
  for (const place of thinned(places(one, x, y, isDrawn))) {
    if (place === undefined) isPen = false;
    else {
      path += `${isPen ? "L" : "M"}${px(place[0])} ${px(place[1])}`;
      // A value between two gaps shows as a dot.
      if (!isPen) path += "h0";
      isPen = true;
    }
  }
  return `<path class="line ${one.role}" d="${path}"/>`;
}

type Point = readonly [left: number, top: number];

function places({ x: xs, y: ys }: ChartSeries, x: Scale, y: Scale, isDrawn: (value: number) => boolean) {
  return Array.from({ length: xs.length }, (_, i): Point | undefined =>
    isDrawn(ys[i]!) ? [x.place(xs[i]!), y.place(ys[i]!)] : undefined,
  );
}

/** Of many points only the first, the highest, the lowest and the last of each pixel: the line looks the same. */
function thinned(points: readonly (Point | undefined)[]): readonly (Point | undefined)[] {
  if (points.length <= mostPoints) return points;
  const kept: (Point | undefined)[] = [];
  for (let start = 0; start < points.length; ) {
    const first = points[start];
    let end = start + 1;
    const isSame = (other: Point | undefined): boolean =>
      first === undefined ? other === undefined : other !== undefined && Math.floor(other[0]) === Math.floor(first[0]);
    while (end < points.length && isSame(points[end])) end++;
    const group = points.slice(start, end);
    if (first === undefined || group.length <= 4) kept.push(...(first === undefined ? [undefined] : group));
    else {
      const tops = group.map((point) => point![1]);
      const wanted = new Set([0, tops.indexOf(Math.min(...tops)), tops.indexOf(Math.max(...tops)), group.length - 1]);
      kept.push(...[...wanted].sort((a, b) => a - b).map((index) => group[index]));
    }
    start = end;
  }
  return kept;
}

/** A single series is named by the title. */
function hasLegend({ series }: Chart): boolean {
  return series.length > 1;
}

/** Names with a stroke of their kind, in one row under the title. */
function legend(series: readonly ChartSeries[]): string {
  let left = 0;
  const entries = series.map(({ name, role, kind }) => {
    const stroke =
      kind === "points"
        ? `<path class="points ${role}" d="M${left + 11} 36h0"/>`
        : `<path class="line ${role}" d="M${left} 36h22"/>`;
    const entry = stroke + text("legend", left + 28, 40, name, "start");
    // About the width of its letters.
    left += 46 + 6.6 * name.length;
    return entry;
  });
  return entries.join("");
}

function text(role: string, left: number, top: number, words: string, anchor: "start" | "middle" | "end"): string {
  return `<text class="${role}" x="${px(left)}" y="${px(top)}" text-anchor="${anchor}">${escapeXml(words)}</text>`;
}

/** A tenth of a pixel is as fine as anybody sees. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
