/** Sizes that a script takes from its command line, and models put together by functools.reduce. */
import { describe, expect, it } from "vitest";
import { readKerasCode } from "./read.ts";

/** Class and first size of each layer behind the input. */
function layersOf(code: string): unknown[] {
  const { models } = readKerasCode(`import argparse\nimport keras\nfrom keras import layers\n${code}`);
  const config = models[0]!.config.config as { layers: { class_name: string; config: Record<string, unknown> }[] };
  return config.layers.slice(1).map(({ class_name, config: { units } }) => [class_name, units]);
}

const parser = `parser = argparse.ArgumentParser(description="trains")
group = parser.add_argument_group("model")
group.add_argument("-u", "--hidden-units", type=int, default="16", help="size")
group.add_argument("--layers", dest="depth", type=int, default=2)
parser.add_argument("--no-head", dest="head", action="store_false")
parser.add_argument("--gru", action="store_true")
`;
const model = `rnn = layers.GRU if args.gru else layers.LSTM
m = keras.Sequential([keras.Input((5, 3))])
for i in range(args.depth):
    m.add(rnn(args.hidden_units, return_sequences=i < args.depth - 1))
if args.head:
    m.add(layers.Dense(1))
`;

describe("argparse", () => {
  it("gives each argument its default, of its type", () => {
    const expected = [
      ["LSTM", 16],
      ["LSTM", 16],
      ["Dense", 1],
    ];
    expect(layersOf(`${parser}args = parser.parse_args()\n${model}`)).toEqual(expected);
    expect(layersOf(`${parser}args, rest = parser.parse_known_args()\n${model}`)).toEqual(expected);
  });

  it("reads the command line that the code writes itself", () => {
    expect(
      layersOf(`${parser}args = parser.parse_args(["-u", "7", "--layers=1", "--no-head", "--gru"])\n${model}`),
    ).toEqual([["GRU", 7]]);
  });

  it("leaves open what has to be given", () => {
    const { models } = readKerasCode(`import argparse, keras
p = argparse.ArgumentParser()
p.add_argument("units", type=int)
args = p.parse_args()
m = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(args.units)])`);
    expect(models[0]!.unknowns).toMatchObject([{ name: "units", reason: "is given on the command line" }]);
  });

  it("is the same kind of object as a namespace made by hand", () => {
    expect(
      layersOf(`from types import SimpleNamespace
args = SimpleNamespace(gru=False, depth=1, hidden_units=4, head=False)
${model}`),
    ).toEqual([["LSTM", 4]]);
  });
});

describe("functools.reduce", () => {
  it("puts layers on each other", () => {
    expect(
      layersOf(`from functools import reduce
i = keras.Input((6, 2))
stack = [layers.GRU(5, return_sequences=True), layers.GRU(3)]
m = keras.Model(i, reduce(lambda x, layer: layer(x), stack, i))`),
    ).toEqual([
      ["GRU", 5],
      ["GRU", 3],
    ]);
  });
});
