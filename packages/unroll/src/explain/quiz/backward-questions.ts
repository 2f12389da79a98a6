/**
 * Questions about one backward step: the gradient of a squared error with respect to one weight, of Dense(1) or of a
 * SimpleRNN(1) over one or two timesteps. The right number is the library's gradient; slips leave out one factor or term.
 */
import type { Random } from "../../core/random.ts";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { gradients } from "../../training/gradients.ts";
import type { Level } from "./exercise-models.ts";
import { type Draft, toDecimals } from "./question.ts";

const decimals = 3;

interface Chain {
  /** "dL/dw" */
  readonly name: string;
  readonly right: number;
  /** What comes out when something is left out, with what it is. */
  readonly slips: readonly { readonly value: number; readonly title: string }[];
  readonly given: readonly string[];
  readonly hints: readonly string[];
  readonly solution: readonly string[];
}

export function backwardQuestion(random: Random, level: Level): Draft {
  const { name, right, slips, given, hints, solution } = level >= 3 ? recurrentChain(random) : denseChain(random);
  const near = (value: number, other: number, written: string): boolean =>
    Math.abs(value - other) <= 0.5 * 10 ** -decimalsOf(written) + 2e-6;
  const lines = solution.join("\n");
  return {
    kind: "backward",
    text: `The loss is L = (y − target)². What is ${name}, to ${decimals} decimals?`,
    given,
    choices: [],
    hints,
    answer: right.toFixed(decimals),
    solution: lines,
    check(given) {
      const written = toDecimals(given, decimals);
      const value = Number(written);
      const isRight = near(value, right, written);
      const slip = isRight ? undefined : slips.find((one) => near(value, one.value, written))?.title;
      const verdict = isRight
        ? `${name} = ${written} is right.`
        : `${name} = ${written} is not right, it is ${right.toFixed(decimals)}.`;
      const found = isRight ? [] : [slip === undefined ? "No known slip gives this value." : `${sentence(slip)}`];
      return {
        kind: "backward",
        right: isRight,
        slip,
        slipId: undefined,
        text: `${[verdict, ...found, "", lines].join("\n")}\n`,
      };
    },
  };
}

/** y = w·x + b; dL/dw = 2(y − target)·x. */
function denseChain(random: Random): Chain {
  const [x, w, b, target] = tenths(random, 4) as [number, number, number, number];
  const net = sequential({ layers: [input({ shape: [1] }), layers.dense({ units: 1 })] });
  net.setWeights([numbers([1, 1], w), numbers([1], b)]);
  const [gradient] = gradients(net, [[x]], [[target]], { loss: "mse" });
  const y = w * x + b;
  const error = y - target;
  return {
    name: "dL/dw",
    right: gradient!.data[0]!,
    slips: [
      { value: error * x, title: "the factor 2 of the square is forgotten" },
      { value: -2 * error * x, title: "the sign of the error is turned" },
      { value: 2 * error, title: "the input is forgotten: that is the gradient of the bias" },
      { value: 2 * error * w, title: "the weight is taken for the input: that is the gradient of x" },
    ],
    given: [`y = w·x + b, a Dense(1)`, `x = ${x}, w = ${w}, b = ${b}, target = ${target}`],
    hints: [
      "dL/dy = 2(y − target), dy/dw = x",
      "dL/dw = 2(w·x + b − target)·x",
      `2 × (${w} × ${x} + ${b} − ${target}) × ${x}`,
    ],
    solution: [
      `y = ${w} × ${x} + ${b} = ${short(y)}`,
      `dL/dy = 2(y − target) = 2 × (${short(y)} − ${target}) = ${short(2 * error)}`,
      `dL/dw = dL/dy · x = ${short(2 * error)} × ${x} = ${short(2 * error * x)}`,
    ],
  };
}

/** h1 = tanh(w·x1 + b), h2 = tanh(w·x2 + u·h1 + b); dL/du by the chain through both steps. */
function recurrentChain(random: Random): Chain {
  const [x1, x2, w, u, b, target] = tenths(random, 6) as [number, number, number, number, number, number];
  const net = sequential({ layers: [input({ shape: [2, 1] }), layers.simpleRNN({ units: 1 })] });
  net.setWeights([numbers([1, 1], w), numbers([1, 1], u), numbers([1], b)]);
  const [kernel] = gradients(net, [[[x1], [x2]]], [[target]], { loss: "mse" });
  const h1 = Math.tanh(w * x1 + b);
  const h2 = Math.tanh(w * x2 + u * h1 + b);
  const error = h2 - target;
  const d2 = 2 * error * (1 - h2 * h2);
  const d1 = d2 * u * (1 - h1 * h1);
  return {
    name: "dL/dw",
    right: kernel!.data[0]!,
    slips: [
      { value: d2 * x2, title: "only the last timestep is counted: w is used in both" },
      { value: d1 * x1, title: "only the first timestep is counted: w is used in both" },
      { value: (d2 * x2 + d1 * x1) / 2, title: "the factor 2 of the square is forgotten" },
      { value: -(d2 * x2 + d1 * x1), title: "the sign of the error is turned" },
      { value: 2 * error * (x2 + u * x1), title: "the derivative of tanh, 1 − h², is forgotten" },
      { value: d2 * x2 + d2 * (1 - h1 * h1) * x1, title: "the recurrent weight u is forgotten on the way back" },
      { value: d2 * x2 + d2 * u * x1, title: "the derivative of tanh is forgotten at the first timestep" },
    ],
    given: [
      "h1 = tanh(w·x1 + b), h2 = tanh(w·x2 + u·h1 + b), y = h2: a SimpleRNN(1) over two timesteps",
      `x1 = ${x1}, x2 = ${x2}, w = ${w}, u = ${u}, b = ${b}, target = ${target}`,
    ],
    hints: [
      "da2 = 2(h2 − target)(1 − h2²); da1 = da2·u·(1 − h1²)",
      "dL/dw = da2·x2 + da1·x1: w is used at both timesteps",
      `h1 = ${short(h1)}, h2 = ${short(h2)}, da2 = ${short(d2)}, da1 = ${short(d1)}`,
    ],
    solution: [
      `h1 = tanh(${w} × ${x1} + ${b}) = ${short(h1)}`,
      `h2 = tanh(${w} × ${x2} + ${u} × ${short(h1)} + ${b}) = ${short(h2)}`,
      `da2 = 2(h2 − target)(1 − h2²) = ${short(d2)}`,
      `da1 = da2·u·(1 − h1²) = ${short(d1)}`,
      `dL/dw = da2·x2 + da1·x1 = ${short(d2 * x2 + d1 * x1)}`,
    ],
  };
}

/** Numbers of one decimal, none zero. */
function tenths(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => ((1 + random.below(9)) / 10) * (random.below(2) === 0 ? 1 : -1));
}

function numbers(shape: number[], value: number) {
  return { shape, data: Float32Array.of(value) };
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function decimalsOf(written: string): number {
  return written.split(".")[1]?.length ?? 0;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
