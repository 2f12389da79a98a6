/** The cell of one timestep as a drawing: a box for each value with its units' numbers, lines for what it uses. */
import { accent, decimal, nameParts } from "../app/format.ts";
import type { RunView, SceneNode } from "../worker/protocol.ts";
import { element, type LegendEntry, label, type Palette, standalone } from "./svg.ts";

const boxWidth = 132;
const gapX = 56;
const gapY = 22;
const mostUnits = 8;
const rowHeight = 17;
/** Letters of a meaning on one line of a box. */
const lineLetters = 26;

interface Placed {
  readonly node: SceneNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly numbers: readonly number[];
  readonly left: number;
  /** The meaning on one or two lines. */
  readonly meaning: readonly string[];
}

/** `t` counts steps in order of processing. */
export function cellFigure(run: RunView, t: number, digits: number, palette: Palette): string {
  const { scene } = run;
  const color = (node: SceneNode): string => palette(accent(node.gate, node.role, node.name).slice(4, -1));
  const ranks = Array.from({ length: 1 + Math.max(...scene.nodes.map(({ rank }) => rank)) }, (_, rank) =>
    scene.nodes.filter((node) => node.rank === rank).map((node) => measured(run, node, t)),
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
      return source === undefined ? [] : [curve(source, to, color(to.node))];
    }),
  );
  const gates = scene.gates.map(
    (gate, index): LegendEntry => ({ label: `gate ${gate}`, color: palette(`--gate-${index % 5}`), kind: "box" }),
  );
  const timestep = run.timesteps[t]! + 1;
  return standalone(
    {
      title: `${run.name} (${scene.kind}), timestep ${timestep} of ${run.timesteps.length}`,
      description: `The cell at timestep ${timestep}: ${boxes.map(({ node, numbers }) => `${node.name} = ${numbers.map((value) => decimal(value, digits)).join(", ")}`).join("; ")}.`,
      legend: [
        ...gates,
        { label: "input", color: palette("--input"), kind: "box" },
        { label: "hidden state", color: palette("--hidden"), kind: "box" },
        ...(scene.nodes.some(({ name }) => name === "c" || name === "cPrev")
          ? [{ label: "cell state", color: palette("--memory"), kind: "box" } as const]
          : []),
      ],
      width: ranks.length * (boxWidth + gapX) - gapX,
      height,
      body: [...lines, ...boxes.flatMap((box) => drawn(box, color(box.node), digits, palette))],
    },
    palette,
  );
}

function measured(run: RunView, node: SceneNode, t: number): Omit<Placed, "x" | "y"> {
  const isInput = node.role === "input";
  const width = isInput ? run.features : run.units;
  const data = isInput ? run.x : node.role === "state" ? run.before[node.name]! : run.values[node.name]!;
  const numbers = Array.from(data.subarray(t * width, t * width + Math.min(width, mostUnits)));
  const left = width - numbers.length;
  const meaning = inLines(node.meaning);
  return {
    node,
    numbers,
    left,
    meaning,
    height: 28 + meaning.length * 11 + Math.ceil(numbers.length / 2) * rowHeight + (left > 0 ? rowHeight : 0),
  };
}

function drawn(
  { node, x, y, height, numbers, left, meaning }: Placed,
  color: string,
  digits: number,
  palette: Palette,
): string[] {
  const { base, below, hat } = nameParts(node.name);
  const name = [
    element("tspan", { "font-style": "italic" }, `${base}${hat ? "\u0302" : ""}`),
    element("tspan", { "font-size": 10, dy: 4 }, below),
  ];
  return [
    element("rect", { x, y, width: boxWidth, height, rx: 8, fill: palette("--card"), stroke: palette("--line") }),
    element("rect", { x, y, width: 4, height, rx: 2, fill: color }),
    element("text", { x: x + 12, y: y + 18, fill: color, "font-size": 15, "font-weight": 650 }, name),
    label(node.operator, x + boxWidth - 8, y + 18, palette, { "text-anchor": "end" }),
    ...meaning.map((line, index) => label(line, x + 12, y + 31 + index * 11, palette, { "font-size": 9 })),
    ...numbers.map((value, index) =>
      label(
        decimal(value, Math.min(5, digits)),
        x + 12 + ((index % 2) + 1) * 54,
        y + 35 + meaning.length * 11 + Math.floor(index / 2) * rowHeight,
        palette,
        {
          "text-anchor": "end",
          "font-size": 11,
          fill: palette("--ink"),
          "font-family": "ui-monospace, Menlo, Consolas, monospace",
        },
      ),
    ),
    ...(left > 0 ? [label(`and ${left} more`, x + 12, y + height - 7, palette, { "font-size": 10 })] : []),
  ];
}

function inLines(text: string): string[] {
  if (text.length <= lineLetters) return [text];
  const middle = text.lastIndexOf(" ", lineLetters);
  return middle < 0 ? [text] : [text.slice(0, middle), text.slice(middle + 1)];
}

function curve(from: Placed, to: Placed, color: string): string {
  const [x1, y1] = [from.x + boxWidth, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const bend = Math.max(18, (x2 - x1) / 2);
  return element("path", {
    d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
    fill: "none",
    stroke: color,
    "stroke-width": 1.4,
    "stroke-opacity": 0.55,
  });
}
