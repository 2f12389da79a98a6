/** Draws sweeps of sizes as small multiples with logarithmic axes: what was measured, and dashed what the arithmetic says. */

export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly { readonly x: number; readonly measured: number; readonly counted: number }[];
}

export interface Sweep {
  /** What grows: "batch". */
  readonly changed: string;
  readonly series: readonly Series[];
}

const panel = { width: 220, height: 170, left: 52, top: 28, right: 12, bottom: 30 };
const colour = "#1f6f8b";

/** A row for each series, a column for each sweep. A dashed line goes through the last measured point. */
export function plotOf(sweeps: readonly Sweep[]): string {
  const rows = sweeps[0]!.series.length;
  const [width, height] = [sweeps.length * panel.width, rows * panel.height];
  const panels = sweeps.flatMap(({ changed, series }, column) =>
    series.map(
      (one, row) =>
        `<g transform="translate(${column * panel.width} ${row * panel.height})">${panelOf(changed, one)}</g>`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img">
<title>Time and memory of an LSTM against batch, timesteps, units and layers; dashed: growth by the count</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}

function panelOf(changed: string, { name, unit, points }: Series): string {
  const last = points.at(-1)!;
  // The count says how it grows, not how much it is.
  const counted = points.map((point) => (point.counted / last.counted) * last.measured);
  const measured = points.map((point) => point.measured);
  const x = logScale(
    points.map((point) => point.x),
    panel.left,
    panel.width - panel.right,
  );
  const y = logScale([...measured, ...counted], panel.height - panel.bottom, panel.top);
  const line = (numbers: readonly number[]): string =>
    numbers.map((value, i) => `${round(x(points[i]!.x))},${round(y(value))}`).join(" ");
  const low = Math.min(...measured, ...counted);
  const high = Math.max(...measured, ...counted);
  const bottom = panel.height - panel.bottom;
  return [
    `<text x="${panel.left}" y="16">${name}, ${unit}, by ${changed}</text>`,
    `<path d="M${panel.left} ${panel.top}V${bottom}H${panel.width - panel.right}" fill="none" stroke="#777"/>`,
    ...points.map(
      (point) => `<text x="${round(x(point.x))}" y="${bottom + 15}" text-anchor="middle">${point.x}</text>`,
    ),
    ...[low, high].map(
      (value) => `<text x="${panel.left - 5}" y="${round(y(value) + 4)}" text-anchor="end">${short(value)}</text>`,
    ),
    `<polyline points="${line(counted)}" fill="none" stroke="#777" stroke-dasharray="4 3"/>`,
    `<polyline points="${line(measured)}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    ...measured.map(
      (value, i) => `<circle cx="${round(x(points[i]!.x))}" cy="${round(y(value))}" r="2.5" fill="${colour}"/>`,
    ),
  ].join("");
}

function logScale(numbers: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log(Math.min(...numbers)), Math.log(Math.max(...numbers))];
  return (value) => from + ((Math.log(value) - low) / (high - low)) * (to - from);
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}
