/** Verifications as text for a terminal. */
import { count, plural, wrapText } from "./lines.ts";
import type { Difference, LayerCheck, Place, PredictionCheck, VerificationFacts } from "./verification.ts";

/** Predictions shown; the rest is counted. */
const shownPredictions = 6;

export function verificationToText(
  facts: VerificationFacts & { readonly passed: boolean },
  { width = 80 }: { readonly width?: number } = {},
): string {
  const { name, samples, tolerance, device, layers, predictions } = facts;
  const engine = device.name === "wasm" ? "engine: WebAssembly, 32 bits" : "engine: none";
  const blocks = [
    `${name}: ${plural(samples, "example")}, tolerance ${tolerance.toExponential()}\n${engine}; by hand: plain loops, 64 bits`,
    ...(device.name === "none" ? [] : [layerTable(layers, width)]),
    ...predictions.map(predictionTable),
    ...facts.remarks,
    verdict(facts),
  ];
  return `${wrapText(blocks.join("\n\n"), width)}\n`;
}

/** A line a layer, at most `width` wide: where there is no room the classes go first, then the ends of long names. */
function layerTable(layers: readonly LayerCheck[], width: number): string {
  const cells = layers.map(({ compared, largest }) => {
    const at = largest === undefined ? "" : `${exponent(largest.difference).padEnd(8)}${shortPlace(largest)}`;
    return `${count(compared).padStart(10)}  ${at}`;
  });
  const head = `${"compared".padStart(10)}  largest difference`;
  const room = width - 2 - Math.max(head.length, ...cells.map((cell) => cell.trimEnd().length));
  const full = layers.map(({ layer, className }) => (className === "" ? layer : `${layer} (${className})`));
  const titles = full.some((title) => title.length > room)
    ? layers.map(({ layer }) => (layer.length > room ? `${layer.slice(0, Math.max(room - 1, 5))}…` : layer))
    : full;
  const widest = Math.max(...titles.map((title) => title.length), 5);
  return [["layer", head] as const, ...titles.map((title, index) => [title, cells[index]!] as const)]
    .map(([title, cell]) => `${title.padEnd(widest)}  ${cell}`.trimEnd())
    .join("\n");
}

/** Numbers beside each other, one line each. */
function predictionTable({ layer, byHand, engine, keras, shape }: PredictionCheck): string {
  const perExample = byHand.length / Math.max(1, shape[0]!);
  const columns: [string, ArrayLike<number>][] = [["by hand", byHand]];
  if (engine !== undefined) columns.push(["engine", engine]);
  if (keras !== undefined) columns.push(["Keras", keras]);
  const shown = Math.min(byHand.length, shownPredictions);
  const label = (index: number): string =>
    perExample === 1 ? String(index) : `${Math.floor(index / perExample)}, ${index % perExample}`;
  const compare = engine ?? byHand;
  const lines = Array.from({ length: shown }, (_, index) => {
    const numbers = columns.map(([, values]) => digits(values[index]!).padStart(14)).join("");
    const other = keras === undefined ? byHand : keras;
    const difference =
      engine === undefined && keras === undefined ? "" : exponent(Math.abs(compare[index]! - other[index]!));
    return `${label(index).padStart(9)}${numbers}${difference.padStart(14)}`;
  });
  const hidden = byHand.length - shown;
  const last = engine === undefined && keras === undefined ? "" : "difference".padStart(14);
  return [
    `prediction of ${layer}`,
    `${"example".padStart(9)}${columns.map(([title]) => title.padStart(14)).join("")}${last}`,
    ...lines,
    ...(hidden > 0 ? [`      ... ${plural(hidden, "more number")}`] : []),
  ].join("\n");
}

function verdict({
  passed,
  first,
  unverifiable,
  keras,
  device,
  tolerance,
}: VerificationFacts & { readonly passed: boolean }): string {
  if (first !== undefined) {
    return `They differ first here: ${placeText(first)}.\nby hand ${digits(first.expected)}, engine ${digits(first.engine)}, difference ${exponent(first.difference)}`;
  }
  if (unverifiable !== undefined) {
    return `It cannot be verified: a prediction is NaN, first here: ${placeText(unverifiable)}. NaN agrees with nothing.`;
  }
  if (!passed && keras !== undefined) {
    return `The prediction differs from Keras's: ${placeText(keras)}.\nKeras ${digits(keras.expected)}, here ${digits(keras.engine)}, difference ${exponent(keras.difference)}`;
  }
  const agree =
    device.name === "wasm"
      ? `Every number agrees to ${tolerance.toExponential()}: the engine computes what the equations say.`
      : "The by-hand evaluation ran; there was nothing to compare it with.";
  if (keras === undefined) return agree;
  if (keras.difference === 0) return `${agree} Keras's numbers are the same.`;
  return `${agree} Keras's differ by ${exponent(keras.difference)} at most.`;
}

/** `h[2], t 3, example 0`; nothing for numbers that are equal. */
function shortPlace({ symbol, unit, timestep, sample, difference }: Difference): string {
  if (difference === 0) return "";
  return `${symbol}[${unit}]${timestep === undefined ? "" : `, t ${timestep}`}, example ${sample}`;
}

/** `gru_1, example 0, timestep 3, unit 1, z` */
export function placeText({ layer, ...place }: Place): string {
  return `${layer}, ${where(place)}`;
}

function where({ sample, timestep, unit, symbol }: Omit<Place, "layer">): string {
  const time = timestep === undefined ? "" : `, timestep ${timestep}`;
  return `example ${sample}${time}, ${symbol === "input" ? "feature" : "unit"} ${unit}, ${symbol}`;
}

function exponent(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

/** Eight significant digits, as 32-bit numbers have at most. */
function digits(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  return size >= 1e7 || size < 1e-4 ? value.toExponential(6) : value.toPrecision(8);
}
