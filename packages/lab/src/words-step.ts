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
  fresh: "New weights and input",
  where: (timestep: number, steps: number, isBackwards: boolean, isMasked: boolean) =>
    `timestep ${timestep} of ${steps}${isBackwards ? ", read backwards" : ""}${isMasked ? ", masked: states stay" : ""}`,
  prediction: "Prediction of",
  shortened: (declared: string, traced: number) =>
    `The model declares ${declared} timesteps; ${traced} are traced with the same weights.`,
  origins: {
    trained: (seed: number) => `Weights as trained; input from seed ${seed}.`,
    file: (seed: number) => `Weights from the file; input from seed ${seed}.`,
    drawn: (seed: number) => `Weights and input from seed ${seed}.`,
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
  picture: {
    label: (kind: string, timestep: number, isBackward: boolean) =>
      `${isBackward ? "Gradients of the" : "The"} ${kind} cell at timestep ${timestep}. Arrow keys move in time and between units, Page Up and Down between values, Enter opens.`,
    gradientOf: (name: string) => `gradient of ${name}`,
    unit: (name: string, unit: number, value: string) => `${name}, unit ${unit}: ${value}`,
    feature: (name: string, feature: number, value: string) => `${name}, feature ${feature}: ${value}`,
    at: (name: string, unit: number, timestep: number, value: string) =>
      `${name}, unit ${unit}, timestep ${timestep}: ${value}`,
    of: (count: number) => `of ${count}`,
  },
  lanes: {
    title: "Over time",
    below: "below 0",
    above: "above 0",
    table: "Values over time",
    caption: (unit: number, layer: string) => `Unit ${unit} of ${layer} over time`,
    time: "t",
    label: (name: string, units: number, steps: number) =>
      `${name}: ${units} units over ${steps} timesteps; the table has the numbers`,
  },
  opened: {
    place: (unit: number, timestep: number) => `unit ${unit}, t = ${timestep}`,
    featurePlace: (feature: number, timestep: number) => `feature ${feature}, t = ${timestep}`,
    feature: (feature: number) => `x, feature ${feature}`,
    changeInput: "Change this input",
    openValue: "Open this value",
    change: (what: string) => `${what}: change it`,
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
  series: (
    name: string,
    unit: number,
    steps: number,
    low: string,
    lowAt: number,
    high: string,
    highAt: number,
    first: string,
    last: string,
  ) =>
    `${name}, unit ${unit}, over ${steps} timesteps: starts at ${first}, ends at ${last}; lowest ${low} at timestep ${lowAt}, highest ${high} at timestep ${highAt}.`,
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
    factor: "factor",
    product: "product",
    yLabel: "product, log scale",
    sums: "Gradients of the arrays, growing",
    sumsLead: (timestep: number) =>
      `Every timestep adds its share to the same arrays. Shown: the sum of what the last step read down to timestep ${timestep} add.`,
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
