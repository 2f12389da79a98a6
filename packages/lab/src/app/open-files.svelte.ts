/** Several files at once: the first model is opened, weights go to it, further code stands beside it in Compare. What became of each is told. */
import { words } from "../words.ts";
import { comparedLinks, mostCompared } from "./compare-links.ts";
import { inOrder, kindOf } from "./file-order.ts";
import { lab } from "./lab.svelte.ts";
import { pack } from "./pack.ts";

/** What became of a file. */
export interface Outcome {
  readonly name: string;
  readonly state: "opened" | "weights" | "beside" | "not";
  /** Why it was not taken; empty for the others. */
  readonly reason: string;
}

class Outcomes {
  list = $state.raw<readonly Outcome[]>([]);
}

export const outcomes = new Outcomes();

/** Opens one file as ever, several one after another. */
export async function openFiles(files: readonly File[]): Promise<void> {
  outcomes.list = [];
  const [only, ...more] = files;
  if (only === undefined) return;
  if (more.length === 0) {
    await lab.openSource(await bytesOf(only), only.name);
    return;
  }
  let hasModel = false;
  const found: Outcome[] = [];
  for (const file of inOrder(files)) {
    const outcome = await take(file, hasModel);
    hasModel ||= outcome.state === "opened";
    found.push(outcome);
  }
  // Each is told of in the list.
  if (hasModel) lab.failure = undefined;
  outcomes.list = found;
  lab.status = words.files.status(found.filter(({ state }) => state !== "not").length, found.length);
}

async function take(file: File, hasModel: boolean): Promise<Outcome> {
  const { name } = file;
  const text = words.files;
  const kind = kindOf(name);
  if (kind === "table") return { name, state: "not", reason: text.table };
  if (!hasModel) return opened(file, "opened");
  if (kind === "code") return beside(file);
  const isWeights = kind === "weights" ? await weighs(file) : false;
  return isWeights ? opened(file, "weights") : { name, state: "not", reason: text.another };
}

async function opened(file: File, state: "opened" | "weights"): Promise<Outcome> {
  const { name } = file;
  lab.failure = undefined;
  const isOpen = await lab.openSource(await bytesOf(file), name);
  if (isOpen && lab.model !== undefined) return { name, state, reason: "" };
  return { name, state: "not", reason: whyNot() };
}

function whyNot(): string {
  return lab.failure?.message ?? lab.opened?.error ?? "";
}

/** True for weights alone; errors are told when they are opened. */
async function weighs(file: File): Promise<boolean> {
  try {
    return (await lab.worker.withWeights({ bytes: await bytesOf(file), name: file.name })) !== undefined;
  } catch {
    return true;
  }
}

async function beside(file: File): Promise<Outcome> {
  const { name } = file;
  const reason = await lab.worker.whyNot({ bytes: await bytesOf(file), name }).catch((error: Error) => error.message);
  if (reason !== "") return { name, state: "not", reason };
  const links = comparedLinks(lab.route.with);
  // What is opened together is compared together: the open model takes a place.
  if (links.length + 1 >= mostCompared) return { name, state: "not", reason: words.files.full };
  lab.go({ with: [...links, await pack(await file.text())].join("~"), only: false }, { replace: true });
  return { name, state: "beside", reason: "" };
}

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
