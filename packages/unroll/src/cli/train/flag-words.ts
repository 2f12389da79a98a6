/** Errors of the library's training in the words of the command line: which flag to change. What went wrong is the library's. */
import { UnrollError } from "../../core/errors.ts";
import type { TrainSettings } from "./settings.ts";

type Asked = Pick<TrainSettings, "model" | "units" | "batchSize">;

/** Runs `work`; where it throws an UnrollError, names the flags that it comes from. */
export async function inFlags<T>(settings: Asked, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UnrollError ? flagWords(error, settings) : error;
  }
}

/** The same error with flags in place of the library's options. */
function flagWords(error: UnrollError, settings: Asked): UnrollError {
  const { code, path, expected, received, hint } = error;
  const words =
    code === "memory"
      ? { hint: smaller(hint, settings) }
      : code === "unknown-name" && path === "compile"
        ? { path: flagOf(expected) ?? path }
        : code === "option" && expected.startsWith("learningRate ")
          ? {
              path: "--learning-rate",
              expected: expected.replace("learningRate ", ""),
              received: received?.replace("learningRate = ", ""),
            }
          : undefined;
  if (words === undefined) return error;
  return new UnrollError({ code, path, expected, received, hint, ...words }, { cause: error.cause });
}

/** What to make smaller. The model of a file has its units in the file. */
function smaller(hint: string | undefined, { model, units, batchSize }: Asked): string {
  const size = model === undefined ? `--units (it is ${units})` : "model";
  if (hint?.includes("does not help") === true) return `Use a smaller ${size}. A smaller --batch-size does not help.`;
  return `Use a smaller --batch-size (it is ${batchSize}), --lookback or ${size}.`;
}

/** `there is no loss named x` → `--loss`. */
function flagOf(expected: string): string | undefined {
  const what = /^there is no (optimizer|loss) named /.exec(expected)?.[1];
  return what === undefined ? undefined : `--${what}`;
}
