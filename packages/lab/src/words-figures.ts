/** What drawings say that leave the page, and charts in a sentence; it comes with the figures. Numbers come in as written. */

export const figureWords = {
  cell: {
    title: (layer: string, kind: string, timestep: number, steps: number, isBackward: boolean) =>
      `${isBackward ? "Gradients of " : ""}${layer} (${kind}), timestep ${timestep} of ${steps}`,
    sentence: (timestep: number, values: readonly string[], isBackward: boolean) =>
      `${isBackward ? "The gradients of the loss" : "The cell"} at timestep ${timestep}: ${values.join("; ")}.`,
    wasBefore: (now: string, was: string) => `${now} (before the changes ${was})`,
    input: "input",
    hidden: "hidden state",
    memory: "cell state",
    rightToLeft: "gradients go from right to left",
    features: (list: string, count: number) => `features ${list} of ${count}`,
    units: (list: string, count: number) => `units ${list} of ${count}`,
  },
  gate: (gate: string) => `gate ${gate}`,
  lanes: {
    title: (layer: string, kind: string) => `${layer} (${kind}) over time`,
    /** `drawn` are the units that are drawn, where these are not all; `span` the first and the last timestep likewise. */
    sentence: (
      values: number,
      units: number,
      drawn: string,
      steps: number,
      span: readonly [number, number] | undefined,
    ) =>
      `${values} named values of ${drawn === "" ? "" : `the units ${drawn} of `}${units} units over ${span === undefined ? "" : `the timesteps ${span[0]} to ${span[1]} of `}${steps} timesteps; strength of colour is size, its hue the sign.`,
    above: "above 0; the full colour is 1, or the ± beside the row",
    below: "below 0; the full colour is −1, or the ± beside the row",
    timestep: "timestep",
    units: "units",
    someUnits: (drawn: number, units: number) => `${drawn} of ${units} units`,
  },
  blocks: {
    rows: (count: number) => `${count} ${count === 1 ? "row" : "rows"}`,
    columns: (count: number) => `${count} ${count === 1 ? "column" : "columns"}`,
    size: (name: string, rows: number, columns: number, size: string) =>
      `${name}: ${rows} by ${columns}, ${size} numbers`,
    weights: "weights",
  },
  lines: {
    none: (title: string) => `${title}: nothing yet.`,
    end: (name: string, value: string, points: number) =>
      `${name} ends at ${value} after ${points} ${points === 1 ? "point" : "points"}`,
  },
  spread: { range: (array: string, low: string, high: string) => `${array} from ${low} to ${high}` },
  table: { timestep: "timestep" },
} as const;
