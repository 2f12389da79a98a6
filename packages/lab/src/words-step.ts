/** What the Step screen says about gradients and sound; it comes with the screen. Numbers come in as written. */

export const stepWords = {
  title: (layer: string) => `Step through ${layer}`,
  cell: "Cell",
  forward: "Forward",
  backward: "Backward",
  direction: "Direction",
  changed: (count: number) => `${count} ${count === 1 ? "number" : "numbers"} changed`,
  dropped: (count: number) =>
    count === 1
      ? "1 change of the link fits no number of this model and is left out."
      : `${count} changes of the link fit no number of this model and are left out.`,
  undo: "Undo",
  reset: "Reset all",
  resetThis: "Reset this",
  was: "before:",
  weightOf: (place: string, layer: string) => `${place} of ${layer}`,
  inputOf: (feature: number, timestep: number) => `input, feature ${feature}, timestep ${timestep}`,
  fresh: "New weights and input",
  where: (timestep: number, steps: number, isBackwards: boolean, isMasked: boolean) =>
    `timestep ${timestep} of ${steps}${isBackwards ? ", read backwards" : ""}${isMasked ? ", masked: states stay" : ""}`,
  predictions: { of: "Prediction of", open: "Open this number" },
  precision: {
    label: "Whose numbers",
    double: "float64, by hand",
    single: "float32, engine",
    none: "There is no engine here: WebAssembly is not allowed on this page. The numbers are those by hand.",
  },
  rounding: {
    title: "Where the last digits come from",
    byHand: "float64, by hand",
    engine: "float32, engine",
    nearestIs: "by hand, rounded to float32",
    engineShort: "engine, in few digits",
    difference: "engine − by hand",
    masked: "This timestep is masked: the engine leaves it out, and states stay as they are.",
    exact: "Both are the same number to the last digit.",
    differs: (decimal: number) => `They part at decimal ${decimal}.`,
    early: "They part before the point.",
    nearest: "The engine has the float32 nearest to the number by hand: all of the difference is that one rounding.",
    onTheWay: (steps: number) =>
      `The engine is ${steps} float32 ${steps === 1 ? "step" : "steps"} away from the nearest one: that much was rounded on the way, product by product.`,
    spacing: (value: string, step: string) =>
      `Near ${value} float32 numbers lie ${step} apart (24 bits); float64 ones lie 537 million times closer.`,
    reads: "What it reads has differences already",
    value: "value",
    largest: "largest difference",
    inSteps: "in float32 steps",
  },
  units: {
    drawn: (count: number, units: number) => `${count} of ${units} units drawn`,
    around: "Around the chosen one",
    changing: "Largest change",
    list: "Units, such as 3, 17, 40-45",
    brush: (most: number) => `Drag over the outputs of all units to choose a band of up to ${most}, or give its ends.`,
    from: "From unit",
    to: "To unit",
    up: "The units before",
    down: "The units behind",
    matrix: (units: number, steps: number) => `Outputs of ${units} units over ${steps} timesteps`,
  },
  both: {
    title: (layer: string) => `What ${layer} makes of both`,
    reads: (timestep: number) => `reads timestep ${timestep}`,
    how: {
      concat: "y = [h→, h←]: the forward output, then the backward one.",
      sum: "y = h→ + h←.",
      mul: "y = h→ × h←, unit by unit.",
      ave: "y = (h→ + h←) / 2.",
    },
    none: "Both outputs are handed on as they are.",
    last: "Each direction gives what it has after its last step: forward at the last timestep, backward at the first.",
    at: (timestep: number) => `Both stand at timestep ${timestep}, which they reach at different steps.`,
    open: (layer: string) => `Open this value of ${layer}`,
  },
  forms: {
    title: "Reset before or after the product",
    lead: (unit: number, timestep: number) =>
      `The same input, state and weights in both forms, for unit ${unit} at timestep ${timestep}. What differs is marked.`,
    before: "reset_after=False",
    after: "reset_after=True",
    beforeDoes: "r is multiplied with the state, then comes the product.",
    afterDoes: "First the product with the state, then r is multiplied with what comes out, its bias included.",
    own: "this layer",
    oneBias: "The other form has one bias row: the sum of the two.",
    twoBiases: "The other form has a second bias row: zeros here.",
    apart: "differs by",
  },
  checking: "The engine's numbers are compared with these when you rest",
  shortened: (declared: string, traced: number) =>
    `The model declares ${declared} timesteps; ${traced} are traced with the same weights.`,
  origins: {
    trained: (seed: number) => `Weights as trained; input from seed ${seed}.`,
    file: (seed: number) => `Weights from the file; input from seed ${seed}.`,
    drawn: (seed: number) => `Weights and input from seed ${seed}.`,
  },
  /** Where a window stands in place of the example. */
  windowOrigins: {
    trained: () => "Weights as trained; the input is the last forecast's window, scaled as for training.",
    file: () => "Weights from the file; the input is the last forecast's window, scaled as for training.",
    drawn: (seed: number) => `Weights from seed ${seed}; the input is a window of a series, as the link brings it.`,
  },
  nothing: "Nothing to step through",
  nothingLead: (model: string) => `${model} has no recurrent layer. Add a SimpleRNN, LSTM or GRU in Model.`,
  toModel: "To the model",
  computing: "Computing every timestep by hand …",
  player: {
    play: "Play",
    pause: "Pause",
    speed: "Steps a second",
    perSecond: (steps: number) => `${steps} a second`,
  },
  ribbon: {
    caption: (features: number, units: number, layer: string, steps: number, timestep: number) =>
      `${features} input series above and ${units} outputs of ${layer} below, over ${steps} timesteps; the cursor is at timestep ${timestep}.`,
    label: "Timestep",
    value: (timestep: number, steps: number) => `timestep ${timestep} of ${steps}`,
  },
  minimap: {
    label: "The whole series",
    window: "Timesteps shown",
    shown: (first: string, last: string, steps: string) => `timesteps ${first} to ${last} of ${steps}`,
    drawn: (first: number, last: number, count: number) =>
      `Drawn: timesteps ${Math.min(first, last)} to ${Math.max(first, last)}, of ${count}.`,
    earlier: "Show earlier timesteps",
    later: "Show later timesteps",
    toStep: (timestep: string) => `To timestep ${timestep}`,
    span: "How many timesteps are shown",
    timesteps: (count: string) => `${count} timesteps`,
  },
  picture: {
    label: (kind: string, timestep: number, isBackward: boolean) =>
      `${isBackward ? "Gradients of the" : "The"} ${kind} cell at timestep ${timestep}. Arrow keys move in time and between units, Page Up and Down between values, Enter opens.`,
    gradientOf: (name: string) => `gradient of ${name}`,
    unit: (name: string, unit: number, value: string) => `${name}, unit ${unit}: ${value}`,
    feature: (name: string, feature: number, value: string) => `${name}, feature ${feature}: ${value}`,
    at: (name: string, unit: number, timestep: number, value: string) =>
      `${name}, unit ${unit}, timestep ${timestep}: ${value}`,
    of: (count: number) => `of ${count}`,
    wasBefore: (now: string, was: string) => `${now}, before the changes ${was}`,
    taken: (layer: string, timestep: number, isBackward: boolean) =>
      `${isBackward ? "Gradients" : "Cell"} of ${layer} at timestep ${timestep}`,
    all: "All",
    placeOf: (place: number, count: number) => `${place} of ${count}`,
    /** Of none at an end. */
    previous: (name: string | undefined) => `Value before${name === undefined ? "" : `: ${name}`}`,
    following: (name: string | undefined) => `Next value${name === undefined ? "" : `: ${name}`}`,
  },
  lanes: {
    title: "Over time",
    taken: (layer: string) => `Values of ${layer} over time`,
    below: "below 0",
    above: "above 0",
    table: "Values over time",
    caption: (unit: number, layer: string) => `Unit ${unit} of ${layer} over time`,
    time: "t",
    unit: "Unit",
    overTime: (unit: number) => `Unit ${unit} over time`,
    allUnits: (units: number, timestep: number) =>
      `${units === 1 ? "The unit" : `All ${units} units`} at timestep ${timestep}`,
    unitsCaption: (layer: string, timestep: number) => `Units of ${layer} at timestep ${timestep}`,
    before: "before the changes",
    beforeLabel: (name: string) => `${name} before the changes`,
    label: (name: string, units: number, first: number, count: number, steps: number) =>
      `${name}: ${units} units over ${count === steps ? `${steps} timesteps` : `steps ${first} to ${first + count - 1} of ${steps}`}; the table has the numbers`,
  },
  letters: {
    label: "Formula: arrow keys light its letters, Enter keeps one lit",
    say: (letter: string, meaning: string | undefined) => (meaning === undefined ? letter : `${letter}: ${meaning}`),
  },
  opened: {
    place: (unit: number, timestep: number) => `unit ${unit}, t = ${timestep}`,
    featurePlace: (feature: number, timestep: number) => `feature ${feature}, t = ${timestep}`,
    feature: (feature: number) => `x, feature ${feature}`,
    changeInput: "Change this input",
    openValue: "Open this value",
    change: (what: string) => `${what}: change it`,
    resetOne: (what: string) => `Reset ${what}`,
    first: "The state before the first timestep.",
    before: "What the timestep before has left.",
    input: "An input of the model: nothing is behind it, and it can be changed.",
    fromBelow: "What the layers before make of the model's input.",
    products: (count: number) => `${count} ${count === 1 ? "product" : "products"}`,
    all: (count: number) => `all ${count}`,
    if: "if",
    else: "else",
    here: "this one here",
    through: "through what is behind it",
    placeOf: (layer: string, timestep: number) => `of ${layer}, t = ${timestep}`,
  },
  listenTo: (title: string) => `Listen to ${title}`,
  tableOf: (title: string) => `${title}, table`,
  chart: { table: "Table", listen: "Listen" },
  timestep: "timestep",
  commands: {
    backward: "Go backward through time",
    forward: "Go forward through time",
    edit: "Edit the first weight of the opened value",
    listen: "Listen to the chosen value over time",
  },
  series: (of: {
    readonly name: string;
    readonly unit: number;
    readonly steps: number;
    readonly low: string;
    readonly lowAt: number;
    readonly high: string;
    readonly highAt: number;
    readonly first: string;
    readonly last: string;
  }) =>
    `${of.name}, unit ${of.unit}, over ${of.steps} timesteps: starts at ${of.first}, ends at ${of.last}; lowest ${of.low} at timestep ${of.lowAt}, highest ${of.high} at timestep ${of.highAt}.`,
  memory: {
    title: "What it remembers",
    lead: (name: string, unit: number, timestep: number) =>
      `How much ${name} of unit ${unit} at timestep ${timestep} depends on the input of each timestep up to there.`,
    read: (rise: string, change: string, timestep: number) =>
      `A bar of ${rise} means: raise the inputs of timestep ${timestep} by 0.01 in the direction that matters most, and the output moves by about ${change}.`,
    most: (timestep: number, size: string) => `Timestep ${timestep} matters most (${size}).`,
    span: (steps: number) =>
      steps === 1
        ? "Nine tenths of the sum of all bars lie in the timestep itself."
        : `Nine tenths of the sum of all bars lie in the last ${steps} timesteps read.`,
    none: "Nothing: all of these gradients are 0, as behind a relu that is switched off.",
    yLabel: "‖∂h/∂x‖",
    size: "‖∂h/∂x‖",
    units: "Other units",
    unit: (unit: number) => `unit ${unit}`,
    unitHead: "Unit",
    unitsLabel: "What each unit remembers",
    some: (count: number, units: number) => `${count} of ${units} units, around the chosen one.`,
    feature: (feature: number) => `∂h/∂x[${feature}]`,
  },
  back: {
    waiting: "Going back through time …",
    loss: (loss: string, target: number) =>
      `The way back starts from L = mean of (prediction − ${target})² = ${loss}. Press ← to follow it to earlier timesteps.`,
    products: "What is left of the gradient",
    productsLead:
      "Each step multiplies the gradient of the states by a factor; a bar is the product of all factors from the last step read down to that one.",
    now: (timestep: number, factor: string, product: string) =>
      `At timestep ${timestep}: factor ${factor}, product so far ${product}.`,
    running: "Factors from the last step read down to this one, each with the product up to there",
    at: (timestep: number) => `t = ${timestep}`,
    factor: "factor",
    product: "product",
    yLabel: "product, log scale",
    sums: "Gradients of the arrays, growing",
    sumsLead: (timestep: number) =>
      `Every timestep adds its share to the same arrays. Shown: the sum of what the last step read down to timestep ${timestep} add.`,
    grows: (name: string, whole: string, timestep: number, most: string) =>
      `${name} grows to ${whole}; timestep ${timestep} adds most, ${most}.`,
    added: "this step adds",
    soFar: "sum so far",
    whole: "at the end",
    large: "Too many numbers to draw; their lengths are below.",
    how: "How it comes about",
    letters:
      "∂L/∂h says how L grows with h. Written with “later”, it is what reaches h from the layer's output and from later steps.",
    next: (timestep: number) => `Back to timestep ${timestep}`,
    opened: "Opened",
    later: (name: string) => `${name} from the step after`,
    openGradient: "Open this gradient",
    toLater: "Go to the step after",
    nothing: "Nothing of the loss reaches it.",
  },
  bars: (title: string, count: number, largest: string, at: number) =>
    `${title}: ${count} values; the largest, ${largest}, at timestep ${at}.`,
} as const;
