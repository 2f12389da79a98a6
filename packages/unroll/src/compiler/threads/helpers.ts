/** The helpers of this thread, and the parts of programs that they may run. */

import type { SharedCode } from "../compile.ts";
import { Helper } from "./helper.ts";

/** They take the second part, the third and so on of every program that has parts. */
const helpers: Helper[] = [];
let lastPart = 0;

/** A part that a helper may run. */
export interface SharedPart {
  readonly helper: Helper;
  readonly id: number;
}

/** Lets the helper with this number (from 0) run this code when it is offered. */
export function sharePart(index: number, code: SharedCode): SharedPart {
  helpers[index] ??= new Helper();
  const helper = helpers[index];
  const id = ++lastPart;
  helper.know(id, code);
  return { helper, id };
}

export function forgetParts(parts: readonly SharedPart[]): void {
  for (const { helper, id } of parts) helper.forget(id);
}

/** Parts of programs that nobody holds any more. */
export const forgotten = new FinalizationRegistry<readonly SharedPart[]>(forgetParts);
