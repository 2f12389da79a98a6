// A forecast: the sum of two waves with a little noise. From 40 values an LSTM says the next one; fed with its own answers it
// goes on alone. Beside it the forecasts that need no model: the last value, and the value one period ago.
import assert from "node:assert/strict";
import { input, layers, Random, sequential, tensor } from "unroll";
import { isMain } from "./main.mjs";

const period = 25;

export function wave(length, random) {
  return Float32Array.from(
    { length },
    (_, t) =>
      0.6 * Math.sin((2 * Math.PI * t) / period) + 0.3 * Math.sin((2 * Math.PI * t) / 60) + random.normal(0, 0.02),
  );
}

/** Windows of `lookback` values and the value behind each. */
function windowsOf(series, lookback) {
  const count = series.length - lookback;
  const x = new Float32Array(count * lookback);
  for (let i = 0; i < count; i++) x.set(series.subarray(i, i + lookback), i * lookback);
  return { x: tensor(x, [count, lookback, 1]), y: tensor(series.slice(lookback), [count, 1]) };
}

const meanError = (forecast, truth) =>
  truth.reduce((sum, value, i) => sum + Math.abs(value - forecast[i]), 0) / truth.length;

export async function forecastWave({ length = 900, lookback = 40, ahead = 50, epochs = 30, print = console.log } = {}) {
  const series = wave(length, new Random(8));
  const known = series.subarray(0, length - 200);
  const future = series.subarray(length - 200 - lookback);
  const [training, unseen] = [windowsOf(known, lookback), windowsOf(future, lookback)];
  const net = sequential({
    seed: 2,
    layers: [input({ shape: [lookback, 1] }), layers.lstm({ units: 24 }), layers.dense({ units: 1 })],
  });
  net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  await net.fit(training.x, training.y, { epochs, batchSize: 16, seed: 1 });

  // One step ahead, each time from true values.
  const truth = unseen.y.data;
  const before = (distance) => truth.map((_, i) => future[lookback + i - distance]);
  const { mae } = net.evaluate(unseen.x, unseen.y);
  const naive = { last: meanError(before(1), truth), season: meanError(before(period), truth) };
  print(`one step ahead, mean absolute error: LSTM(24) ${mae.toFixed(4)}`);
  print(`  last value ${naive.last.toFixed(4)}, value ${period} steps ago ${naive.season.toFixed(4)}, noise 0.016`);

  // Many steps ahead, from its own answers.
  const window = Array.from(known.slice(-lookback));
  const alone = [];
  for (let step = 0; step < ahead; step++) {
    const [value] = net.predict(tensor(Float32Array.from(window), [1, lookback, 1])).data;
    alone.push(value);
    window.push(value);
    window.shift();
  }
  const far = Array.from(truth.slice(0, ahead));
  const aloneError = meanError(alone, far);
  const standing = meanError(
    far.map(() => known.at(-1)),
    far,
  );
  print(`${ahead} steps alone: LSTM(24) ${aloneError.toFixed(4)}, last value ${standing.toFixed(4)}`);
  return { mae, naive, alone: aloneError, standing };
}

if (isMain(import.meta)) {
  const { mae, naive, alone, standing } = await forecastWave();
  assert.ok(mae < naive.last && mae < naive.season, "the model does not beat the naive forecasts");
  assert.ok(alone < standing / 2, "alone it is hardly better than standing still");
}
