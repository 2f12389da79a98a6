/** Every sentence that the page says, by screen: one place to read, to change and to translate. Numbers come in as written. */

/** "1 layer", "2 layers". */
function some(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export const words = {
  compare: {
    title: "Compare",
    lead: "Up to four models beside each other: what differs, by how much, and what makes the difference.",
    open: "open in Model",
    add: "Add a model",
    example: "An example",
    chooseExample: "Choose one …",
    code: "Keras code",
    codeHint: "Change a line of the open model, or paste another.",
    addCode: "Add this code",
    remove: (name: string) => `Remove ${name}`,
    full: "Four models are the most that fit. Remove one to add another.",
    fewer: "Add a second model to compare with.",
    reading: "Reading the models …",
    layer: "Layer",
    nothing: "–",
    unread: "not read",
    total: "Total",
    input: "Input",
    speed: "Speed",
    speedHint: "one prediction on this device",
    prediction: "Prediction",
    predictionHint: (seed: number) =>
      `Each model's weights come from seed ${seed}; models that read the same shape get the same numbers.`,
    apart: (difference: string, name: string) => `at most ${difference} from ${name}`,
    difference: (difference: string) => `${difference} against the first`,
    tableLabel: "Models side by side",
    caption: (count: number) =>
      `${some(count, "model")} side by side, layer by layer; differences are to the first model`,
    train: "Train them all",
    trainLead: "The same series, the same windows, the same seed, one after another.",
    series: "Series",
    epochs: "Epochs",
    start: "Train all",
    stop: "Stop",
    lossTitle: "Loss on the test part",
    epoch: "epoch",
    loss: "mean squared error",
    cannotTrain: "One series needs models from (None, timesteps, 1) to (None, 1). None of these is one.",
    leftOut: (names: string) => `Left out, for they do not read one series and end in one number: ${names}.`,
    verdict: (name: string, rmse: string, naive: string, beats: boolean) =>
      `${name}: test RMSE ${rmse}, ${beats ? "better than" : "no better than"} repeating the last value (${naive}).`,
    trained: "All models are trained.",
  },
} as const;
