/** Flags that a command has but that say nothing beside the others: refused, for somebody meant something with them. */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import type { FlagValues } from "./command.ts";

/**
 * Throws UnrollError `usage` where one of the flags is given.
 *
 * @param needs what it would go with, after "goes with"
 */
export function refuseIdle(command: string, flags: FlagValues, idle: readonly string[], needs: string): void {
  const name = idle.find((one) => flags[one] !== undefined);
  if (name === undefined) return;
  const value = flags[name];
  throw new UnrollError({
    code: "usage",
    path: `unroll ${command}`,
    expected: `--${name} goes with ${needs}`,
    received: `--${name} ${Array.isArray(value) ? value.join(" ") : typeof value === "string" ? value : display(value)}`,
    hint: "Leave it out.",
  });
}
