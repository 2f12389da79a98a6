/** Where the lines, ticks and shades of a chart lie: for the chart on the page and for its drawing to take away. */
import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { rounded, scientific } from "../app/format.ts";
import { figureWords } from "../words-figures.ts";
import { markedIndices, markPath } from "./marks.ts";

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
  /** The x of the first value. */
  readonly from: number;
  readonly dash?: boolean;
  /** Points that nothing joins, so large in px. */
  readonly dots?: number;
  /** Which shape stands on it here and there (marks.ts), so that it is told from others without its colour. */
  readonly mark?: number;
}

export interface LineSpec {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly log?: boolean;
  readonly shade?: { readonly from: number; readonly label: string } | undefined;
}

/** A chart's size and the room around its plot, in px. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface LineLayout {
  readonly isEmpty: boolean;
  readonly xStart: number;
  readonly xEnd: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  /** One for each line. */
  readonly paths: readonly string[];
  /** Likewise: the shapes on it, empty where it has none. */
  readonly marks: readonly string[];
}

export function lineLayout({ lines, log = false }: LineSpec, box: Box): LineLayout {
  const finite = lines.flatMap(({ values }) => values.filter((value) => Number.isFinite(value) && (!log || value > 0)));
  const xEnd = Math.max(1, ...lines.map(({ values, from }) => from + values.length - 1));
  const xStart = Math.min(...lines.map(({ from }) => from), xEnd - 1);
  const x = scaleLinear()
    .domain([xStart, xEnd])
    .range([box.left, box.width - box.right]);
  const y = (log ? scaleLog() : scaleLinear())
    .domain(domainOf(finite, log))
    .nice()
    .range([box.height - box.bottom, box.top]);
  const yTicks = log ? logTicks(y.ticks()) : y.ticks(5);
  const shown = (value: number): boolean => Number.isFinite(value) && (!log || value > 0);
  return {
    isEmpty: finite.length === 0,
    xStart,
    xEnd,
    x,
    y,
    xTicks: x.ticks(Math.max(2, box.width / 110)).filter(Number.isInteger),
    yTicks,
    paths: lines.map(({ values, from, dots }) => {
      if (dots) return dotted(values, (index) => [x(from + index), y(values[index]!)], shown);
      const shape = line<number>()
        .defined((index) => shown(values[index]!))
        .x((index) => x(from + index))
        .y((index) => y(values[index]!));
      return shape(drawnIndices(values, box.width)) ?? "";
    }),
    marks: lines.map(({ values, from, mark }) => {
      if (mark === undefined) return "";
      const places = markedIndices(mark, values.length).filter((index) => shown(values[index]!));
      return places.map((index) => markPath(mark, x(from + index), y(values[index]!))).join("");
    }),
  };
}

/** A path of nothing but points: with round ends each is a dot. */
function dotted(
  values: readonly number[],
  place: (index: number) => readonly [number, number],
  shown: (value: number) => boolean,
): string {
  return values
    .flatMap((value, index) => (shown(value) ? [`M${place(index).map((one) => one.toFixed(1))}h0`] : []))
    .join("");
}

/**
 * Which of a line's points are drawn: all, or of more than two for each of `columns` the lowest and the highest of each, in
 * order, which look the same.
 */
export function drawnIndices(values: readonly number[], columns: number): number[] {
  if (values.length <= 2 * columns) return [...values.keys()];
  const width = values.length / columns;
  const drawn: number[] = [];
  for (let column = 0; column < columns; column++) {
    const [start, end] = [Math.floor(column * width), Math.floor((column + 1) * width)];
    let [low, high] = [start, start];
    for (let index = start; index < end; index++) {
      // What is no number is passed over, unless there is nothing else.
      if (values[index]! < values[low]! || Number.isNaN(values[low])) low = index;
      if (values[index]! > values[high]! || Number.isNaN(values[high])) high = index;
    }
    drawn.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return drawn;
}

function domainOf(values: readonly number[], log: boolean): [number, number] {
  const [low = log ? 0.1 : 0, high = 1] = extent(values);
  if (low === high) return log ? [low / 2, high * 2] : [low - 1, high + 1];
  const reachesZero = !log && low > 0 && low < high / 3;
  return [reachesZero ? 0 : low, high];
}

/** Powers of ten; where there are few of them, 2 and 5 between them too. */
function logTicks(ticks: readonly number[]): readonly number[] {
  const leading = (tick: number): number => Number(tick.toExponential()[0]);
  const powers = ticks.filter((tick) => leading(tick) === 1);
  if (powers.length > 2) return thinned(powers);
  return thinned(ticks.filter((tick) => [1, 2, 5].includes(leading(tick))));
}

function thinned(ticks: readonly number[]): number[] {
  return ticks.filter((_, index) => ticks.length <= 6 || index % Math.ceil(ticks.length / 6) === 0);
}

/** A number at a tick. */
export function tickText(value: number): string {
  const isFar = Math.abs(value) >= 10_000 || (Math.abs(value) < 0.001 && value !== 0);
  return isFar ? scientific(value, 0) : rounded(value, 3);
}

/** What the chart shows, as one sentence. */
export function lineSentence({ title, lines }: LineSpec, isEmpty: boolean): string {
  if (lines.length === 0 || isEmpty) return figureWords.lines.none(title);
  const ends = lines.map(({ name, values }) =>
    figureWords.lines.end(name, rounded(values.at(-1) ?? 0, 4), values.length),
  );
  return `${title}: ${ends.join("; ")}.`;
}
