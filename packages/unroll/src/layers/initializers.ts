/**
 * The first numbers of an array: every Keras initializer, drawn from a seeded generator. The distributions are Keras's;
 * the numbers are not (seeds do not carry over between systems, so compare by copying weights).
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import { fillOrthogonal } from "./orthogonal.ts";

/** An initializer by Keras's class name, with every option filled in. */
export interface InitializerSpec {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What an option takes: Keras's name ("glorot_uniform", "GlorotUniform", "glorotUniform") or a spec with some of its options. */
export type InitializerLike =
  | string
  | { readonly className: string; readonly config?: Readonly<Record<string, unknown>> };

interface Initializer {
  /** Other names that Keras and older files use. */
  readonly aliases?: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
  /** How many axes an array must have for it. */
  readonly axes?: { readonly least: number; readonly most?: number };
  /** Writes the numbers of an array of this shape, row-major, over zeros. */
  fill(
    numbers: Float32Array,
    shape: readonly number[],
    config: Readonly<Record<string, unknown>>,
    random: Random,
  ): void;
}

type Mode = "fanIn" | "fanOut" | "fanAvg";
type Distribution = "uniform" | "normal" | "truncatedNormal";

/** A normal cut off at two deviations has this deviation; drawing divides by it. Keras: initializers/random_initializers.py. */
const truncatedDeviation = 0.8796256610342398;

const initializers: Readonly<Record<string, Initializer>> = {
  GlorotUniform: scaled(1, "fanAvg", "uniform"),
  GlorotNormal: scaled(1, "fanAvg", "truncatedNormal"),
  HeUniform: scaled(2, "fanIn", "uniform"),
  HeNormal: scaled(2, "fanIn", "truncatedNormal"),
  LecunUniform: scaled(1, "fanIn", "uniform"),
  LecunNormal: scaled(1, "fanIn", "truncatedNormal"),
  VarianceScaling: {
    defaults: { scale: 1, mode: "fanIn", distribution: "truncatedNormal", seed: null },
    fill: (numbers, shape, config, random) =>
      fillScaled(
        numbers,
        shape,
        number(config.scale),
        camelCase(String(config.mode)) as Mode, // another word falls to fanAvg, as its check allows none
        camelCase(String(config.distribution)),
        random,
      ),
  },
  Orthogonal: {
    aliases: ["OrthogonalInitializer"],
    axes: { least: 2 },
    defaults: { gain: 1, seed: null },
    fill: (numbers, shape, config, random) => fillOrthogonal(numbers, shape, number(config.gain), random),
  },
  RandomNormal: {
    aliases: ["normal"],
    defaults: { mean: 0, stddev: 0.05, seed: null },
    fill: (numbers, _, config, random) => random.fillNormal(numbers, number(config.mean), number(config.stddev)),
  },
  RandomUniform: {
    aliases: ["uniform"],
    defaults: { minval: -0.05, maxval: 0.05, seed: null },
    fill: (numbers, _, config, random) => random.fillUniform(numbers, number(config.minval), number(config.maxval)),
  },
  TruncatedNormal: {
    defaults: { mean: 0, stddev: 0.05, seed: null },
    fill: (numbers, _, config, random) => fillTruncated(numbers, number(config.mean), number(config.stddev), random),
  },
  Zeros: { aliases: ["zero"], defaults: {}, fill: () => {} },
  Ones: { aliases: ["one"], defaults: {}, fill: (numbers) => void numbers.fill(1) },
  Constant: {
    defaults: { value: 0 },
    fill: (numbers, _, { value }) => {
      const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [number(value)];
      for (let i = 0; i < numbers.length; i++) numbers[i] = flat[i % flat.length];
    },
  },
  Identity: {
    aliases: ["IdentityInitializer", "eye"],
    axes: { least: 2, most: 2 },
    defaults: { gain: 1 },
    fill: (numbers, shape, config) => {
      const columns = shape[1] ?? 1;
      const diagonal = Math.min(shape[0] ?? 1, columns);
      for (let i = 0; i < diagonal; i++) numbers[i * columns + i] = number(config.gain);
    },
  },
};

/** The names of all initializers, as Keras spells the classes. */
export const initializerNames: readonly string[] = Object.keys(initializers);

/** Class names by all that they are called. */
const classNames: ReadonlyMap<string, string> = new Map(
  Object.entries(initializers).flatMap(([className, { aliases = [] }]) =>
    [className, ...aliases].map((name) => [plain(name), className] as const),
  ),
);

/** An option's value as a full spec; null takes what Keras 3 does. Throws UnrollError `option`. */
export function checkInitializer(value: unknown, where: string, option: string): InitializerSpec {
  const named = value === null ? "GlorotUniform" : value;
  const given =
    typeof named === "string" ? { className: named } : ((named ?? {}) as { className?: unknown; config?: object }); // read with checks
  const className = typeof given.className === "string" ? findClass(given.className) : undefined;
  if (className === undefined) {
    if (typeof given === "object" && "class_name" in given) throw kerasSpelling(where, option, given.class_name);
    const name = typeof given.className === "string" ? given.className : shown(value);
    throw new UnrollError({
      code: "option",
      path: where,
      expected: `${option} must be an initializer`,
      received: `${option} = ${name}`,
      hint: didYouMean(name, initializerNames) ?? `Known are ${initializerNames.join(", ")}.`,
    });
  }
  const { defaults } = initializers[className]!;
  const config: Record<string, unknown> = { ...defaults };
  for (const [key, entry] of Object.entries(given.config ?? {})) {
    if (Object.hasOwn(defaults, key)) config[key] = entry;
    else if (key !== "seed" && key !== "dtype" && key !== "inputAxes" && key !== "outputAxes") {
      throw new UnrollError({
        code: "option",
        path: where,
        expected: `${option}: ${className} has no option named ${key}`,
        hint: didYouMean(key, Object.keys(defaults)) ?? `Its options are ${Object.keys(defaults).join(", ")}.`,
      });
    }
  }
  return { className, config };
}

/** Keras's serialized form, where this library's spelling is asked for. */
export function kerasSpelling(where: string, option: string, className: unknown): UnrollError {
  return new UnrollError({
    code: "option",
    path: where,
    expected: `${option} must have this library's spelling`,
    received: `${option} = { class_name: ${JSON.stringify(className)} }`,
    hint: `Write { className: ${JSON.stringify(className)}, config: { ... } }, with options in camelCase.`,
  });
}

/** A value as an error tells it: an object by its names. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "a function" : String(value);
  return `{ ${Object.keys(value).slice(0, 5).join(", ")} }`;
}

/**
 * First numbers of an array of this shape, row-major. A seed in the spec goes before the generator.
 *
 * @param path names the array in errors
 * @throws UnrollError `option` for a shape that the initializer cannot fill
 */
export function initialize(spec: InitializerSpec, shape: readonly number[], random: Random, path = ""): Float32Array {
  checkAxes(spec.className, shape, path);
  const seed = spec.config.seed;
  const numbers = new Float32Array(sizeOf(shape));
  const source = typeof seed === "number" ? new Random(seed) : random;
  initializers[spec.className]!.fill(numbers, shape, spec.config, source);
  return numbers;
}

function checkAxes(className: string, shape: readonly number[], path: string): void {
  const { least = 0, most = Number.POSITIVE_INFINITY } = initializers[className]!.axes ?? {};
  if (shape.length >= least && shape.length <= most) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: `the initializer ${className} fills arrays of ${most === least ? least : `at least ${least}`} axes`,
    received: `shape = [${shape.join(", ")}]`,
    hint: "Choose another initializer for it, such as zeros.",
  });
}

function findClass(name: string): string | undefined {
  return classNames.get(plain(name));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, first: string) => first.toUpperCase());
}

function number(value: unknown): number {
  return Number(value);
}

function scaled(scale: number, mode: Mode, distribution: Distribution): Initializer {
  return {
    defaults: { seed: null },
    fill: (numbers, shape, _, random) => fillScaled(numbers, shape, scale, mode, distribution, random),
  };
}

function fillScaled(
  numbers: Float32Array,
  shape: readonly number[],
  scale: number,
  mode: Mode,
  distribution: string,
  random: Random,
): void {
  const [fanIn, fanOut] = fans(shape);
  const fan = mode === "fanIn" ? fanIn : mode === "fanOut" ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  const deviation = Math.sqrt(variance);
  if (distribution === "uniform") {
    const limit = Math.sqrt(3 * variance);
    random.fillUniform(numbers, -limit, limit);
  } else if (distribution === "normal" || distribution === "untruncatedNormal") {
    random.fillNormal(numbers, 0, deviation);
  } else fillTruncated(numbers, 0, deviation / truncatedDeviation, random);
}

function fillTruncated(numbers: Float32Array, mean: number, deviation: number, random: Random): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] = random.truncatedNormal(mean, deviation);
}

/** Rows that feed one output and outputs that one row feeds, of the whole stored array (gates together). */
function fans(shape: readonly number[]): [fanIn: number, fanOut: number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0]!, shape[0]!];
  const positions = sizeOf(shape.slice(0, -2));
  return [shape.at(-2)! * positions, shape.at(-1)! * positions];
}
