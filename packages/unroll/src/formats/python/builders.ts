/** Functions that build models and are handed to code that is not shown: a test or a tuner calls them with sizes of its own. */
import { buildsLayers } from "./look-ahead.ts";
import type { Machine } from "./machine.ts";
import { type CallArguments, PyFunction } from "./values.ts";

/** Calls such functions among the arguments; what they make counts only where a table of it is printed. */
export function callBuildersIn(args: CallArguments, { rt, models }: Machine): void {
  for (const value of [...args.positional, ...args.keywords.values()]) {
    if (!(value instanceof PyFunction) || !Array.isArray(value.body) || !buildsLayers(value.body)) continue;
    const before = models.length;
    rt.inCall(() => rt.call(value, { positional: [], keywords: new Map(), at: args.at }));
    // A tuner's choices have defaults; other sizes are the library's own.
    const chosen = value.parameters.some(({ name }) => name === "hp");
    for (const model of models.slice(before)) model.byLibrary = !chosen;
  }
}
