/** A field of numbers as few paths, one for each shade: thousands of rectangles are dear to draw, and eyes tell few shades apart. */

/** Shades of one sign; the strongest is that of 1 and beyond. */
const shades = 20;

export interface HeatPath {
  /** How strong, in percent of the full colour; whole shades only. */
  readonly percent: number;
  readonly negative: boolean;
  /** All cells of the shade; a cell is 1 wide and high, with a gap. */
  readonly d: string;
}

/** `valueAt(row, column)` is drawn in column `column` of row `row`. */
export function heatPaths(
  rows: number,
  columns: number,
  valueAt: (row: number, column: number) => number,
): readonly HeatPath[] {
  const cells = new Map<number, string>();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const shade = Math.round(Math.max(-1, Math.min(1, valueAt(row, column))) * shades) || 0; // no −0
      cells.set(shade, `${cells.get(shade) ?? ""}M${column}.03 ${row}.04h.94v.92h-.94z`);
    }
  }
  return [...cells].map(([shade, d]) => ({ percent: (Math.abs(shade) * 100) / shades, negative: shade < 0, d }));
}
