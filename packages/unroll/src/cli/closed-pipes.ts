/** A reader that has seen enough closes its end of the pipe (`| head`, `2>&1 | head`). That is no error to tell of. */

interface Stream {
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** What a shell reports of a program that a closed pipe ended: 128 + SIGPIPE. */
const endedByPipe = 141;

/**
 * Ends the program without a word when one of its streams is closed: well (0) when it is that of the results, which were
 * taken; with 141 when nobody reads the progress any more, as the work then stops before its end. Other errors end it with 2.
 */
export function endWhenClosed(
  { stdout, stderr }: { readonly stdout: Stream; readonly stderr: Stream },
  exit: (code: number) => void,
): void {
  stdout.on("error", ({ code }) => exit(code === "EPIPE" ? 0 : 2));
  stderr.on("error", ({ code }) => exit(code === "EPIPE" ? endedByPipe : 2));
}
