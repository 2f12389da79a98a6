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
  answer: {
    title: "Your answer",
    count: "Count",
    countOrShape: "Count, or shape such as (None, 4)",
    check: "Check",
    seeWhy: "See why",
    show: "Show the answer",
  },
  verdict: {
    right: (given: string) => `${given} is right.`,
    wrong: (given: string) => `${given} is not right.`,
    slips: (count: number) =>
      count === 0
        ? "No known slip gives it, nor do two together."
        : count === 1
          ? "This slip gives it:"
          : "These slips give it, the likeliest first:",
  },
  quiz: {
    title: "Quiz",
    leadSet: (count: number, seed: number) =>
      `${some(count, "question")} from seed ${seed}: everybody who opens this link gets the same ones. No clock runs.`,
    leadPractice: "One question after another; the next one is aimed at your last slip. No clock runs.",
    reading: "Drawing the questions …",
    questions: "Questions",
    stateOf: (number: number, state: string) => `Question ${number}: ${state}`,
    states: { open: "open", right: "right", wrong: "not right yet", shown: "solution seen" },
    of: (number: number, count: number) => `Question ${number} of ${count}`,
    number: (number: number) => `Question ${number}`,
    model: "The model, layer by layer",
    labels: { params: "Your count", total: "Your count", shape: "Your shape, such as (None, 30, 4)" } as Readonly<
      Record<string, string>
    >,
    label: "Your answer",
    check: "Check",
    next: "Next question",
    again: "Answer again, or go on.",
    hint: (number: number, count: number) => `Hint ${number} of ${count}`,
    hints: "Hints",
    showSolution: "Show the solution",
    solution: "Solution",
    right: (count: number, all: number) => `${count} of ${all} right`,
    done: "All of them right.",
    csv: "Progress as CSV",
    fresh: "Start anew",
    practise: "Practise instead",
    toSet: "Back to the set",
    print: "Print the worksheet",
    make: "Make a set for a class",
    makeLead: "Same link, same questions. Nothing is sent anywhere: answers stay on the learner's device.",
    seed: "Seed",
    count: "Questions",
    level: "Level",
    levels: ["rising", "1: one recurrent layer", "2: several", "3: convolution, Bidirectional", "4: all of it, longer"],
    kinds: "Kinds",
    kindNames: { params: "parameters of a layer", shape: "output shapes", total: "parameters of a model" },
    leaveOut: "Leave out",
    leaveOutNames: {
      hints: "hints",
      why: "the slip behind a wrong answer",
      answers: "solutions",
      tabs: "all other screens",
      share: "Share",
      help: "Help and settings",
    },
    fixed: "The learner cannot change the set",
    preview: "Open as a learner sees it",
    copyLink: "Copy the learners' link",
    copyKey: "Copy the answer key's link",
    copied: "Copied",
    honest: "Left-out parts are out of sight, not locked away: who edits the link sees them.",
    key: "Answer key",
    answers: "Answers",
    keyLead: (seed: number) =>
      `Of the set from seed ${seed}. Printing gives the worksheet first, then these answers on pages of their own.`,
    worksheet: (seed: number) => `Count by hand, seed ${seed}`,
    answerLine: "Answer:",
    name: "Name:",
  },
} as const;
