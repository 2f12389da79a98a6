/** Four small shapes that tell lines apart without their colours: circle, square, triangle, diamond. */

/** About as many stand on a line. */
const onLine = 6;

/** The outline of a line's shape around a place, `size` px from its middle to its edge. */
export function markPath(mark: number, x: number, y: number, size = 4.5): string {
  const at = (dx: number, dy: number): string => `${(x + dx * size).toFixed(1)},${(y + dy * size).toFixed(1)}`;
  switch (mark % 4) {
    case 0: {
      const radius = size.toFixed(1);
      return `M${at(-1, 0)}a${radius},${radius} 0 1 0 ${(2 * size).toFixed(1)},0a${radius},${radius} 0 1 0 ${(-2 * size).toFixed(1)},0z`;
    }
    case 1:
      return `M${at(-0.9, -0.9)}L${at(0.9, -0.9)}L${at(0.9, 0.9)}L${at(-0.9, 0.9)}z`;
    case 2:
      return `M${at(0, -1.15)}L${at(1.1, 0.85)}L${at(-1.1, 0.85)}z`;
    default:
      return `M${at(0, -1.25)}L${at(1.25, 0)}L${at(0, 1.25)}L${at(-1.25, 0)}z`;
  }
}

/** Where on a line of so many points its shapes stand: those of other lines elsewhere, so that none hides another. */
export function markedIndices(mark: number, count: number): number[] {
  if (count === 0) return [];
  if (count < 2 * onLine) return [count - 1];
  const step = (count - 1) / onLine;
  const places = Array.from({ length: onLine }, (_, at) => Math.round(step * (at + 0.35 + 0.16 * (mark % 4))));
  return [...new Set(places)].filter((index) => index < count);
}
