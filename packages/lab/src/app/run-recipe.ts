/**
 * How a kept run was made, as a link holds it: model, series, seed and settings, from which the same run comes out again, to the
 * bit. What a link cannot hold, such as the user's own series, is said to be missing.
 */
import { codeOfExample } from "../data/code-of.ts";
import { pack, unpack } from "./pack.ts";
import { type RunSettings, readRun, writeRun } from "./run-settings.ts";

/** Why a run cannot be made again from its recipe. */
const hindrances = ["own", "file", "sized", "continued", "within"] as const;
export type Hindrance = (typeof hindrances)[number];

export interface RunRecipe {
  readonly name: string;
  /** The model: an example's name, or code, or a file's place in this page. */
  readonly m: string;
  readonly code: string;
  readonly file: string;
  /** Which of the models that the code builds, from 0. */
  readonly pick: number;
  readonly seed: number;
  readonly data: string;
  /** The windows' size among them; epochs are those that were trained. */
  readonly settings: RunSettings;
  readonly hindrance: Hindrance | undefined;
}

const mark = "run.";
/** A name as long as its box lets it be, with a number behind it. */
const longestName = 80;
const longestFile = 120;

/** In letters that can stand between `~`. */
export async function writeRecipe({ settings, name, ...others }: RunRecipe): Promise<string> {
  const text = JSON.stringify({ ...others, name: name.slice(0, longestName), run: writeRun(settings) });
  return mark + (await pack(text));
}

/** Read with care, for anybody may write a link; undefined for what is no run. */
export async function readRecipe(text: string): Promise<RunRecipe | undefined> {
  if (!text.startsWith(mark)) return undefined;
  try {
    const found: unknown = JSON.parse((await unpack(text.slice(mark.length))) ?? "");
    const { name, m, code, file, pick, seed, data, run, hindrance } = (found ?? {}) as Record<string, unknown>; // asked one by one
    const word = (value: unknown, longest: number): string =>
      typeof value === "string" && value.length <= longest ? value : "";
    if (!Number.isInteger(seed) || (seed as number) < 0 || (seed as number) > 2 ** 31) return undefined; // just asked
    return {
      name: word(name, longestName),
      m: word(m, 80),
      code: word(code, Number.POSITIVE_INFINITY),
      file: word(file, longestFile),
      pick: typeof pick === "number" && Number.isInteger(pick) && pick >= 0 ? pick : 0,
      seed: seed as number, // likewise
      data: word(data, 20),
      settings: readRun(word(run, 120)),
      hindrance: hindrances.find((one) => one === hindrance),
    };
  } catch {
    return undefined;
  }
}

export function isRun(text: string): boolean {
  return text.startsWith(mark);
}

/** The code of its model; empty where it came as a file. */
export function codeOf({ m, code }: Pick<RunRecipe, "m" | "code">): string {
  return codeOfExample(m) ?? code;
}
