/** What the Count screen says; it comes with the screen's parts. Numbers come in as written. */

import { some } from "./words.ts";

export const countWords = {
  layer: "Layer",
  whole: "Whole model",
  ask: "How many parameters?",
  askLead: "Work it out, then check it here, or reveal the derivation line by line.",
  askTotal: (model: string) => `All layers of ${model} together.`,
  parameters: (count: number | null) => (count === 1 ? "parameter" : "parameters"),
  total: (model: string) => `Of all layers of ${model} together.`,
  shape: "Shape",
  from: (layer: string) => `from ${layer}`,
  axis: (number: number, size: string) => `axis ${number}: ${size}, why?`,
  letter: (value: string, meaning: string, from: string) => `= ${value}: ${meaning}, ${from}`,
  none: ". None means any number: it is settled when data comes.",
  press: "Press a number of the output shape to see why it is there.",
  derivation: "Derivation",
  lettersHere: "Letters in formulas",
  toBefore: (layer: string) => `to ${layer}, where it comes from`,
  lines: { letters: "Letters", formula: "Formula", numbers: "Numbers in", worked: "Worked out", result: "Result" },
  reveal: (line: string) => `Reveal: ${line.toLowerCase()}`,
  revealAll: "All of it",
  byLayer: "Layer by layer",
  arraysOf: (layer: string) => `Arrays of ${layer}, to scale`,
  array: (rows: number, columns: number) => `${rows} rows, ${columns} columns`,
  blocks: (blocks: readonly string[], columns: number) =>
    `, ${blocks.length} blocks ${blocks.join(", ")} of ${columns} columns`,
  notTrained: ", not trained",
  largest: (name: string, size: string, total: string, share: string) =>
    `${name} is the largest: ${size} of ${total} numbers, ${share}.`,
  share: (percent: string) => `${percent} %`,
  shareColumn: "share",
  listenTo: (title: string) => `Listen to ${title}`,
  terms: {
    label: "Array by array",
    light: "show it in the drawing",
    show: (name: string) => `show the term of ${name}`,
    gate: (gate: string) => `gate ${gate}: show its columns`,
  },
  windows: {
    title: "Windows over time",
    drawing: (count: number, size: number, timesteps: number) =>
      `${some(count, "window")} of ${some(size, "timestep")} over ${some(timesteps, "timestep")}`,
    said: (count: number, size: number, stride: number) =>
      `${some(count, "window")} of ${some(size, "timestep")}, ${stride === 1 ? "each one timestep further" : `each ${stride} timesteps further`}.`,
    dropped: (rows: number, timesteps: number, size: number) =>
      `The last ${rows === 1 ? "row" : `${rows} rows`} of ${timesteps} ${rows === 1 ? "fills" : "fill"} no window of ${size} and ${rows === 1 ? "is" : "are"} dropped: the division is rounded down.`,
    none: "Every row lies in a window; none is dropped.",
    from: (first: number) => `From timestep ${first} on; those before are alike.`,
  },
  gates: "columns of the gates, in Keras's order",
  remarks: "Remarks",
  equations: "One timestep",
  step: "Put numbers in: step through it",
  resetAfter: {
    label: "reset_after",
    on: "is a second bias row, for the recurrent part.",
    onBoth: "is a second bias row in each direction, for the recurrent part.",
    off: (row: string) => `Without the second bias row the count is lower by ${row}.`,
    noBias: "The layer has no biases, so the count stays.",
    weights: "The weights of the file go when this changes; Undo brings them back.",
  },
  matters: {
    title: "Does T matter?",
    timesteps: "Timesteps:",
    said: (count: string) => `${count} timesteps`,
    total: "Parameters of the model",
    shape: "Output shape here",
    shapeOf: (layer: string) => `Output shape of ${layer}`,
    still: "The count does not move: every timestep uses the same arrays.",
    moves: "Here the count moves: a layer has an array that spans the timesteps.",
  },
  origins: {
    title: "Explain a number",
    lead: "Found in a summary, an exercise, an answer: where in this model does it come from?",
    label: "A number, or a shape such as (None, 4)",
    find: "Explain it",
    none: (given: string) =>
      `Nothing in this model is ${given}: no count, size, shape or total, nor one of them with a slip.`,
    found: (given: string, ways: number) =>
      ways === 1 ? `One way to ${given}:` : `${ways} ways to ${given}, what the model has first:`,
    slip: "with a slip",
    slipIn: (title: string, layer: string) => `${title} in ${layer}.`,
    more: (count: number) => `Show ${count} more`,
    see: (what: string) => `See ${what}`,
  },
  tableColumns: ["line", "text"],
  formula: "formula",
  equals: "equals",
  arrayColumns: ["array", "shape", "size"],
};
