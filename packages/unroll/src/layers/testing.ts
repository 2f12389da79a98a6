/** What tests of layers share. */
import { UnrollError } from "../core/errors.ts";

/** The message of the UnrollError that is thrown; any other error is thrown on. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UnrollError) return error.message;
    throw error;
  }
  return "no error";
}
