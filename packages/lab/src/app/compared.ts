/** What the link sets beside the open model: examples, packed code, and runs that were kept. */
import { codeOfExample } from "../data/code-of.ts";
import type { ComparedSource } from "../worker/protocol.ts";
import { unpack } from "./pack.ts";
import { codeOf, isRun, type RunRecipe, readRecipe } from "./run-recipe.ts";

export interface Compared extends ComparedSource {
  /** As the link has it. */
  readonly link: string;
  /** Of a run. */
  readonly recipe?: RunRecipe;
}

export function readCompared(links: readonly string[]): Promise<Compared[]> {
  return Promise.all(links.map(readOne));
}

async function readOne(link: string): Promise<Compared> {
  if (!isRun(link)) {
    return { link, source: codeOfExample(link) ?? (await unpack(link)) ?? "" };
  }
  const recipe = await readRecipe(link);
  if (recipe === undefined) return { link, source: "" };
  return { link, recipe, source: codeOf(recipe), pick: recipe.pick, run: { id: link, seed: recipe.seed } };
}
