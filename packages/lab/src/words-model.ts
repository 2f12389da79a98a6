/** What the Model screen says; it comes with the screen's parts. Numbers come in as written. */

export const modelWords = {
  layers: "Layers",
  caption: "Layers with output shape and parameters; each count leads to its derivation",
  layer: "Layer",
  shape: "Output shape",
  count: "Parameters",
  running: "Running total",
  change: "Change",
  changeOf: (name: string) => `Change ${name}`,
  derivation: (count: string, name: string) => `${count} parameters of ${name}: derivation`,
  shapeDerivation: (shape: string, name: string) => `${shape}, output shape of ${name}: derivation`,
  reads: "reads",
  readsFrom: (from: string) => `what it reads, from ${from}`,
  total: "Total",
  unknown: "?",
  none: "None",
  optionsOf: (name: string) => `Options of ${name}`,
  inside: "Inside",
  noOptions: "It has no options with a control; the rest is in the code.",
  more: "Initialisers and the like are in the code.",
  up: "Move up",
  down: "Move down",
  duplicate: "Duplicate",
  remove: "Remove",
  moveOf: (name: string) => `Move ${name}: drag, or press the arrow keys up and down`,
  moved: (name: string, place: number, count: number) => `${name} is now layer ${place} of ${count}.`,
  removed: (name: string) => `${name} is removed; undo brings it back.`,
  added: (name: string) => `${name} is added.`,
  add: "Add a layer",
  addTo: (name: string | undefined) => (name === undefined ? "at the end" : `after ${name}`),
  find: "Find a layer",
  found: (count: number) => (count === 0 ? "No layer is called so." : `${count} ${count === 1 ? "layer" : "layers"}`),
  close: "Close",
  input: "Input shape, without the batch",
  inputHint: "timesteps, features; None for any number",
  rewritten: "A change here writes the code anew; undo brings back what you wrote.",
  drawsWeights: "The file's weights are left behind: a changed model draws its own from the seed.",
  wiring:
    "These layers form a graph (a functional model), not a stack. Options can be changed here, by the pencil; to add, take out or connect layers, change the code.",
  editCode: "Go to the code",
  makesItFit: "This makes it fit:",
  eachMakesItFit: "Each of these makes it fit, the smallest change first:",
  repair: (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
  ownCells: "Cells of your own",
  ownCellsLead:
    "Written with the library's defineCell, from their equations alone. Keras has no class for them: they are kept as JSON, which links and files hold; Keras code cannot say them. A cell that you write in your own program is not run by this page.",
  ownCellAbout: {
    PeepholeLSTM: "An LSTM whose gates see its memory",
    MinimalGatedUnit: "One gate that forgets and resets",
    CoupledLSTM: "An LSTM with 1 − f as its input gate",
  } as Readonly<Record<string, string>>,
  audit: {
    title: "Hand calculations",
    said: (right: number, wrong: number) =>
      wrong === 0
        ? `${right} ${right === 1 ? "number" : "numbers"} in its arithmetic, comments and text: all right.`
        : `${right} right, ${wrong} ${wrong === 1 ? "is" : "are"} not.`,
    is: "it is",
    of: "for",
    see: (layer: string) => `See ${layer}`,
  },
  notUsed: "Not used:",
  models: {
    title: (models: number) => `${models} models in this document`,
    said: (right: number, printed: number) =>
      right === printed
        ? printed === 1
          ? "Its printed summary agrees with the model beside it."
          : `All ${printed} printed summaries agree with their models.`
        : `${right} of ${printed} printed summaries agree with their models.`,
    parameters: (total: string) => `${total} parameters`,
    agrees: (lines: number) => (lines === 1 ? "Its printed line agrees." : `All ${lines} printed lines agree.`),
    cut: "The end of the table is missing.",
    differs: (lines: number, of: number) =>
      `${lines} of ${of} ${of === 1 ? "line" : "lines"} ${lines === 1 ? "differs" : "differ"} from the printed summary:`,
    totals: (there: string, here: string) => `The printed total is ${there}, here it is ${here}.`,
    more: (lines: number) => `and ${lines} more`,
    or: "Or:",
    none: "No summary is printed of it.",
    only: "Its code is not in the document: the printed summary is all there is.",
    refused: "It cannot be built as it stands.",
    noInput: "The code does not say what it reads.",
  },
  printed: {
    title: "Printed summary",
    agrees: (lines: number) =>
      lines === 1 ? "Its line agrees with the model." : `All ${lines} lines agree with the model.`,
    differs: (lines: number, of: number) =>
      `${lines} of ${of} ${of === 1 ? "line" : "lines"} ${lines === 1 ? "differs" : "differ"} from the model.`,
    cut: "The end of the table is missing.",
    layer: "Layer",
    there: "Printed",
    here: "This model",
    states: {
      same: "agrees",
      differs: "differs",
      onlyThere: "printed only",
      onlyHere: "not printed",
      cutOff: "cut off",
    },
    noCause: "No single change of the layer gives this line, and no known slip gives its numbers.",
    unknown: "?",
    nothing: "–",
    total: "Total",
    compare: "Compare with a printed summary",
    paste: "What model.summary() printed",
    check: "Compare",
    none: "No summary was found in this text. It begins with the line “Layer (type)”.",
  },
  totalThen: (total: string) => `${total} parameters then`,
} as const;
