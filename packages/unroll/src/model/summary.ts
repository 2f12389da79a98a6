/**
 * The text of a summary in the words of a chosen Keras. Only the choice; the texts are beside this file.
 */
import { badOption, UnrollError } from "../core/errors.ts";
import { keras2Summary } from "./summary-keras2.ts";
import { keras3Summary } from "./summary-keras3.ts";
import { longestLine, type SummaryParts } from "./summary-parts.ts";
import type { SummaryTable } from "./summary-table.ts";

export interface SummaryTextOptions extends SummaryParts {
  /** Whose table: by default "keras3". */
  readonly style?: "keras2" | "keras3";
  /** The Keras 2 that prints, for style "keras2"; by default "2.12". */
  readonly version?: string;
  /** Characters of a line; by default what Keras takes. */
  readonly width?: number;
  /** Columns of the terminal, for style "keras3"; by default 80, or what `width` needs. */
  readonly terminal?: number;
  /** One more column: Y, N, or - for a layer without weights. */
  readonly showTrainable?: boolean;
  /** Also the layers of models that are used as layers. */
  readonly expandNested?: boolean;
}

/** The names of `SummaryTextOptions`; the type asks for each. */
export const summaryTextOptions = Object.keys({
  style: true,
  version: true,
  width: true,
  terminal: true,
  showTrainable: true,
  expandNested: true,
  positions: true,
  layerRange: true,
} satisfies Record<keyof SummaryTextOptions, true>);

/**
 * The table as Keras prints it, byte for byte, each line ended.
 *
 * @throws UnrollError `option` for a style, version, width, terminal, positions or range that cannot be printed; `unbuilt` for style "keras2" before shapes are known.
 */
export function summaryText(table: SummaryTable, options: SummaryTextOptions = {}): string {
  const { style = "keras3", width, terminal } = options;
  for (const [name, value] of Object.entries({ width, terminal })) {
    if (value === undefined || (Number.isInteger(value) && value > 0 && value <= longestLine)) continue;
    throw badOption("summary", name, `a whole number of characters from 1 to ${longestLine}`, value);
  }
  if (style === "keras2") return keras2Summary(table, options);
  if (style === "keras3") {
    return keras3Summary(table, { ...options, terminal: terminal ?? Math.max(80, (width ?? 0) + 4) });
  }
  throw new UnrollError({
    code: "option",
    path: "summary",
    expected: 'style must be "keras2" or "keras3"',
    received: `style = ${JSON.stringify(style)}`,
  });
}
