/** The table of (model, answer, slip that gives it): expected slips are worked out by hand, never read off the checker. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { leadTo, ranked, rankLabels } from "./answer.ts";
import { answerToText } from "./answer-text.ts";
import { type Answer, checkAnswer } from "./check.ts";
import type { SlipId } from "./slip.ts";

const models = {
  lstm4: () =>
    sequential({
      layers: [
        input({ shape: [30, 5] }),
        layers.lstm({ units: 4, name: "lstm" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  gru4: () =>
    sequential({
      layers: [
        input({ shape: [30, 5] }),
        layers.gru({ units: 4, name: "gru" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  gru4old: () =>
    sequential({
      layers: [
        input({ shape: [30, 5] }),
        layers.gru({ units: 4, resetAfter: false, name: "gru" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  simple: () =>
    sequential({
      layers: [
        input({ shape: [50, 3] }),
        layers.simpleRNN({ units: 2, name: "rnn" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  stacked: () =>
    sequential({
      name: "stacked",
      layers: [
        input({ shape: [30, 5] }),
        layers.gru({ units: 4, returnSequences: true, name: "gru_1" }),
        layers.gru({ units: 2, returnSequences: true, name: "gru_2" }),
        layers.simpleRNN({ units: 25, name: "rnn" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  simpleIntoLstm: () =>
    sequential({
      layers: [
        input({ shape: [15, 30] }),
        layers.simpleRNN({ units: 20, returnSequences: true, name: "rnn" }),
        layers.lstm({ units: 4, name: "lstm" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  monster1: () =>
    sequential({
      layers: [
        input({ shape: [30, 30] }),
        layers.simpleRNN({ units: 30, returnSequences: true, name: "rnn" }),
        layers.gru({ units: 30, returnSequences: true, name: "gru" }),
        layers.lstm({ units: 30, name: "lstm" }),
        layers.dense({ units: 30, name: "dense" }),
        layers.dense({ units: 1, name: "out" }),
      ],
    }),
  monster2: () =>
    sequential({
      layers: [
        input({ shape: [50, 40] }),
        layers.simpleRNN({ units: 30, returnSequences: true, name: "rnn" }),
        layers.gru({ units: 20, returnSequences: true, name: "gru_1" }),
        layers.gru({ units: 25, returnSequences: true, name: "gru_2" }),
        layers.gru({ units: 22, returnSequences: true, name: "gru_3" }),
        layers.gru({ units: 21, returnSequences: true, name: "gru_4" }),
        layers.simpleRNN({ units: 10, name: "rnn_2" }),
        layers.dense({ units: 50, name: "d1" }),
        layers.dense({ units: 50, name: "d2" }),
        layers.dense({ units: 50, name: "d3" }),
        layers.dense({ units: 50, name: "d4" }),
        layers.dense({ units: 1, name: "out" }),
      ],
    }),
  conv: () =>
    sequential({
      layers: [
        input({ shape: [21, 9] }),
        layers.conv1d({ filters: 3, kernelSize: 2, name: "conv" }),
        layers.maxPooling1d({ poolSize: 2, name: "pool" }),
        layers.simpleRNN({ units: 30, name: "rnn" }),
        layers.dropout({ rate: 0.1, name: "drop" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  convMonster: () =>
    sequential({
      layers: [
        input({ shape: [50, 20] }),
        layers.conv1d({ filters: 64, kernelSize: 2, name: "conv_1" }),
        layers.maxPooling1d({ poolSize: 2, name: "pool_1" }),
        layers.conv1d({ filters: 128, kernelSize: 2, name: "conv_2" }),
        layers.maxPooling1d({ poolSize: 2, name: "pool_2" }),
        layers.simpleRNN({ units: 64, returnSequences: true, name: "rnn_1" }),
        layers.simpleRNN({ units: 120, name: "rnn_2" }),
        layers.dropout({ rate: 0.1, name: "drop" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  bi: () =>
    sequential({
      layers: [
        input({ shape: [21, 9] }),
        layers.bidirectional({ layer: layers.lstm({ units: 30, returnSequences: true }), name: "bi_1" }),
        layers.bidirectional({ layer: layers.lstm({ units: 10 }), name: "bi_2" }),
        layers.dropout({ rate: 0.1, name: "drop" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  biMonster: () =>
    sequential({
      layers: [
        input({ shape: [21, 50] }),
        layers.conv1d({ filters: 20, kernelSize: 2, name: "conv_1" }),
        layers.maxPooling1d({ poolSize: 2, name: "pool_1" }),
        layers.conv1d({ filters: 10, kernelSize: 2, name: "conv_2" }),
        layers.maxPooling1d({ poolSize: 2, name: "pool_2" }),
        layers.bidirectional({ layer: layers.lstm({ units: 30, returnSequences: true }), name: "bi_1" }),
        layers.bidirectional({ layer: layers.lstm({ units: 60, returnSequences: true }), name: "bi_2" }),
        layers.gru({ units: 40, returnSequences: true, name: "gru" }),
        layers.bidirectional({ layer: layers.lstm({ units: 10 }), name: "bi_3" }),
        layers.dropout({ rate: 0.1, name: "drop" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  convFlat: () =>
    sequential({
      layers: [
        input({ shape: [20, 4] }),
        layers.conv1d({ filters: 8, kernelSize: 5, padding: "same", name: "conv" }),
        layers.maxPooling1d({ poolSize: 3, name: "pool" }),
        layers.flatten({ name: "flat" }),
        layers.dense({ units: 10, name: "dense" }),
        layers.batchNormalization({ name: "norm" }),
        layers.dense({ units: 1, name: "out" }),
      ],
    }),
  words: () =>
    sequential({
      layers: [
        input({ shape: [40] }),
        layers.embedding({ inputDim: 1000, outputDim: 16, name: "words" }),
        layers.lstm({ units: 8, name: "lstm" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    }),
  steps: () =>
    sequential({
      layers: [input({ shape: [100, 32] }), layers.simpleRNN({ units: 64, returnSequences: true, name: "rnn" })],
    }),
  stride: () =>
    sequential({
      layers: [input({ shape: [24, 3] }), layers.conv1d({ filters: 6, kernelSize: 4, strides: 2, name: "conv" })],
    }),
} as const;

/** The slip must be the first, or, with `among`, one of the first so many. */
type Row = readonly [keyof typeof models, Answer, SlipId, among?: number];

const rows: readonly Row[] = [
  // GRU(4) on 5 features: 3 × [4(4+5)+2×4] = 132; GRU(2) on 4: 48.
  ["stacked", { layer: "gru_1", params: 120 }, "second-bias-row"],
  ["stacked", { layer: "gru_2", params: 42 }, "second-bias-row"],
  ["gru4", { layer: "gru", params: 120 }, "second-bias-row"],
  ["gru4old", { layer: "gru", params: 132 }, "two-biases"],
  // LSTM(4) on 5 features over 30 timesteps: 160.
  ["lstm4", { layer: "lstm", params: 560 }, "timesteps-as-features"],
  ["lstm4", { layer: "lstm", params: 200 }, "units-and-features-swapped"],
  ["lstm4", { layer: "lstm", params: 120 }, "wrong-gates"],
  ["lstm4", { layer: "lstm", params: 132 }, "another-cell"],
  // 120 is both: three gates in place of four, and what a GRU has without its second row of bias.
  ["lstm4", { layer: "lstm", params: 120 }, "another-cell", 2],
  ["lstm4", { layer: "lstm", params: 40 }, "wrong-gates"],
  ["lstm4", { layer: "lstm", params: 144 }, "bias-forgotten"],
  ["lstm4", { layer: "lstm", params: 164 }, "bias-per-input"],
  ["lstm4", { layer: "lstm", params: 96 }, "recurrent-part-forgotten"],
  ["lstm4", { layer: "lstm", params: 80 }, "input-part-forgotten"],
  ["lstm4", { layer: "lstm", params: 176 }, "two-biases"],
  ["lstm4", { layer: "lstm", params: 4800 }, "times-timesteps"],
  ["lstm4", { layer: "lstm", params: 148 }, "bias-once"],
  ["lstm4", { layer: "lstm", params: 145 }, "one-bias-for-all"],
  ["lstm4", { layer: "lstm", params: 64 + 20 + 16 }, "brackets-lost"],
  ["lstm4", { layer: "lstm", params: 2480 }, "features-multiplied"],
  ["lstm4", { layer: "lstm", params: 165 }, "another-layer"],
  ["lstm4", { layer: "lstm", params: 5 }, "another-layer"],
  ["lstm4", { layer: "lstm", params: 96 - 16 + 16 }, "recurrent-part-forgotten"],
  // The same with two slips: no bias and the timesteps as features, 4 × [4(4+30)].
  ["lstm4", { layer: "lstm", params: 544 }, "timesteps-as-features"],
  ["gru4", { layer: "gru", params: 3 * (4 * 34 + 4) }, "second-bias-row"],
  // SimpleRNN(2) on 3: 12, a GRU without second row 36, an LSTM 48.
  ["simple", { layer: "rnn", params: 48 }, "wrong-gates"],
  ["simple", { layer: "rnn", params: 36 }, "wrong-gates"],
  ["simple", { layer: "rnn", params: 106 }, "timesteps-as-features"],
  ["simple", { layer: "rnn", params: 600 }, "times-timesteps"],
  ["simple", { layer: "dense", params: 2 }, "bias-forgotten"],
  ["simple", { layer: "dense", params: 4 }, "stale-features"],
  // Conv1D(3, 2) on 9: 57; then SimpleRNN(30) on 3: 1,020; Dense(1) on 30: 31.
  ["conv", { layer: "conv", params: 19 }, "filters-as-one"],
  ["conv", { layer: "conv", params: 30 }, "window-as-one"],
  ["conv", { layer: "conv", params: 54 }, "bias-forgotten"],
  ["conv", { layer: "conv", params: 55 }, "one-bias-for-all"],
  ["conv", { layer: "rnn", params: 960 }, "stale-features", 2],
  ["conv", { layer: "rnn", params: 1200 }, "stale-features", 2],
  ["conv", { layer: "rnn", params: 30 * 40 + 30 }, "timesteps-as-features"],
  ["conv", { layer: "dense", params: 4 }, "stale-features"],
  // Bidirectional: 2 × 4 × [30(30+9)+30] = 9,600; the next reads 60.
  ["bi", { layer: "bi_1", params: 4800 }, "one-direction"],
  ["bi", { layer: "bi_2", params: 3280 }, "doubling-missed"],
  ["bi", { layer: "bi_2", params: 2840 }, "one-direction"],
  ["bi", { layer: "dense", params: 11 }, "doubling-missed"],
  ["bi", { layer: "bi_1", params: 9600 - 240 }, "bias-forgotten"],
  // Dense(1) after SimpleRNN(25): 26, with the units of the first GRU 5.
  ["stacked", { layer: "dense", params: 5 }, "stale-features"],
  ["stacked", { layer: "rnn", params: 750 }, "stale-features", 2],
  // Flatten after pooling: floor((20 − 3) / 3) + 1 = 6, kept remainder 7 rows of 8.
  ["convFlat", { layer: "dense", params: 570 }, "remainder-kept"],
  ["convFlat", { layer: "dense", params: 410 }, "padding-forgotten"],
  ["convFlat", { layer: "dense", params: 90 }, "stale-features"],
  ["convFlat", { layer: "norm", params: 20 }, "not-trained-left-out"],
  ["words", { layer: "words", params: 16 * 999 }, "off-by-one"],
  ["words", { layer: "words", params: 16 * 1001 }, "off-by-one"],
  ["words", { layer: "lstm", params: 4 * (8 * 48 + 8) }, "timesteps-as-features"],
  // Totals.
  ["stacked", { total: 888 }, "second-bias-row"],
  ["stacked", { total: 880 }, "layer-left-out"],
  ["stacked", { total: 894 }, "second-bias-row"],
  ["monster1", { total: 15_601 }, "second-bias-row"],
  ["monster1", { total: 15_660 }, "layer-left-out"],
  ["monster2", { total: 23_415 - 3 * (20 + 25 + 22 + 21) }, "second-bias-row"],
  // Bi(LSTM(60)) on 30 instead of 60 features, GRU(40) on 60 instead of 120, Dense(1) on 10 instead of 20.
  ["biMonster", { total: 93_891 - 14_400 - 7_200 - 10 }, "doubling-missed"],
  ["convMonster", { total: 53_809 - 2_624 + 41 }, "filters-as-one"],
  ["convFlat", { total: 709 - 20 }, "not-trained-left-out"],
  // Shapes.
  ["stacked", { layer: "gru_2", shape: [null, 4] }, "sequences-overlooked"],
  ["stacked", { layer: "gru_2", shape: [null, 2] }, "sequences-overlooked"],
  ["stacked", { layer: "gru_2", shape: [null, 2, 30] }, "axes-swapped"],
  ["stacked", { layer: "gru_2", shape: [null, 30, 4] }, "features-kept", 2],
  ["stacked", { layer: "gru_2", shape: [null, 30, 6] }, "gates-in-shape"],
  ["lstm4", { layer: "lstm", shape: [null, 30, 4] }, "sequences-assumed"],
  ["lstm4", { layer: "lstm", shape: [30, 4] }, "sequences-assumed", 2],
  ["steps", { layer: "rnn", shape: [6400] }, "steps-concatenated"],
  ["steps", { layer: "rnn", shape: [null, 6400] }, "steps-concatenated"],
  ["conv", { layer: "conv", shape: [null, 21, 3] }, "padding-assumed"],
  ["conv", { layer: "conv", shape: [null, 19, 3] }, "plus-one-forgotten"],
  ["conv", { layer: "conv", shape: [null, 20, 9] }, "features-kept"],
  ["conv", { layer: "pool", shape: [null, 19, 3] }, "stride-ignored"],
  ["convFlat", { layer: "pool", shape: [null, 7, 8] }, "remainder-kept", 2],
  ["convFlat", { layer: "conv", shape: [null, 16, 8] }, "padding-forgotten"],
  ["convFlat", { layer: "flat", shape: [null, 6, 8] }, "layer-passed-over"],
  ["convFlat", { layer: "flat", shape: [null, 56] }, "remainder-kept"],
  ["bi", { layer: "bi_1", shape: [null, 21, 30] }, "doubling-missed"],
  ["bi", { layer: "bi_1", shape: [null, 60] }, "sequences-overlooked"],
  ["conv", { layer: "pool", shape: [null, 3] }, "axis-dropped"],
  ["convFlat", { layer: "conv", shape: [null, 8] }, "axis-dropped"],
  ["words", { layer: "words", shape: [null, 16] }, "axis-dropped"],
  ["stride", { layer: "conv", shape: [null, 21, 6] }, "stride-ignored"],
  ["stride", { layer: "conv", shape: [null, 10, 6] }, "plus-one-forgotten"],
];

describe("a wrong answer is traced to the slip that gives it", () => {
  it.each(rows.map((row) => ({ row, title: `${row[0]} ${JSON.stringify(row[1])}: ${row[2]}` })))(
    "$title",
    ({ row }) => {
      const [name, answer, slip, among = 1] = row;
      const check = checkAnswer(models[name](), answer);
      expect(check.right).toBe(false);
      const found = check.findings.slice(0, among).flatMap(({ slips }) => slips.map(({ id }) => id));
      expect(found, answerToText(check)).toContain(slip);
      // The learner's answer stands at the end of every derivation.
      for (const { derivation } of check.findings) expect(derivation.result).toEqual(check.given);
    },
  );

  it("names no two slips that leave nothing of a layer", () => {
    expect(checkAnswer(models.bi(), { layer: "bi_1", params: 0 }).findings).toEqual([]);
  });

  it("says perhaps where only two slips together give the answer, and not where one does", () => {
    const text = (params: number): string => answerToText(checkAnswer(models.lstm4(), { layer: "lstm", params }));
    // No bias, 4 × 4 × (4 + 5) = 144, and the timesteps as features, 4 × 4 × (4 + 30) = 544.
    expect(text(144)).not.toContain("erhaps");
    expect(text(544)).toContain("Perhaps two slips came together. 2 ways to it, the most likely first:");
  });

  it("writes thousands apart in what it says of a layer left out", () => {
    // Without the Embedding the total is that of the rest.
    const model = models.words();
    const embedding = model.layers.find(({ name }) => name === "words")!;
    expect(embedding.countParams()).toBe(16_000);
    const total = model.countParams() - 16_000;
    expect(answerToText(checkAnswer(model, { total }))).toContain("words has 16,000 parameters.");
  });

  it("says the same of the same answer asked again", () => {
    const model = models.stacked();
    const ask = (params: number): string => answerToText(checkAnswer(model, { layer: "gru_2", params }));
    const [first, other] = [ask(84), ask(37)];
    expect([ask(84), ask(37)]).toEqual([first, other]);
  });

  it("has rows enough", () => expect(rows.length).toBeGreaterThanOrEqual(60));
});

describe("right answers", () => {
  it.each([
    ["stacked", 906],
    ["simpleIntoLstm", 1425],
    ["monster1", 15_691],
    ["monster2", 23_415],
    ["convMonster", 53_809],
    ["biMonster", 93_891],
  ] as const)("%s has %i parameters", (name, total) => {
    expect(checkAnswer(models[name](), { total })).toMatchObject({ right: true, expected: total, findings: [] });
  });
});

describe("findings in order", () => {
  const of = (id: SlipId, plausibility: number) => ({
    slips: [{ id, title: "", layer: "a", detail: "" }],
    plausibility,
  });

  it("are sure where one of them needs a single slip, also in several layers", () => {
    const [one, other] = [of("bias-forgotten", 0.5), of("timesteps-as-features", 0.5)];
    const pair = { slips: [...one.slips, ...other.slips] };
    const twice = { slips: [...one.slips, { ...one.slips[0]!, layer: "b" }] };
    expect(leadTo([pair])).toBe("Perhaps two slips came together. One way to it:");
    expect(leadTo([one, pair])).toBe("2 ways to it, the most likely first:");
    expect(leadTo([twice])).toBe("One way to it:");
  });

  it("give ties one number and a letter each; a single one needs none", () => {
    expect(rankLabels([0.9, 0.5, 0.5, 0.2].map((plausibility) => ({ plausibility })))).toEqual([
      "1. ",
      "2a. ",
      "2b. ",
      "3. ",
    ]);
    expect(rankLabels([{ plausibility: 0.3 }])).toEqual([""]);
  });

  it("are cut behind a tie, never inside it", () => {
    const list = [of("bias-once", 0.5), of("one-array", 0.7), of("two-biases", 0.5), of("off-by-one", 0.1)];
    expect(ranked(list, 2).map(({ slips }) => slips[0]!.id)).toEqual(["one-array", "bias-once", "two-biases"]);
    expect(ranked([of("bias-once", 0.1 * 3), of("two-biases", 0.3)], 1)).toHaveLength(2);
  });
});

describe("an answer that is none yet", () => {
  it.each([
    [{ layer: 0, params: "48" }, 'params must be a number. Received: params = "48".'],
    [{ total: Number.NaN }, "total must be a number. Received: total = NaN."],
    [{ layer: 0, shape: "(None, 4)" }, 'shape must be a list such as [null, 4]. Received: shape = "(None, 4)".'],
  ])("is refused, not called wrong: %j", (answer, message) => {
    const model = sequential({ layers: [input({ shape: [5, 3] }), layers.simpleRNN({ units: 4 })] });
    expect(() => checkAnswer(model, answer as never)).toThrow(message);
  });
});
