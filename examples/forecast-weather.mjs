// Tomorrow's highest temperature in Seattle from the last three weeks: a table, windows, a split by time, an LSTM, and the
// question that decides whether it was worth it: is it better than saying "as today"?
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  compareForecasts,
  EarlyStopping,
  input,
  lastValue,
  layers,
  parseCsv,
  rootMeanSquaredError,
  StandardScaler,
  seasonalNaive,
  sequential,
  sliceRows,
  splitByTime,
  tableToMatrix,
  windows,
} from "unroll";

const table = parseCsv(readFileSync(new URL("data/seattle-weather.csv", import.meta.url)));
const columns = ["temp_max", "temp_min", "precipitation", "wind"];
const days = tableToMatrix(table, columns);
console.log(`${table.rows} days of ${columns.join(", ")}; missing: ${table.issueCount}`);

// Windows of 21 days, cut by time: the model is chosen on later days than it learns from, and tested on later ones still.
const lookback = 21;
const cut = (data) => splitByTime(windows({ data, targetColumns: [0], lookback }), { validation: 0.15, test: 0.15 });
const raw = cut(days);
const lastTrainingDay = raw.train.targetRow(raw.train.count - 1);

// The scaler sees the training days only: what comes later must not be known.
const scaler = new StandardScaler().fit(sliceRows(days, 0, lastTrainingDay + 1));
const { train, validation, test } = cut(scaler.transform(days));
console.log(`windows: ${train.count} to train, ${validation.count} to choose, ${test.count} to test`);

const net = sequential({
  layers: [input({ shape: [lookback, columns.length] }), layers.lstm({ units: 32 }), layers.dense({ units: 1 })],
  seed: 1,
});
net.compile({ optimizer: "adam", loss: "mse" });
// `fit` takes the windows as they are: one batch at a time is copied out of the table.
const { history } = await net.fit(train, undefined, {
  epochs: 40,
  validationData: validation,
  callbacks: [new EarlyStopping({ patience: 8, restoreBestWeights: true })],
  seed: 1,
});
const { val_loss } = history;
console.log(
  `${val_loss.length} epochs; validation loss ${val_loss[0].toFixed(3)} -> ${Math.min(...val_loss).toFixed(3)}`,
);
assert.ok(Math.min(...val_loss) < 0.6 * val_loss[0], "it learns");

// Errors in degrees, beside two forecasts that need no model.
const truth = raw.test.trueTargets();
const forecast = scaler.select([0]).inverseTransform(net.predict(test.all().x));
const today = lastValue(raw.test);
const lastYear = seasonalNaive(raw.test, 365);
const error = (values) => rootMeanSquaredError(truth, values);
console.log(
  `RMSE in °C: model ${error(forecast).toFixed(2)}, as today ${error(today).toFixed(2)}, as a year ago ${error(lastYear).toFixed(2)}`,
);
assert.ok(error(forecast) < error(today) && error(today) < error(lastYear));

const { pValue } = compareForecasts(truth, forecast, today);
const better = (100 * (1 - error(forecast) / error(today))).toFixed(0);
console.log(
  `${better} % better than "as today"; two equal forecasts would differ as much with a chance of ${pValue.toFixed(4)}`,
);
assert.ok(pValue < 0.2);
