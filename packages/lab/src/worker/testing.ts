/** What tests of printed summaries share. */

export type Row = readonly [name: string, shape: string, count: number];

/** The table of a summary as Keras 2 prints it. */
export const table = (rows: readonly Row[]): string =>
  [
    'Model: "sequential"',
    "_".repeat(65),
    ` ${"Layer (type)".padEnd(36)}${"Output Shape".padEnd(26)}Param #`,
    "=".repeat(65),
    ...rows.map(([name, shape, count]) => ` ${name.padEnd(36)}${shape.padEnd(26)}${count}`),
    "=".repeat(65),
    `Total params: ${rows.reduce((sum, [, , count]) => sum + count, 0)}`,
  ].join("\n");
