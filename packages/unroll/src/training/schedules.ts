/**
 * Learning-rate schedules: the rate of a step, counted from 0. Formulas are Keras 3's. Options are checked when a schedule is
 * made, because a rate that is not a number would spoil every weight in one step.
 */
import { display } from "../core/display.ts";
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import { spelled } from "../core/spelling.ts";
import { camelConfig, checkNumber, type KerasObjectLike, unknownName } from "./options.ts";

/** A learning rate that changes with the steps. */
export interface Schedule {
  /** Keras's class name. */
  readonly className: string;
  /** Options in Keras's spelling, for files. */
  readonly config: Readonly<Record<string, number | boolean | readonly number[] | null>>;
  /** The learning rate of step `step`, from 0. */
  rate(step: number): number;
}

/** Steps by which something is divided. */
const steps = { above: 0 };

/**
 * Whether the options are those of the schedule, and numbers: `needed` ones always, `others` where they are given.
 *
 * @throws UnrollError `unknown-name`, `option`
 */
function checkOptions(
  className: string,
  given: object,
  needed: Readonly<Record<string, { readonly above?: number }>>,
  others: Readonly<Record<string, { readonly above?: number }>> = {},
  switches: readonly string[] = [],
): void {
  checkOptionNames(className, given, [...Object.keys(needed), ...Object.keys(others), ...switches]);
  const values = given as Readonly<Record<string, unknown>>; // each is checked here
  for (const [name, limits] of Object.entries(needed)) checkNumber(className, name, values[name], limits);
  for (const [name, limits] of Object.entries(others)) {
    if (values[name] !== undefined && values[name] !== null) checkNumber(className, name, values[name], limits);
  }
}

/** What the two decays by a rate are given. */
export interface DecayOptions {
  readonly initialLearningRate: number;
  /** Steps that make one unit of decay. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Decay in whole units only. */
  readonly staircase?: boolean;
}

function decayByRate(
  className: string,
  options: DecayOptions,
  factor: (decayRate: number, passed: number) => number,
): Schedule {
  checkOptions(className, options, { initialLearningRate: {}, decaySteps: steps, decayRate: {} }, {}, ["staircase"]);
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  return {
    className,
    config: {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      decay_rate: decayRate,
      staircase,
    },
    rate(step) {
      const passed = step / decaySteps;
      return initialLearningRate * factor(decayRate, staircase ? Math.floor(passed) : passed);
    },
  };
}

/** r · d^(step / steps); with `staircase` the exponent is whole. */
function exponentialDecay(options: DecayOptions): Schedule {
  return decayByRate("ExponentialDecay", options, (decayRate, passed) => decayRate ** passed);
}

/** r / (1 + d · step / steps). */
function inverseTimeDecay(options: DecayOptions): Schedule {
  return decayByRate("InverseTimeDecay", options, (decayRate, passed) => 1 / (1 + decayRate * passed));
}

/** (r − end) · (1 − step / steps)^power + end, held at `end` or begun again with longer `decaySteps` when `cycle`. */
function polynomialDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  cycle?: boolean;
}): Schedule {
  const needed = { initialLearningRate: {}, decaySteps: steps };
  checkOptions("PolynomialDecay", options, needed, { endLearningRate: {}, power: {} }, ["cycle"]);
  const { initialLearningRate, decaySteps, endLearningRate = 0.0001, power = 1, cycle = false } = options;
  return {
    className: "PolynomialDecay",
    config: {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      end_learning_rate: endLearningRate,
      power,
      cycle,
    },
    rate(step) {
      const rounds = cycle && step > 0 ? Math.ceil(step / decaySteps) : 1;
      const length = decaySteps * rounds;
      const passed = Math.min(step, length) / length;
      return (initialLearningRate - endLearningRate) * (1 - passed) ** power + endLearningRate;
    },
  };
}

/** `values[k]` up to and with boundary k, the last value after all of them. */
function piecewiseConstantDecay(options: { boundaries: readonly number[]; values: readonly number[] }): Schedule {
  const { boundaries, values } = options;
  checkOptions("PiecewiseConstantDecay", options, {}, {}, ["boundaries", "values"]);
  for (const [name, list] of Object.entries({ boundaries, values })) {
    if (Array.isArray(list) && list.every((one) => typeof one === "number")) continue;
    throw new UnrollError({
      code: "option",
      path: "PiecewiseConstantDecay",
      expected: `${name} must be a list of numbers`,
      received: `${name} = ${display(list)}`,
    });
  }
  if (values.length !== boundaries.length + 1) {
    throw new UnrollError({
      code: "option",
      path: "PiecewiseConstantDecay",
      expected: "values must have one entry more than boundaries",
      received: `${values.length} values and ${boundaries.length} boundaries`,
    });
  }
  return {
    className: "PiecewiseConstantDecay",
    config: { boundaries, values },
    rate(step) {
      const place = boundaries.findIndex((boundary) => step <= boundary);
      return values[place === -1 ? boundaries.length : place]!;
    },
  };
}

/** Half a cosine from r (or, after a linear warm-up, from the target) down to alpha times it. */
function cosineDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  alpha?: number;
  warmupTarget?: number | null;
  warmupSteps?: number;
}): Schedule {
  const needed = { initialLearningRate: {}, decaySteps: steps };
  checkOptions("CosineDecay", options, needed, { alpha: {}, warmupTarget: {}, warmupSteps: {} });
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget = null, warmupSteps = 0 } = options;
  const decayed = (start: number, passed: number): number =>
    start * ((1 - alpha) * 0.5 * (1 + Math.cos(Math.PI * passed)) + alpha);
  return {
    className: "CosineDecay",
    config: {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      alpha,
      warmup_target: warmupTarget,
      warmup_steps: warmupSteps,
    },
    rate(step) {
      if (warmupTarget === null) return decayed(initialLearningRate, Math.min(step, decaySteps) / decaySteps);
      if (step < warmupSteps) {
        return initialLearningRate + ((warmupTarget - initialLearningRate) * step) / warmupSteps;
      }
      return decayed(warmupTarget, Math.min(step - warmupSteps, decaySteps) / decaySteps);
    },
  };
}

/** A cosine that starts again: Loshchilov and Hutter, 2017. */
function cosineDecayRestarts(options: {
  initialLearningRate: number;
  firstDecaySteps: number;
  tMul?: number;
  mMul?: number;
  alpha?: number;
}): Schedule {
  const needed = { initialLearningRate: {}, firstDecaySteps: steps };
  checkOptions("CosineDecayRestarts", options, needed, { tMul: { above: 0 }, mMul: {}, alpha: {} });
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = options;
  return {
    className: "CosineDecayRestarts",
    config: {
      initial_learning_rate: initialLearningRate,
      first_decay_steps: firstDecaySteps,
      t_mul: tMul,
      m_mul: mMul,
      alpha,
    },
    rate(step) {
      let passed = step / firstDecaySteps;
      let restarts: number;
      if (tMul === 1) {
        restarts = Math.floor(passed);
        passed -= restarts;
      } else {
        restarts = Math.floor(Math.log(1 - passed * (1 - tMul)) / Math.log(tMul));
        const before = (1 - tMul ** restarts) / (1 - tMul);
        passed = (passed - before) / tMul ** restarts;
      }
      const height = 0.5 * mMul ** restarts * (1 + Math.cos(Math.PI * passed));
      return initialLearningRate * ((1 - alpha) * height + alpha);
    },
  };
}

const makers: Readonly<Record<string, (options: never) => Schedule>> = {
  ExponentialDecay: exponentialDecay,
  InverseTimeDecay: inverseTimeDecay,
  PolynomialDecay: polynomialDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  CosineDecay: cosineDecay,
  CosineDecayRestarts: cosineDecayRestarts,
};

/** A schedule as Keras serializes it. Throws UnrollError `unknown-name`, `option`. */
export function readSchedule(given: KerasObjectLike): Schedule {
  const make = Object.hasOwn(makers, given.class_name) ? makers[given.class_name] : undefined;
  if (make === undefined) throw unknownName("learning rate schedule", given.class_name, Object.keys(makers));
  const options = camelConfig(given.config, ["name"]);
  return make(options as never); // each maker checks its options
}

/** Makes schedules: `schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 100, decayRate: 0.9 })`. */
export const schedules = spelled("schedules", {
  exponentialDecay,
  inverseTimeDecay,
  polynomialDecay,
  piecewiseConstantDecay,
  cosineDecay,
  cosineDecayRestarts,
} as const);
