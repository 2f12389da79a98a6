/**
 * Times the answer checker on a model of ten layers: a wrong count, total, shape, gate value, prediction and gradient, each
 * explained. Prints milliseconds of processor time an answer (what others do on the machine is not in it), median and largest;
 * the first answers of a model are slower, and are shown too.
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
  for (const [name, ask] of Object.entries(questions(unroll, model, x, [[0.5]])).filter(([n]) => n.includes(process.env.KIND))) {
    const times = Array.from({ length: 60 }, (_, n) => {
      const start = process.cpuUsage();
      ask(n);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    const [first, ...rest] = times;
    rest.sort((a, b) => a - b);
    const show = (value) => value.toFixed(1).padStart(7);
    console.log(
      `${name.padEnd(13)} median ${show(rest[rest.length >> 1])}  most ${show(rest.at(-1))}  first ${show(first)}`,
    );
  }
});
