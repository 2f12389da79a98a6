/** Changes of the open model: its code is written anew and opened. */
import type { ModelChange } from "../worker/protocol.ts";
import { lab } from "./lab.svelte.ts";

/** One after another: each change starts from what the one before made. */
let queue: Promise<unknown> = Promise.resolve();

/** Answers with what the layer says to a value that it does not take. */
export function changeModel(change: ModelChange): Promise<string | undefined> {
  return rewrite(() => lab.worker.change(change));
}

/** @param index among the repairs that are offered */
export function repairModel(index: number): Promise<string | undefined> {
  return rewrite(() => lab.worker.repair(index));
}

function rewrite(write: () => Promise<string>): Promise<string | undefined> {
  const done = queue.then(async () => {
    try {
      await lab.openSource(await write());
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  queue = done;
  return done;
}
