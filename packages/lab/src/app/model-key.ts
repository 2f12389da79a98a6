/** Which model a link names, with its seed, in a text: two links with the same one open the same. */
import type { Route } from "./router.ts";

/** Empty for none. A link without a model is about the one that is open. */
export function modelKey({ m, s, file, seed }: Pick<Route, "m" | "s" | "file" | "seed">, openKey: string): string {
  const [kind, model] = m !== "" ? ["m", m] : s !== "" ? ["s", s] : ["file", file];
  const open = openKey.slice(0, Math.max(0, openKey.lastIndexOf(" ")));
  const of = model === "" ? open : `${kind} ${model}`;
  return of === "" ? "" : `${of} ${seed}`;
}
