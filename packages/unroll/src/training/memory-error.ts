/** What training says of a program that does not fit into memory: the engine knows neither the model nor what would help. */
import type { Recompute } from "../compiler/index.ts";
import { UnrollError } from "../core/errors.ts";

interface Program {
  /** The model's name. */
  readonly path: string;
  readonly batch: number;
  /** As compiled; undefined for a program without a way back. */
  readonly recompute: Recompute | undefined;
}

/** Makes a program ready or measures it. Throws UnrollError `memory` in the words of who trains. */
export function fitted<T>({ path, batch, recompute }: Program, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UnrollError) || error.code !== "memory") throw error;
    const { code, expected, received } = error;
    const examples = `for a batch of ${batch}`;
    throw new UnrollError(
      {
        code,
        path,
        expected,
        received: received === undefined ? examples : `${received}, ${examples}`,
        hint: `${recomputeHint(recompute)}Use ${batch > 1 ? "a smaller batchSize or " : ""}fewer timesteps.`,
      },
      { cause: error },
    );
  }
}

/** Computing states again trades time for memory; "auto" has done so already. */
function recomputeHint(recompute: Recompute | undefined): string {
  if (recompute === undefined) return "";
  if (recompute === false)
    return "Leave recompute: false out of compile, so that long sequences are computed in parts. ";
  if (recompute === "auto") return "Computing long sequences in parts (recompute) is not enough. ";
  return `Compile with a smaller recompute than ${recompute}. `;
}
