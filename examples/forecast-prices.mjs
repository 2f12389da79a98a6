// Can the next price be forecast from the last ones? One stock from four others, by month; the S&P 500, by day. The networks
// learn, and still lose to the plainest forecast there is: the price stays as it is. That is the usual result, and the reason
// to look at a baseline first.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  dropMissing,
  input,
  lastValue,
  layers,
  MinMaxScaler,
  parseCsv,
  rootMeanSquaredError,
  sequential,
  sliceRows,
  splitByTime,
  tableToMatrix,
  windows,
} from "unroll";

const read = (name) => parseCsv(readFileSync(new URL(`data/${name}`, import.meta.url)), { name });

/** Trains a recurrent model on a table and prints its test error beside that of the last value. */
async function forecast(title, table, { features, target, lookback, cell, epochs }) {
  const [x, y] = [tableToMatrix(table, features), tableToMatrix(table, [target])];
  const cut = (data, targets) => splitByTime(windows({ data, targets, lookback }), { test: 0.2 });
  const raw = cut(x, y);

  // Fitted on the training rows only: what comes later must not be known.
  const seen = raw.train.targetRow(raw.train.count - 1) + 1;
  const [xScaler, yScaler] = [x, y].map((matrix) => new MinMaxScaler().fit(sliceRows(matrix, 0, seen)));
  const { train, test } = cut(xScaler.transform(x), yScaler.transform(y));

  const net = sequential({
    layers: [input({ shape: [lookback, features.length] }), cell, layers.dense({ units: 1 })],
    seed: 7,
  });
  net.compile({ optimizer: "adam", loss: "mse" });
  const { history } = await net.fit(train, undefined, { epochs, batchSize: 64, seed: 7 });
  assert.ok(history.loss.at(-1) < history.loss[0] / 3, `${title}: it learns`);

  const truth = raw.test.trueTargets();
  const own = yScaler.inverseTransform(net.predict(test.all().x));
  const [model, naive] = [own, lastValue(raw.test)].map((values) => rootMeanSquaredError(truth, values));
  console.log(`${title}: ${train.count} windows to train, ${test.count} to test`);
  console.log(`  training loss ${history.loss[0].toFixed(4)} -> ${history.loss.at(-1).toFixed(4)}`);
  const verdict = model < naive ? "beats" : "does not beat";
  console.log(
    `  test RMSE ${model.toFixed(2)}, naive ${naive.toFixed(2)}: the model ${verdict} repeating the last value`,
  );
  return { model, naive };
}

// Google's stock exists since August 2004; the months before have a gap, which is told by line and left out.
const stocks = read("stocks-monthly.csv");
const { table, dropped } = dropMissing(stocks);
console.log(
  `${stocks.rows} months, ${dropped.length} without ${dropped[0].columns}: lines ${dropped[0].row} to ${dropped.at(-1).row}`,
);
const apple = await forecast("AAPL from four other stocks", table, {
  features: ["MSFT", "AMZN", "IBM", "GOOG"],
  target: "AAPL",
  lookback: 6,
  cell: layers.gru({ units: 16 }),
  epochs: 60,
});
const index = await forecast("S&P 500, the next day's close", read("sp500-daily.csv"), {
  features: ["open", "high", "low", "close"],
  target: "close",
  lookback: 21,
  cell: layers.lstm({ units: 16 }),
  epochs: 12,
});
for (const { model, naive } of [apple, index]) assert.ok(model > naive, "a surprise: look for a leak first");
