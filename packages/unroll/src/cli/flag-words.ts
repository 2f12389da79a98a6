/** Hints that name an option of the library, in the words of a command that has a flag for it. */
import type { UnrollError } from "../core/errors.ts";
import { copyOf } from "../formats/failure.ts";
import type { Command } from "./command.ts";

const words: readonly (readonly [flag: string, ofLibrary: RegExp, ofCommand: string])[] = [
  ["timestep", /Choose one layer and one timestep\./, "Choose one layer and one timestep: --layer N --timestep T."],
  ["timesteps", /Give timesteps\./, "Give --timesteps N."],
  ["folder", /\banother folder\./, "another folder: --folder DIR."],
];

/** The same error with what can be typed. */
export function withFlags(error: UnrollError, { flags }: Command): UnrollError {
  const { hint } = error;
  const known = words.find(([flag, ofLibrary]) => Object.hasOwn(flags, flag) && ofLibrary.test(hint ?? ""));
  return hint === undefined || known === undefined ? error : copyOf(error, { hint: hint.replace(known[1], known[2]) });
}
