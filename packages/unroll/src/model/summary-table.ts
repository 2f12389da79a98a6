/**
 * What a summary says, as data: rows and totals. Models, notebooks' printed tables and the command line share it;
 * summary-keras2.ts and summary-keras3.ts turn it into text.
 */
import type { Shape } from "../core/shape.ts";

/** `lstm[0][1]`: the second output of the first call of the layer named lstm. */
export interface Connection {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

export interface SummaryRow {
  readonly name: string;
  /** Keras's class name: "LSTM". */
  readonly className: string;
  /** One for each output; undefined = not known before data comes; "multiple" = its calls give several (Keras 2). */
  readonly outputShapes: readonly Shape[] | "multiple" | undefined;
  /** undefined = the layer has no arrays yet because its input is not known. */
  readonly params: number | undefined;
  readonly connectedTo: readonly Connection[];
  readonly trainable: boolean;
  readonly hasWeights: boolean;
  /** Rows of a model used as a layer. */
  readonly nested: readonly SummaryRow[];
  /** True for what Keras 3 lists although it is no layer: the NotEqual that makes a mask. */
  readonly operation?: boolean;
}

export interface SummaryTable {
  readonly name: string;
  /** Branches, several inputs or shared layers: the text has a fourth column, "Connected to". */
  readonly branched: boolean;
  readonly rows: readonly SummaryRow[];
  /** Numbers of parameters; a shared layer counts once. */
  readonly trainableParams: number;
  readonly nonTrainableParams: number;
  /** The optimizer's own numbers and their size, once it has made them (after the first fit). */
  readonly optimizer?: { readonly params: number; readonly bytes: number };
}

/** The JSON form of one model in `unroll summary --json`. */
export interface SummaryJson {
  readonly name: string;
  readonly layers: readonly {
    readonly name: string;
    readonly type: string;
    /** `null` for None; a list of shapes for several outputs; null where unknown. */
    readonly outputShape: Shape | readonly Shape[] | null;
    /** null where the layer is not built. */
    readonly params: number | null;
  }[];
  readonly totalParams: number;
  readonly trainableParams: number;
  readonly nonTrainableParams: number;
}

export function summaryJson(table: SummaryTable): SummaryJson {
  return {
    name: table.name,
    layers: table.rows
      .filter((row) => row.operation !== true)
      .map((row) => ({
        name: row.name,
        type: row.className,
        outputShape: jsonShape(row.outputShapes),
        params: row.params ?? null,
      })),
    totalParams: table.trainableParams + table.nonTrainableParams,
    trainableParams: table.trainableParams,
    nonTrainableParams: table.nonTrainableParams,
  };
}

function jsonShape(shapes: SummaryRow["outputShapes"]): Shape | readonly Shape[] | null {
  if (shapes === undefined || shapes === "multiple") return null;
  return shapes.length === 1 ? shapes[0]! : shapes;
}

/** `13,918` */
export function withThousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * `54.37 KB`: two decimals in the largest unit that keeps the number at least 1. The smallest unit is spelled by the caller:
 * "B" in Keras 3, "Byte" in Keras 2.
 */
export function memorySize(bytes: number, smallestUnit: string): string {
  const units = [smallestUnit, "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size / 1024 >= 1 && unit < units.length) {
    size /= 1024;
    unit++;
  }
  return `${twoDecimals(size)} ${units[Math.min(unit, units.length - 1)]}`;
}

/** Half-way cases go to the even digit, as Python's format does: 1152 bytes are 1.12 KB, where toFixed says 1.13. */
function twoDecimals(size: number): string {
  const hundredths = size * 100;
  const floor = Math.floor(hundredths);
  const isHalf = hundredths - floor === 0.5;
  return isHalf ? ((floor + (floor % 2)) / 100).toFixed(2) : size.toFixed(2);
}

/** Bytes of float32 parameters. */
export function float32Bytes(params: number): number {
  return params * 4;
}
