/**
 * Rows of a CSV of any size as a model's examples, chunk by chunk: a row is an example, or some rows after one another are its
 * timesteps, or each row ends a window of the last rows.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkNumberCells } from "../data/number-cells.ts";
import type { Table } from "../data/table.ts";
import { tableToMatrix } from "../data/table.ts";

/** Examples that follow each other in the file. */
export interface ExampleChunk {
  /** From 0, the same for the same file and options. */
  readonly index: number;
  /** `[examples, ...]` */
  readonly inputs: Tensor;
  /** The line of the file on which each example ends. */
  readonly lines: readonly number[];
  /** Of that line, ms since 1970, where the file has dates and the reader wants them. */
  readonly dates?: readonly number[];
}

export interface ExampleOptions {
  /** The file's name, for errors. */
  readonly path: string;
  /** The model's input, `[batch, ...]`, null = any size. */
  readonly shape: Shape;
  /** Rows of a window that slides on by one row; undefined where rows are whole examples or plain timesteps. */
  readonly lookback?: number;
  /** Told of the first NaN, which the file says by that word. */
  readonly onNaN?: (line: number, column: string) => void;
  /** Told of the first number beyond float32, which becomes infinite. */
  readonly onInfinity?: (line: number, column: string) => void;
}

/** How rows become examples. */
interface Layout {
  /** Shape of one example. */
  readonly shape: readonly number[];
  /** Rows that one example has. */
  readonly rows: number;
  /** Rows from one example to the next. */
  readonly step: number;
}

/**
 * The examples of a file's tables.
 *
 * @throws UnrollError `data` for cells that are no numbers, columns that do not fit the model, and rows that are left over
 */
export async function* examplesOf(tables: AsyncIterable<Table>, options: ExampleOptions): AsyncGenerator<ExampleChunk> {
  const { path } = options;
  let layout: Layout | undefined;
  let kept = new Float32Array(0);
  let keptLines: number[] = [];
  let index = 0;
  const remarks = [
    { tell: options.onNaN, applies: Number.isNaN },
    { tell: options.onInfinity, applies: (value: number) => Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY },
  ];
  const told = new Set<(typeof remarks)[number]>();
  for await (const table of tables) {
    checkNumberCells(table, path);
    const { shape, data } = tableToMatrix(table);
    const columns = shape[1];
    for (const remark of remarks) {
      const first = remark.tell === undefined || told.has(remark) ? -1 : data.findIndex(remark.applies);
      if (first === -1) continue;
      told.add(remark);
      remark.tell?.(table.lines[Math.floor(first / columns)]!, table.names[first % columns]!);
    }
    layout ??= layoutOf(columns, options);
    const values = joined(kept, data);
    const lines = [...keptLines, ...table.lines];
    const count = Math.max(0, Math.floor((lines.length - layout.rows) / layout.step) + 1);
    if (count > 0) yield { index: index++, ...cut(values, lines, columns, count, layout) };
    kept = values.slice(count * layout.step * columns);
    keptLines = lines.slice(count * layout.step);
  }
  if (layout === undefined) throw new UnrollError({ code: "data", path, expected: "the table must have rows" });
  // A window's last rows are those of the window before; whole examples leave nothing.
  const leftOver = layout.step === layout.rows ? keptLines.length > 0 : index === 0;
  if (leftOver) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `every example needs ${layout.rows} rows`,
      received: `${keptLines.length} rows are left over`,
      ...(layout.step === 1 ? { hint: "Use a smaller --lookback." } : {}),
    });
  }
}

function layoutOf(columns: number, { shape, lookback, path }: ExampleOptions): Layout {
  const inner = shape.slice(1);
  const known = inner.every((size) => size !== null) ? (inner as readonly number[]) : undefined; // no null
  const [timesteps, features] = inner;
  if (lookback !== undefined) {
    const takesWindows = inner.length === 2 && (timesteps === null || timesteps === lookback);
    if (takesWindows && (features === null || features === columns)) {
      return { shape: [lookback, columns], rows: lookback, step: 1 };
    }
  } else if (inner.length <= 1 || (known !== undefined && sizeOf(known) === columns)) {
    if (known === undefined || sizeOf(known) === columns) return { shape: known ?? [columns], rows: 1, step: 1 };
  } else if (inner.length === 2 && timesteps !== null && features === columns) {
    return { shape: [timesteps!, columns], rows: timesteps!, step: timesteps! };
  }
  if (lookback !== undefined && inner.length === 2 && timesteps !== null && timesteps !== lookback) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `the model reads windows of ${timesteps} rows, as its input ${formatShape(shape)} says`,
      received: `--lookback ${lookback}`,
      hint: `Use --lookback ${timesteps}.`,
    });
  }
  const wanted = lookback === undefined ? "one example a row, or one timestep a row" : `windows of ${lookback} rows`;
  throw new UnrollError({
    code: "data",
    path,
    expected: `the table must hold ${formatShape(shape)}: ${wanted}`,
    received: `${columns} columns`,
  });
}

function joined(kept: Float32Array, more: Float64Array): Float32Array {
  const values = new Float32Array(kept.length + more.length);
  values.set(kept);
  values.set(more, kept.length);
  return values;
}

function cut(
  values: Float32Array,
  lines: readonly number[],
  columns: number,
  count: number,
  { shape, rows, step }: Layout,
): Omit<ExampleChunk, "index"> {
  const width = rows * columns;
  const data = new Float32Array(count * width);
  for (let i = 0; i < count; i++) data.set(values.subarray(i * step * columns, i * step * columns + width), i * width);
  return {
    inputs: { shape: [count, ...shape], data },
    lines: Array.from({ length: count }, (_, i) => lines[i * step + rows - 1]!),
  };
}
