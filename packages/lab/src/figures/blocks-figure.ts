/** A layer's arrays to scale as a drawing: rows are inputs, columns are units, a block for each gate. */
import { whole } from "../app/format.ts";
import { figureWords } from "../words-figures.ts";
import type { ArrayView } from "../worker/protocol.ts";
import { element, label, type Palette, standalone } from "./svg.ts";

const words = figureWords.blocks;
const width = 640;

export function blocksFigure(
  title: string,
  arrays: readonly ArrayView[],
  gates: readonly string[],
  palette: Palette,
): string {
  const matrices = arrays.map((array) => {
    const columns = array.shape.at(-1) ?? 1;
    return {
      ...array,
      columns,
      rows: array.size / columns,
      blocks: array.blocks.length > 1 ? array.blocks : [array.name],
    };
  });
  const cell = Math.min(
    (width - 60) / Math.max(...matrices.map(({ columns }) => columns)),
    320 / Math.max(...matrices.map(({ rows }) => rows)),
    28,
  );
  let y = 0;
  const body = matrices.flatMap(({ name, shape, size, rows, columns, blocks }) => {
    const top = y + 20;
    const high = Math.max(rows * cell, 3);
    y = top + high + 34;
    return [
      label(`${name} [${shape.join(" × ")}] = ${whole(size)}`, 24, top - 7, palette, {
        fill: palette("--ink"),
        "font-weight": 600,
      }),
      ...blocks.map((_, index) => {
        const color = palette(blocks.length > 1 ? `--gate-${index % 5}` : "--input");
        const wide = (columns / blocks.length) * cell;
        return element("rect", {
          x: 24 + index * wide,
          y: top,
          width: wide,
          height: high,
          fill: color,
          "fill-opacity": 0.25,
          stroke: color,
        });
      }),
      label(words.columns(columns), 24, top + high + 14, palette, { "font-size": 10, class: "axis-label" }),
      label(words.rows(rows), 0, 0, palette, {
        "font-size": 10,
        "text-anchor": "middle",
        transform: `translate(14 ${top + high / 2}) rotate(-90)`,
        class: "axis-label",
      }),
    ];
  });
  return standalone(
    {
      title,
      description: matrices
        .map(({ name, rows, columns, size }) => words.size(name, rows, columns, whole(size)))
        .join("; "),
      legend:
        gates.length > 1
          ? gates.map((gate, index) => ({
              label: figureWords.gate(gate),
              color: palette(`--gate-${index % 5}`),
              kind: "box",
            }))
          : [{ label: words.weights, color: palette("--input"), kind: "box" }],
      width,
      height: y,
      body,
    },
    palette,
  );
}
