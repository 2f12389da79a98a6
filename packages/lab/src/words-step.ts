/** What the Step screen says about gradients and sound; it comes with the screen. Numbers come in as written. */

export const stepWords = {
  forward: "Forward",
  backward: "Backward",
  direction: "Direction",
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
    of: "gradient of the loss with respect to",
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
      "d before a name is the gradient of L with respect to it; dhLater is what reaches h from the output and from later steps.",
    next: (timestep: number) => `Back to timestep ${timestep}`,
    opened: "Opened",
    later: (name: string) => `${name} from the step after`,
    openGradient: "Open this gradient",
    toForward: "Open this value, forwards",
    toLater: "Go to the step after",
    nothing: "Nothing of the loss reaches it.",
  },
  bars: (title: string, count: number, largest: string, at: number) =>
    `${title}: ${count} values; the largest, ${largest}, at timestep ${at}.`,
} as const;
