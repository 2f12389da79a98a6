/** Traces as CSV: one line for each number. */
import type { TraceArray, TraceFacts } from "./trace.ts";

const header = "layer,call,run,timestep,unit,symbol,value";

export function traceToCsv({ inputs, layers }: TraceFacts): string {
  const lines = [header];
  const add = (...cells: readonly (string | number)[]): void => {
    lines.push(cells.map(cell).join(","));
  };
  const addArray = (layer: string, call: number, symbol: string, { shape, data }: TraceArray): void => {
    const width = shape.at(-1) ?? 1;
    for (const [index, value] of data.entries()) {
      add(layer, call, "", shape.length < 2 ? "" : Math.floor(index / width), index % width, symbol, value);
    }
  };
  for (const input of inputs) addArray(input.name, 0, "input", input);
  for (const { name, call, outputs, runs } of layers) {
    for (const run of runs) {
      for (const { timestep, values } of run.steps) {
        for (const symbol of run.names) {
          for (const [unit, value] of values[symbol]!.entries())
            add(name, call, run.name, timestep, unit, symbol, value);
        }
      }
    }
    for (const output of outputs) addArray(name, call, "output", output);
  }
  return `${lines.join("\n")}\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
