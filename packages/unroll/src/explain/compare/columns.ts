/** Cells beside each other in lines of a given width: one that is too wide goes on below, in its own column. */

/** What a line must not break: `["gru", "(GRU)", "(None, 4)", "132"]`. */
export type CellUnits = readonly string[];

/** The lines of each row, columns two spaces apart; a unit that is too long by itself is cut. */
export function columnLines(rows: readonly (readonly CellUnits[])[], width: number): string[][] {
  const widest = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.join(" ").length)));
  const widths = sharedWidths(widest, width - 2 * (widest.length - 1));
  return rows.map((row) => {
    const cells = row.map((units, column) => filled(units, widths[column]!));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, column) => (lines[line] ?? "").padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
  });
}

/** What each column gets of the room: narrow ones all they need, the others equal parts of the rest. */
function sharedWidths(widest: readonly number[], room: number): number[] {
  const widths = [...widest];
  let left = room;
  const byNeed = [...widest.keys()].sort((a, b) => widest[a]! - widest[b]!);
  byNeed.forEach((column, place) => {
    widths[column] = Math.min(widest[column]!, Math.max(1, Math.floor(left / (byNeed.length - place))));
    left -= widths[column]!;
  });
  return widths;
}

/** Lines of at most `width`, the later ones indented. */
function filled(units: CellUnits, width: number): string[] {
  const lines: string[] = [];
  for (const unit of units) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + unit.length <= width) lines[lines.length - 1] = `${last} ${unit}`;
    else lines.push(cut(last === undefined ? unit : `  ${unit}`, width));
  }
  return lines;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
