/**
 * An optimizer as `compile` takes it (rule, options, clipping, decay, learning rate), and what it keeps while a model
 * trains. The equations are in optimizers.ts, the program of a step in update.ts.
 */
import { display } from "../core/display.ts";
import { didYouMean, UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { spelled } from "../core/spelling.ts";
import { Variable } from "../core/variable.ts";
import { type Factors, type OptimizerRule, optimizerRules, type RuleOptions } from "./optimizers.ts";
import {
  camelConfig,
  checkNumber,
  type KerasObjectLike,
  kerasConfig,
  type NamedLike,
  namedOf,
  noneOf,
  type Options,
  unknownName,
  withDefaults,
} from "./options.ts";
import { readSchedule, type Schedule } from "./schedules.ts";

/** Options that every optimizer takes. */
export interface OptimizerCommon {
  readonly learningRate?: number | Schedule | NamedLike;
  /** Decoupled: w − w · weightDecay · learning rate before the step. */
  readonly weightDecay?: number | null;
  /** Largest norm of each gradient. */
  readonly clipnorm?: number | null;
  /** Largest size of each element of a gradient. */
  readonly clipvalue?: number | null;
  /** Largest norm of all gradients together. */
  readonly globalClipnorm?: number | null;
  readonly name?: string;
}

/** An optimizer's settings; its state is with the compiled model. */
export interface Optimizer {
  readonly kind: "optimizer";
  readonly rule: OptimizerRule;
  readonly options: RuleOptions;
  readonly learningRate: number | Schedule;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  readonly name: string;
}

/** What `compile` takes. */
export type OptimizerLike = string | Optimizer | NamedLike;

/** Options of Keras that change nothing here while they have these values. */
const idle: Readonly<Record<string, readonly unknown[]>> = {
  useEma: [false],
  emaMomentum: [0.99],
  emaOverwriteFrequency: [null],
  lossScaleFactor: [null],
  gradientAccumulationSteps: [null],
  jitCompile: [true, false, "auto"],
  isLegacyOptimizer: [true, false],
};

/** @throws UnrollError `option`, `unsupported` */
function makeOptimizer(rule: OptimizerRule, given: Options & OptimizerCommon = {}): Optimizer {
  const { learningRate = rule.defaults.learningRate, weightDecay = rule.weightDecay ?? null, ...rest } = given;
  const {
    clipnorm = null,
    clipvalue = null,
    globalClipnorm = null,
    name = rule.className.toLowerCase(),
    ...more
  } = rest;
  const own = withoutIdle(rule.className, more);
  const { learningRate: _, ...defaults } = rule.defaults;
  checkNames(rule.className, own, Object.keys(defaults));
  const options = withDefaults(rule.className, defaults, own);
  const clips = { clipnorm, clipvalue, globalClipnorm };
  for (const [option, value] of Object.entries({ ...clips, weightDecay })) {
    if (value !== null) checkNumber(rule.className, option, value, { least: 0 });
  }
  if (Object.values(clips).filter((value) => value !== null).length > 1) {
    throw new UnrollError({
      code: "option",
      path: rule.className,
      expected: "only one of clipnorm, clipvalue and globalClipnorm can be set",
      received: Object.entries(clips)
        .map(([option, value]) => `${option} = ${value}`)
        .join(", "),
    });
  }
  return {
    kind: "optimizer",
    rule,
    options: Object.fromEntries(Object.entries(options).map(([option, value]) => [option, Number(value)])),
    learningRate: readLearningRate(rule.className, learningRate),
    weightDecay,
    ...clips,
    name,
  };
}

/** Options that every optimizer has. */
const common = ["learningRate", "weightDecay", "clipnorm", "clipvalue", "globalClipnorm", "name"];

/** Throws UnrollError `option` for an option that the optimizer does not have. */
function checkNames(path: string, given: Options, known: readonly string[]): void {
  const name = Object.keys(given).find((one) => given[one] !== undefined && !known.includes(one));
  if (name === undefined) return;
  const all = [...common, ...known];
  // Keras 2's short word for it.
  const meant = name === "lr" ? "Did you mean learningRate?" : didYouMean(name, all);
  const hint = meant ?? `Its options are ${all.join(", ")}.`;
  throw new UnrollError({ code: "option", path, expected: `has no option named ${name}`, hint });
}

function withoutIdle(path: string, options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => {
      const values = Object.hasOwn(idle, name) ? idle[name] : undefined;
      if (values === undefined) return true;
      if (values.includes(value) || (options.useEma === false && name.startsWith("ema"))) return false;
      throw new UnrollError({
        code: "unsupported",
        path,
        expected: `${name} is not supported`,
        received: `${name} = ${display(value)}`,
        hint: "Leave it out.",
      });
    }),
  );
}

function readLearningRate(path: string, given: unknown): number | Schedule {
  if (typeof given === "object" && given !== null && "rate" in given) return given as Schedule; // has the one method of a schedule
  const named = namedOf(given);
  if (named !== undefined) return readSchedule(named);
  checkNumber(path, "learningRate", given, { least: 0 });
  return given as number; // checked
}

/** @throws UnrollError `unknown-name`, `option` */
export function readOptimizer(given: OptimizerLike): Optimizer {
  if (typeof given === "object" && given !== null && "kind" in given && given.kind === "optimizer") return given;
  const named = typeof given === "string" ? { class_name: given, config: {} } : namedOf(given);
  if (named === undefined) throw noneOf("optimizer", given, "optimizers.adam({ learningRate: 0.01 })");
  const wanted = named.class_name;
  const rule = [...optimizerRules.values()].find(({ className }) => className.toLowerCase() === wanted.toLowerCase());
  if (rule === undefined) {
    throw unknownName(
      "optimizer",
      wanted,
      [...optimizerRules.keys()].map((name) => name.toLowerCase()),
    );
  }
  return makeOptimizer(rule, camelConfig(named.config));
}

/** Keras's serialized form, for files. `learningRate` is the current one where it has been changed. */
export function optimizerConfig(optimizer: Optimizer, learningRate = optimizer.learningRate): KerasObjectLike {
  const { rule, name, weightDecay, clipnorm, clipvalue, globalClipnorm } = optimizer;
  const switches = Object.entries(optimizer.options).map(([option, value]) => [
    option,
    typeof rule.defaults[option] === "boolean" ? value !== 0 : value,
  ]);
  return {
    class_name: rule.className,
    config: kerasConfig({
      name,
      learningRate:
        typeof learningRate === "number"
          ? learningRate
          : { module: "keras.optimizers.schedules", class_name: learningRate.className, config: learningRate.config },
      weightDecay,
      clipnorm,
      globalClipnorm,
      clipvalue,
      ...Object.fromEntries(switches),
    }),
  };
}

/** What an optimizer keeps for the trained weights of one model. */
export class OptimizerState {
  readonly optimizer: Optimizer;
  /** Steps taken. */
  iterations = 0;
  /** The number that the rule carries from step to step (Nadam's product). */
  carried = 1;
  #learningRate: number | Schedule;
  #slots = new Map<Variable, Readonly<Record<string, Variable>>>();

  constructor(optimizer: Optimizer) {
    this.optimizer = optimizer;
    this.#learningRate = optimizer.learningRate;
  }

  /** The rate of the next step. */
  get learningRate(): number {
    return typeof this.#learningRate === "number" ? this.#learningRate : this.#learningRate.rate(this.iterations);
  }

  /** @throws UnrollError `option` when a schedule decides the rate. */
  set learningRate(rate: number) {
    if (typeof this.#learningRate !== "number") {
      throw new UnrollError({
        code: "option",
        path: this.optimizer.rule.className,
        expected: "the learning rate comes from a schedule and cannot be set",
        received: `learningRate = ${rate}`,
        hint: "Compile with a number as learningRate, or leave out the callback that changes it.",
      });
    }
    this.#learningRate = rate;
  }

  get hasSchedule(): boolean {
    return typeof this.#learningRate !== "number";
  }

  /** The slots of a weight, by name; made at the first call. */
  slotsOf(weight: Variable): Readonly<Record<string, Variable>> {
    let slots = this.#slots.get(weight);
    if (slots === undefined) {
      const { rule, options } = this.optimizer;
      const initial = rule.initial?.(options) ?? 0;
      slots = Object.fromEntries(
        rule
          .slots(options)
          .map((name) => [
            name,
            new Variable(
              `${weight.name}_${name}`,
              weight.shape,
              () => new Float32Array(sizeOf(weight.shape)).fill(initial),
              false,
            ),
          ]),
      );
      this.#slots.set(weight, slots);
    }
    return slots;
  }

  /** The slots in Keras's order: those that are interleaved weight by weight, then slot by slot. */
  slots(weights: readonly Variable[]): Variable[] {
    const { rule, options } = this.optimizer;
    const names = rule.slots(options);
    const together = rule.interleaved ?? 0;
    return [
      ...weights.flatMap((weight) => names.slice(0, together).map((name) => this.slotsOf(weight)[name]!)),
      ...names.slice(together).flatMap((name) => weights.map((weight) => this.slotsOf(weight)[name]!)),
    ];
  }

  /** Numbers kept in all: slots, the step counter, the rate, and what is carried. */
  size(weights: readonly Variable[]): number {
    const numbers = this.slots(weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return numbers + 1 + (this.hasSchedule ? 0 : 1) + (this.optimizer.rule.carries === undefined ? 0 : 1);
  }

  /** The factors of the next step. */
  factors(): Factors {
    const { rule, options } = this.optimizer;
    return rule.factors(options, this.learningRate, this.iterations + 1, this.carried);
  }

  /** Counts a step that was taken with these factors. */
  advance(factors: Factors): void {
    this.iterations++;
    if (this.optimizer.rule.carries !== undefined) this.carried = factors[this.optimizer.rule.carries]!;
  }
}

type MakeOptimizer = (options?: OptimizerCommon & Readonly<Record<string, unknown>>) => Optimizer;

const maker =
  (className: string): MakeOptimizer =>
  (options = {}) =>
    makeOptimizer(optimizerRules.get(className)!, options);

/** Makes optimizers: `optimizers.adam({ learningRate: 0.01, clipnorm: 1 })`. */
export const optimizers = spelled("optimizers", {
  sgd: maker("SGD"),
  rmsprop: maker("RMSprop"),
  adam: maker("Adam"),
  adamW: maker("AdamW"),
  nadam: maker("Nadam"),
  adamax: maker("Adamax"),
  adagrad: maker("Adagrad"),
  adadelta: maker("Adadelta"),
} as const);
