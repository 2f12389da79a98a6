/**
 * Times the answer checker on a model of ten layers: a wrong count, total, shape, gate value, prediction and gradient, each
 * explained. Prints milliseconds an answer: by the clock, which is what one waits, median, largest and first (first answers are
 * slower), and of processor time, which counts the compiler's other threads but not what others do on the machine.
 *
 *   node scripts/answer-times.mjs
 */
import { withSource } from "./load-source.mjs";

const timesteps = 20;

function tenLayers({ sequential, input, layers }) {
  const recurrent = ["lstm", "gru", "simpleRNN", "lstm", "gru", "lstm"];
  return sequential({
    seed: 1,
    layers: [
      input({ shape: [timesteps + 1, 6] }),
      layers.conv1d({ filters: 8, kernelSize: 2, activation: "relu" }),
      ...recurrent.map((kind, at) => layers[kind]({ units: 6 + at, returnSequences: at < 5, name: `${kind}_${at}` })),
      layers.dropout({ rate: 0.1 }),
      layers.dense({ units: 5, activation: "tanh" }),
      layers.dense({ units: 1, name: "last" }),
    ],
  });
}

function questions(unroll, model, x, y) {
  const { checkAnswer, checkValue, checkGradient } = unroll;
  const gate = { layer: "gru_4", gate: "r", timestep: 9, unit: 3, x };
  const near = (value) => (Number(value) * 1.07 + 0.013).toFixed(4);
  return {
    "a count": (n) => checkAnswer(model, { layer: "gru_4", params: 3 * (10 * (9 + 10) + 10) + n }),
    "a total": (n) => checkAnswer(model, { total: model.countParams() - 30 + n }),
    "a shape": (n) => checkAnswer(model, { layer: "gru_4", shape: [null, 10 + n] }),
    "a gate": (n) => checkValue(model, { ...gate, value: near(n / 10) }),
    "a prediction": (n) => checkValue(model, { layer: "last", unit: 0, x, value: near(n / 10) }),
    "a gradient": (n) =>
      checkGradient(model, { layer: "gru_4", array: "kernel", index: [1, 2], x, y, loss: "mse", value: near(n / 100) }),
  };
}

await withSource("src/index.ts", (unroll) => {
  const model = tenLayers(unroll);
  const x = [Array.from({ length: timesteps + 1 }, (_, t) => Array.from({ length: 6 }, (_, i) => Math.sin(t + i)))];
  console.log(`${model.layers.length} layers, ${model.countParams()} parameters, ${timesteps} timesteps; ms an answer`);
  for (const [name, ask] of Object.entries(questions(unroll, model, x, [[0.5]]))) {
    const times = Array.from({ length: 9 }, (_, n) => {
      const [start, used] = [performance.now(), process.cpuUsage()];
      ask(n);
      const { user, system } = process.cpuUsage(used);
      return { clock: performance.now() - start, processor: (user + system) / 1000 };
    });
    const [first, ...rest] = times;
    const show = (value) => value.toFixed(1).padStart(7);
    const sorted = (kind) => rest.map((time) => time[kind]).sort((one, other) => one - other);
    const [clock, processor] = [sorted("clock"), sorted("processor")];
    console.log(
      `${name.padEnd(13)} median ${show(clock[clock.length >> 1])}  most ${show(clock.at(-1))}  first ${show(first.clock)}` +
        `  processor, median ${show(processor[processor.length >> 1])}  most ${show(processor.at(-1))}`,
    );
  }
});
