/** Traces as tables for a terminal: one row for each timestep and unit, one column for each name in the equations. */
import { formatShape } from "../core/shape.ts";
import { plural } from "./lines.ts";
import type { LayerTrace, TraceArray, TraceFacts, TraceRun } from "./trace.ts";

export interface TableOptions {
  /** Characters of a line; by default 80. */
  readonly width?: number;
  /** Rows of each table; by default 60, then the rest is counted; Infinity for all. */
  readonly rows?: number;
}

const columnWidth = 11;
const labelWidth = 6;
/** Behind the timestep of a masked row. */
const maskMark = "*";

export function traceToTable(trace: TraceFacts, options: TableOptions = {}): string {
  const blocks = [
    `${trace.name}, example ${trace.sample}, by hand in float64`,
    ...trace.inputs.map((input) => `input ${input.name} ${formatShape(input.shape)}\n${inputTable(input, options)}`),
    ...trace.layers.flatMap((layer) => layerTable(layer, options)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Word ids and other whole numbers are shown as such. */
function inputTable(input: TraceArray, options: TableOptions): string {
  return arrayTable(input, options, input.data.every(Number.isSafeInteger) ? String : formatValue);
}

function layerTable(layer: LayerTrace, options: TableOptions): string[] {
  const title = `${layer.name} (${layer.className})${layer.call === 0 ? "" : `, call ${layer.call + 1}`}`;
  const outputs = layer.outputs.map((output) => {
    const rows = arrayTable(output, options);
    return `${title}: output ${formatShape(output.shape)}\n${rows}`;
  });
  const runs = layer.runs.map((run) => {
    const whose = layer.runs.length > 1 ? `, ${run.name}` : "";
    const order = run.backwards ? ", from the last timestep to the first" : "";
    const sizes = `${plural(run.steps.length, "timestep")}, ${plural(run.units, "unit")}${order}`;
    return [`${title}${whose}: ${sizes}`, legend(run, options), runTable(run, options)].filter(Boolean).join("\n");
  });
  return [...runs, ...outputs];
}

/** `z update gate, r reset gate, ...` */
function legend({ names, meanings }: TraceRun, { width = 80 }: TableOptions): string {
  const entries = names.flatMap((name) => (meanings[name] === undefined ? [] : [`${name} = ${meanings[name]}`]));
  const lines: string[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + entry.length + 2 <= width) lines[lines.length - 1] = `${last}, ${entry}`;
    else lines.push(`  ${entry}`);
  }
  return lines.join("\n");
}

function runTable(run: TraceRun, options: TableOptions): string {
  const rows = run.steps.flatMap(({ timestep, masked, values }) =>
    Array.from({ length: run.units }, (_, unit) => ({
      labels: [`${unit === 0 ? timestep : ""}${masked ? maskMark : ""}`, String(unit)],
      values: run.names.map((name) => values[name]![unit]!),
    })),
  );
  const remark = run.steps.some(({ masked }) => masked)
    ? `\n${" ".repeat(labelWidth - 1)}${maskMark} masked: the states stay, the other values are not used`
    : "";
  return table(["t", "unit"], run.names, rows, options) + remark;
}

/** `[features]` as one row, `[timesteps, features]` as a row each; many features and further axes go down. */
export function arrayTable({ shape, data }: TraceArray, options: TableOptions = {}, format = formatValue): string {
  const width = shape.at(-1) ?? 1;
  const perLine = Math.floor(((options.width ?? 80) - labelWidth * 2) / columnWidth);
  const steps = shape.length >= 2 ? data.length / Math.max(1, width) : 1;
  const time = shape.length >= 2 ? ["t"] : [""];
  const label = (step: number): string => (shape.length >= 2 ? String(step) : "");
  if (width <= perLine) {
    const rows = Array.from({ length: steps }, (_, step) => ({
      labels: [label(step)],
      values: Array.from(data.subarray(step * width, (step + 1) * width)),
    }));
    return table(
      time,
      Array.from({ length: width }, (_, index) => `[${index}]`),
      rows,
      options,
      format,
    );
  }
  const rows = Array.from(data, (value, index) => ({
    labels: [index % width === 0 ? label(Math.floor(index / width)) : "", String(index % width)],
    values: [value],
  }));
  return table([...time, "unit"], ["value"], rows, options, format);
}

interface Row {
  readonly labels: readonly string[];
  readonly values: readonly number[];
}

function table(
  labels: readonly string[],
  columns: readonly string[],
  rows: readonly Row[],
  { width = 80, rows: most = 60 }: TableOptions,
  format = formatValue,
): string {
  const perLine = Math.max(1, Math.floor((width - labelWidth * labels.length) / columnWidth));
  const groups: string[][] = [];
  for (let start = 0; start < columns.length; start += perLine) {
    const names = columns.slice(start, start + perLine);
    const head = labels.map((label) => label.padStart(labelWidth)).join("") + names.map(right).join("");
    const lines = rows.slice(0, most).map(({ labels: own, values }) => {
      const numbers = values.slice(start, start + perLine).map((value) => right(format(value)));
      return own.map((label) => label.padStart(labelWidth)).join("") + numbers.join("");
    });
    groups.push([head, ...lines]);
  }
  const hidden = rows.length - most;
  const more =
    hidden > 0
      ? [`${" ".repeat(labelWidth)}... ${plural(hidden, "more row")}: option rows, on the command line --rows all`]
      : [];
  return [...groups.flat(), ...more].join("\n");
}

function right(text: string): string {
  return text.padStart(columnWidth);
}

/** Six decimals, or an exponent where that would not show the number. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value !== 0 && (size >= 10_000 || size < 1e-4)) return value.toExponential(3);
  return value.toFixed(6);
}
