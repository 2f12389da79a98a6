/** The cell of one timestep as a drawing: a box for each value with its units' numbers, lines for what it uses. On the way back the boxes hold gradients. */
import { accent, fitting, gradientName, nameParts, short } from "../app/format.ts";
import { writeUnits } from "../app/units.ts";
import { figureWords } from "../words-figures.ts";
import type { RunNumbers, RunView, SceneNode } from "../worker/protocol.ts";
import { element, type LegendEntry, label, type Palette, standalone } from "./svg.ts";

const words = figureWords.cell;
const boxWidth = 132;
const gapX = 56;
const gapY = 22;
const rowHeight = 17;
/** More where an old number stands above one of the row. */
const ghostHeight = 10;
/** Letters of a meaning on one line of a box. */
const lineLetters = 26;

/** What of a run is drawn; the page shows the same. */
export interface CellShown {
  readonly run: RunView;
  /** True where the run holds gradients instead of values. */
  readonly backward: boolean;
  /** In order of processing. */
  readonly t: number;
  readonly units: readonly number[];
  readonly features: readonly number[];
  readonly digits: number;
}

interface Shown {
  readonly text: string;
  /** Before the user's changes, where it reads differently. */
  readonly was: string;
}

interface Placed {
  readonly node: SceneNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly numbers: readonly Shown[];
  /** "units 3, 17 of 64"; empty where all are drawn. */
  readonly which: string;
  /** The meaning on one or two lines. */
  readonly meaning: readonly string[];
}

export function cellFigure(shown: CellShown, palette: Palette): string {
  const { run, t, backward } = shown;
  const { scene } = run;
  const color = (node: SceneNode): string => palette(accent(node.gate, node.role, node.name).slice(4, -1));
  const ranks = Array.from({ length: 1 + Math.max(...scene.nodes.map(({ rank }) => rank)) }, (_, rank) =>
    scene.nodes.filter((node) => node.rank === rank).map((node) => measured(shown, node)),
  );
  const heightOf = (boxes: readonly { readonly height: number }[]): number =>
    boxes.reduce((sum, { height }) => sum + height + gapY, -gapY);
  const height = Math.max(...ranks.map(heightOf));
  const placed = new Map<string, Placed>();
  for (const [rank, boxes] of ranks.entries()) {
    let y = (height - heightOf(boxes)) / 2;
    for (const one of boxes) {
      placed.set(one.node.name, { ...one, x: rank * (boxWidth + gapX), y });
      y += one.height + gapY;
    }
  }
  const boxes = [...placed.values()];
  const lines = boxes.flatMap((to) =>
    to.node.uses.flatMap(({ from }) => {
      const source = placed.get(from);
      return source === undefined ? [] : [curve(source, to, color(to.node), backward)];
    }),
  );
  const gates = scene.gates.map(
    (gate, index): LegendEntry => ({
      label: figureWords.gate(gate),
      color: palette(`--gate-${index % 5}`),
      kind: "box",
    }),
  );
  const timestep = run.timesteps[t]! + 1;
  return standalone(
    {
      title: words.title(run.name, scene.kind, timestep, run.timesteps.length, backward),
      description: words.sentence(
        timestep,
        boxes.map(({ node, numbers }) => {
          const said = numbers.map(({ text, was }) => (was === "" ? text : words.wasBefore(text, was)));
          return `${backward ? gradientName(node.name) : node.name} = ${said.join(", ")}`;
        }),
        backward,
      ),
      legend: [
        ...gates,
        { label: words.input, color: palette("--input"), kind: "box" },
        { label: words.hidden, color: palette("--hidden"), kind: "box" },
        ...(scene.nodes.some(({ name }) => name === "c" || name === "cPrev")
          ? [{ label: words.memory, color: palette("--memory"), kind: "box" } as const]
          : []),
        ...(backward ? [{ label: words.rightToLeft, color: palette("--soft"), kind: "dashed" } as const] : []),
      ],
      width: ranks.length * (boxWidth + gapX) - gapX,
      height,
      body: [...lines, ...boxes.flatMap((box) => drawn(box, color(box.node), backward, palette))],
    },
    palette,
  );
}

function dataOf({ name, role }: SceneNode, of: RunNumbers): Float64Array {
  return role === "input" ? of.x : role === "state" ? of.before[name]! : of.values[name]!;
}

function measured({ run, backward, t, units, features, digits }: CellShown, node: SceneNode): Omit<Placed, "x" | "y"> {
  const isInput = node.role === "input";
  const [width, list] = isInput ? [run.features, features] : [run.units, units];
  const [data, old] = [dataOf(node, run), run.was && dataOf(node, run.was)];
  const write = (value: number): string => (backward ? short(value, Math.min(digits, 3)) : fitting(value, digits));
  const numbers = list.map((index): Shown => {
    const at = t * width + index;
    const [text, was] = [write(data[at]!), old === undefined ? "" : write(old[at]!)];
    return { text, was: was === text ? "" : was };
  });
  const which =
    list.length === width
      ? ""
      : words[isInput ? "features" : "units"](writeUnits(list, 1).replaceAll(",", ", "), width);
  const meaning = inLines(node.meaning);
  return {
    node,
    numbers,
    which,
    meaning,
    height: 28 + meaning.length * 11 + Math.ceil(numbers.length / 2) * rowOf(numbers) + (which === "" ? 0 : rowHeight),
  };
}

function rowOf(numbers: readonly Shown[]): number {
  return rowHeight + (numbers.some(({ was }) => was !== "") ? ghostHeight : 0);
}

function drawn(
  { node, x, y, height, numbers, which, meaning }: Placed,
  color: string,
  backward: boolean,
  palette: Palette,
): string[] {
  const { front, base, below, hat } = nameParts(backward ? gradientName(node.name) : node.name);
  const name = [
    ...(front === "" ? [] : [element("tspan", { "font-size": 12 }, front)]),
    element("tspan", { "font-style": "italic" }, `${base}${hat ? "\u0302" : ""}`),
    element("tspan", { "font-size": 10, dy: 4 }, below),
  ];
  const row = rowOf(numbers);
  const mono = { "text-anchor": "end", "font-family": "ui-monospace, Menlo, Consolas, monospace" };
  return [
    element("rect", { x, y, width: boxWidth, height, rx: 8, fill: palette("--card"), stroke: palette("--line") }),
    element("rect", { x, y, width: 4, height, rx: 2, fill: color }),
    element("text", { x: x + 12, y: y + 18, fill: color, "font-size": 15, "font-weight": 650 }, name),
    label(node.operator, x + boxWidth - 8, y + 18, palette, { "text-anchor": "end" }),
    ...meaning.map((line, index) => label(line, x + 12, y + 31 + index * 11, palette, { "font-size": 9 })),
    ...numbers.flatMap(({ text, was }, index) => {
      const [right, base] = [
        x + 12 + ((index % 2) + 1) * 54,
        y + 18 + row + meaning.length * 11 + Math.floor(index / 2) * row,
      ];
      const now = label(text, right, base, palette, { ...mono, "font-size": 11, fill: palette("--ink") });
      if (was === "") return [now];
      return [
        label(was, right, base - 11, palette, { ...mono, "font-size": 9, "text-decoration": "line-through" }),
        now,
      ];
    }),
    ...(which === "" ? [] : [label(which, x + 12, y + height - 7, palette, { "font-size": 9 })]),
  ];
}

function inLines(text: string): string[] {
  if (text.length <= lineLetters) return [text];
  const middle = text.lastIndexOf(" ", lineLetters);
  return middle < 0 ? [text] : [text.slice(0, middle), text.slice(middle + 1)];
}

function curve(from: Placed, to: Placed, color: string, backward: boolean): string {
  const [x1, y1] = [from.x + boxWidth, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const bend = Math.max(18, (x2 - x1) / 2);
  return element("path", {
    d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
    fill: "none",
    stroke: color,
    "stroke-width": 1.4,
    "stroke-opacity": 0.55,
    ...(backward ? { "stroke-dasharray": "2 5" } : {}),
  });
}
