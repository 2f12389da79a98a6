/** Which model a link names, with its seed, in a text: two links with the same one open the same. */
import type { Route } from "./router.ts";

/** Empty for none. A link without a model is about the one that is open, whichever of a document's it is. */
export function modelKey(
  { m, s, file, pick, seed }: Pick<Route, "m" | "s" | "file" | "pick" | "seed">,
  openKey: string,
): string {
  const [kind, model] = m !== "" ? ["m", m] : s !== "" ? ["s", s] : ["file", file];
  const of = model === "" ? openKey.split(" ").slice(0, -1).join(" ") : `${kind} ${model} ${pick}`;
  return of === "" ? "" : `${of} ${seed}`;
}
