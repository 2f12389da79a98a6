/** Drawings that stand alone: an SVG with its title, legend, fonts as text and colours written out. Knows no page. */

import { markPath } from "./marks.ts";

/** A colour of the design by its name: "--gate-0" → "rgb(11, 99, 189)". */
export type Palette = (name: string) => string;

export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly kind: "line" | "dashed" | "box";
  /** The shape on the line (marks.ts). */
  readonly mark?: number;
}

export interface Frame {
  readonly title: string;
  /** What the drawing shows, as a sentence, for those who do not see it. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  /** Of the body, in px. */
  readonly width: number;
  readonly height: number;
  /** Elements, with their origin at the body's top left. */
  readonly body: readonly string[];
}

const padding = 20;
const titleHeight = 34;
const legendRow = 22;
/** Width of a letter of 12 px, roughly; legends break lines by it. */
const letter = 6.6;

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** An element with its attributes; a text inside is escaped, elements inside are not. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  inside: string | readonly string[] = [],
): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : escapeXml(value);
    return ` ${key}="${text}"`;
  });
  const content = typeof inside === "string" ? escapeXml(inside) : inside.join("");
  return content === "" ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${content}</${name}>`;
}

export function label(
  text: string,
  x: number,
  y: number,
  palette: Palette,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  return element("text", { x, y, fill: palette("--soft"), "font-size": 12, ...attributes }, text);
}

/** The whole file. */
export function standalone({ title, description, legend, width, height, body }: Frame, palette: Palette): string {
  const rows = legendRows(legend, width);
  const top = padding + titleHeight + rows.length * legendRow + 6;
  const [fullWidth, fullHeight] = [width + 2 * padding, top + height + padding];
  const parts = [
    element("title", { id: "title" }, title),
    element("desc", { id: "desc" }, description),
    element("rect", { width: fullWidth, height: fullHeight, fill: palette("--card") }),
    label(title, padding, padding + 16, palette, { "font-size": 18, "font-weight": 650, fill: palette("--ink") }),
    ...rows.map((entries, row) =>
      element(
        "g",
        { transform: `translate(${padding} ${padding + titleHeight + row * legendRow})`, class: "legend" },
        entries.flatMap((entry) => mark(entry, palette)),
      ),
    ),
    element("g", { transform: `translate(${padding} ${top})` }, body),
  ];
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: Math.ceil(fullWidth),
      height: Math.ceil(fullHeight),
      viewBox: `0 0 ${Math.ceil(fullWidth)} ${Math.ceil(fullHeight)}`,
      role: "img",
      "aria-labelledby": "title desc",
      "font-family": "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    },
    parts,
  );
}

interface Placed extends LegendEntry {
  readonly x: number;
}

function legendRows(legend: readonly LegendEntry[], width: number): Placed[][] {
  const rows: Placed[][] = [];
  let x = 0;
  for (const entry of legend) {
    const needed = 46 + entry.label.length * letter;
    if (rows.length === 0 || (x > 0 && x + needed > width)) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ ...entry, x });
    x += needed;
  }
  return rows;
}

function mark({ label: text, color, kind, x, mark: shape }: Placed, palette: Palette): string[] {
  const sign =
    kind === "box"
      ? element("rect", { x: x + 8, y: 1, width: 12, height: 12, rx: 3, fill: color })
      : element("line", {
          x1: x,
          x2: x + 22,
          y1: 7,
          y2: 7,
          stroke: color,
          "stroke-width": 2.5,
          ...(kind === "dashed" ? { "stroke-dasharray": "5 4" } : {}),
        });
  const on = shape === undefined ? [] : [element("path", { d: markPath(shape, x + 11, 7), fill: color })];
  return [sign, ...on, label(text, x + 28, 11, palette, { fill: palette("--ink") })];
}
