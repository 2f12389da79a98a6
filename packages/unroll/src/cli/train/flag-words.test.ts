import { describe, expect, it } from "vitest";
import { defaultModel } from "../../forecast/model.ts";
import { compileModel } from "../../training/compile.ts";
import { fit } from "../../training/fit.ts";
import { inFlags } from "./flag-words.ts";

const asked = { model: undefined, units: 1_000_000, batchSize: 32 };

/** What training the plain model on `rows` windows of `lookback` rows says no with. */
function training({ model, units, batchSize }: { model: string | undefined; units: number; batchSize: number }) {
  const lookback = 100;
  const net = defaultModel({ cell: "gru", units, seed: 0, horizon: 1 }, lookback, 1);
  compileModel(net, { optimizer: "sgd", loss: "mse" });
  const x = { shape: [batchSize, lookback, 1], data: new Float32Array(batchSize * lookback) };
  const y = { shape: [batchSize, 1], data: new Float32Array(batchSize) };
  return inFlags({ model, units, batchSize }, () => fit(net, x, y, { batchSize, epochs: 1, print: () => {} }));
}

describe("errors in the words of the command line", () => {
  it("say of weights that no batch would make fit that --units is too large", async () => {
    await expect(training(asked)).rejects.toThrow(
      /recurrent_kernel \(1000000, 3000000\)\. Use a smaller --units \(it is 1000000\)\. A smaller --batch-size does not/,
    );
    await expect(training({ ...asked, model: "net.py" })).rejects.toThrow(
      "Use a smaller model. A smaller --batch-size",
    );
  });

  it("say of a batch that does not fit which flags make it smaller", async () => {
    await expect(training({ model: undefined, units: 400, batchSize: 300_000 })).rejects.toThrow(
      /GiB.* Use a smaller --batch-size \(it is 300000\), --lookback or --units \(it is 400\)\.$/,
    );
  });

  it.each([
    [{ optimizer: "adma" }, "--optimizer: there is no optimizer named adma. Did you mean adam?"],
    [{ loss: "msee" }, "--loss: there is no loss named msee. Did you mean mse?"],
    [
      { optimizer: { class_name: "adam", config: { learning_rate: -1 } } },
      "--learning-rate: must be a number from 0. Received: -1.",
    ],
  ])("name the flag of %j", async (options, message) => {
    const net = defaultModel({ cell: "gru", units: 1, seed: 0, horizon: 1 }, 2, 1);
    await expect(inFlags(asked, () => compileModel(net, options))).rejects.toThrow(message);
  });
});
