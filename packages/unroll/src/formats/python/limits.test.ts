import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { readKerasCode } from "./read.ts";

/** A generous bound (ms): the slowest of these take a tenth of it. */
const SOON = 10_000;

const hostile: Record<string, string> = {
  "an endless loop": "while True:\n  x = 1\n",
  "a tower of powers": "x = 10**10**10\n",
  "a huge string": "x = 'a' * 10**9\n",
  "a huge list": "x = [0] * 10**12\n",
  "a huge range": "x = [i for i in range(10**12)]\ns = sum(range(10**9))\n",
  "nested comprehensions":
    "[[[[i for i in range(2000)] for j in range(2000)] for k in range(2000)] for l in range(2000)]\n",
  "thousands of brackets": `x = ${"(".repeat(5000)}1${")".repeat(5000)}`,
  "more brackets than the parser has stack for": `m = Sequential([Dense(1)])\nx = ${"[(".repeat(100_000)}1${")]".repeat(100_000)}\n`,
  "thousands of signs": `x = ${"-".repeat(20_000)}1`,
  "a sum of thousands": `x = ${Array(20_000).fill("1").join("+")}`,
  recursion: "def f(n):\n  return f(n + 1)\nf(0)\n",
  "branching recursion": "def f(n):\n  return [g(n), g(n)]\ndef g(n):\n  return [f(n), f(n)]\nf(0)\n",
  "a list that holds itself":
    "a = []\na.append(a)\nprint(str(a), a == a, [a] == [a])\nSequential(a)\nDense(a)\nnp.array(a)\nd = {(a,): 1}\n",
  "lists that multiply": `a = [1] * 1000\n${"a = [a] * 1000\n".repeat(8)}s = str(a)\nb = np.array(a)\nDense(4, kernel_initializer=a)(Input((3,)))\nLSTM(3)(a)\nSequential([Dense(a)]).summary()\n`,
  "tuples that double": `t = (1,)\n${"t = (t, t)\n".repeat(60)}d = {t: 1}\nd[t]\nnp.array(t)\nstr(t)\nx = Input((3,)) + t\n`,
  "unknowns that double":
    "x = unknown\nfor i in range(1000):\n  x = x + x\nSequential([Dense(x)])\nif x < x + 1: pass\n",
  "a tensor and lists that multiply": `a = [1] * 1000\n${"a = [a] * 1000\n".repeat(8)}x = Input((3,)) + a\ny = K.concatenate([x, a])\n`,
  "a layer called on a tensor and lists that multiply": `a = [1] * 1000\n${"a = [a] * 1000\n".repeat(8)}x = Input((3,))\nModel(x, Dense(2)([x, a])).summary()\nModel(x, Dense(2)(x, more=a)).summary()\nModel([x, a], Dense(2)(x)).summary()\n`,
  "a layer that holds its model":
    "class L(keras.layers.Layer):\n  def call(self, x): return x\nl = L()\nm = Sequential([Input((3,)), l])\nl.m = m\nm.summary()\nm.output\n",
  "models that double": `m = Sequential([Dense(1)])\n${"m = Sequential([m, m])\n".repeat(60)}m.summary()\n`,
  "models in a circle": "a = Sequential()\nb = Sequential()\na.add(b)\nb.add(a)\na.add(a)\na.summary()\n",
  "wrappers without end":
    "l = LSTM(3)\nfor i in range(1500):\n  l = TimeDistributed(l)\nSequential([Input((3, 3)), l]).summary()\n",
  "a graph without end":
    "x = i = Input((3,))\nfor k in range(1900):\n  x = Dense(3)(Dense(3)(x))\nModel(i, x).summary()\n",
  "thousands of models": "Sequential([Dense(1)])\n".repeat(2000),
  "long work in small steps":
    "s = 'a' * 100000\na = list(range(2000))\nfor i in range(2000):\n  for j in range(2000):\n    t = s.upper()\n    if j in a: pass\n",
  "wide formats": "f'{1:>1000000000}'\nx = '%1000000000d' % 5\ny = '{:>999999999}'.format(3)\n",
  "a class that extends itself":
    "class A(A): pass\nclass B:\n  def __getitem__(self, i): return self[i]\nB()[0]\nf = lambda: f()\nf()\n",
};

describe("hostile code", () => {
  it.each(Object.entries(hostile))("ends soon: %s", (_, code) => {
    const start = performance.now();
    const { problems } = readKerasCode(`${code}\nlast = Sequential([Input((4,)), Dense(2)])\nlast.summary()\n`);
    expect(performance.now() - start).toBeLessThan(SOON);
    expect(problems.every(({ message }) => message.length < 400)).toBe(true);
  });

  it("ends soon: a printed table of one name", () => {
    const rule = "=".repeat(65);
    const rows = " dense (Dense)               (None, 5)                 30        \n".repeat(20_000);
    const text = `Model: "m"\n Layer (type)                Output Shape              Param #   \n${rule}\n${rows}${rule}\nTotal params: 600000\n`;
    const cells = [{ cell_type: "code", source: 'm = load_model("m.h5")\nm.summary()', outputs: [{ text }] }];
    const start = performance.now();
    const { models } = readKerasCode(JSON.stringify({ cells }));
    expect(performance.now() - start).toBeLessThan(SOON);
    // The input and the rows.
    expect(models[0]!.config.config.layers).toHaveLength(20_001);
  });

  it("costs its own statement only", () => {
    const { models, problems } = readKerasCode(
      "x = 'a' * 10**9\nm = Sequential([Input((4,)), Dense(2)])\nm.summary()\n",
    );
    expect(models).toHaveLength(1);
    expect(problems).toEqual([
      {
        cell: 1,
        line: 1,
        message: "this was given up: it makes something of 1000000000 items; at most 100000 are followed",
      },
    ]);
  });

  it("is no deeper for what it has raised and caught", () => {
    const { problems } = readKerasCode(
      "def f():\n  raise ValueError('x')\nfor i in range(1000):\n  try:\n    f()\n  except ValueError:\n    pass\n",
    );
    expect(problems).toEqual([]);
  });

  it("reaches nothing of the host: names of JavaScript are names like others", () => {
    const code = [
      "__proto__ = 5",
      "constructor = 3",
      "d = {'__proto__': {'x': 1}, 'constructor': 2}",
      "m = Sequential([Input((constructor,))], name='__proto__')",
      "m.add(Dense(d['constructor'], name='constructor'))",
      "m.__proto__.polluted = 1",
      "x = ''.__class__.__mro__[1].__subclasses__()",
      "getattr(m, '__proto__').polluted = 1",
      "from constructor import toString",
      "m.compile(**{'__proto__': {'polluted': 1}})",
      "m.summary()",
    ].join("\n");
    const { models } = readKerasCode(code, { set: { toString: 3, hasOwnProperty: 4 } });
    expect(models[0]!.name).toBe("__proto__");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(models[0]!.compile)).toBe(Object.prototype);
  });
});

describe("damaged code", () => {
  it("ends in a result or an UnrollError, whatever was done to it", () => {
    const file = new URL("../../../../../fixtures/snippets/snippets.json", import.meta.url);
    const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: readonly { code: string }[] };
    const sources = cases.flatMap(({ code }, i) => [
      code,
      `In [${i}]:\n${code}\n\nModel: "m"\n Layer (type)                Output Shape              Param #   \n lstm (LSTM)                 (None, 4)                 128       \nTotal params: 128\n`,
      JSON.stringify({
        cells: [
          {
            cell_type: "code",
            source: code,
            outputs: [{ text: "Layer (type)   Output Shape   Param #\n a (LSTM)   (None, 3)   9\n" }],
          },
        ],
      }),
    ]);
    const random = new Random(11);
    const pick = (count: number): number => Math.floor(random.uniform() * count);
    const marks = "()[]{}:=,.*'\"\\\n%#@-+0123456789 x";
    for (let round = 0; round < 3000; round++) {
      let text = sources[pick(sources.length)]!;
      for (let change = pick(5); change >= 0; change--) {
        const at = pick(text.length + 1);
        const length = pick(30);
        const from = pick(text.length + 1);
        const changed = [
          text.slice(0, at) + text.slice(at + length),
          text.slice(0, at) + text.slice(from, from + length) + text.slice(at),
          text.slice(0, at) + marks[pick(marks.length)] + text.slice(at + 1),
          text.slice(0, at),
          text.replaceAll(/\d+/g, (digits) => (random.uniform() < 0.1 ? String(10 ** pick(18)) : digits)),
        ];
        text = changed[pick(changed.length)]!;
      }
      try {
        readKerasCode(text);
      } catch (error) {
        if (!(error instanceof UnrollError)) throw new Error(`failed on ${JSON.stringify(text)}`, { cause: error });
      }
    }
  });
});
