/** What went wrong, in the words of somebody who looks at Keras code and writes no program with the library. */
import { withoutProgramming } from "unroll/formats/hint-words.ts";
import { snakeCase } from "unroll/layers/naming.ts";
import { UnrollError } from "./library.ts";
import type { Failure } from "./rpc.ts";

export function failureOf(error: unknown): Failure {
  if (error instanceof UnrollError) {
    const { message, path, hint } = inUserWords(error);
    return { message, path, ...(hint ? { hint } : {}), expected: true };
  }
  return { message: error instanceof Error ? error.message : String(error), expected: false };
}

/** The same error, its options spelt as Keras spells them: `kernelInitializer` is `kernel_initializer`. */
export function inUserWords(error: UnrollError): UnrollError {
  const { code, path, expected, received, hint } = withoutProgramming(error);
  const parts = { expected: inKerasSpelling(expected), hint: hint && inKerasSpelling(hint) };
  // Behind the equals sign stands what the user wrote.
  const said = received?.replaceAll(/\b[a-z]\w*(?= = )/g, inKerasSpelling);
  return new UnrollError({ code, path, received: said, ...parts }, { cause: error.cause });
}

function inKerasSpelling(text: string): string {
  return text.replaceAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b(?!\()/g, snakeCase);
}
