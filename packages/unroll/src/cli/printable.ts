/**
 * Text that may reach a terminal. Names come from strangers' files, and a control sequence in one could hide lines, move the cursor
 * or change the window: only what the command line itself writes goes through.
 */

/** Line ends, tabs, a return to the line's start before it is drawn anew, the end of a line erased, and plain colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const control = /^\r|\r\n|\u001b\[(?:K|(?:0|1|2|22|3[0-79])m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Every other control character becomes "�". */
export function printable(text: string): string {
  return text.replaceAll(control, (found, at: number) =>
    found.length > 1 || (found === "\r" && at === 0) ? found : "\ufffd",
  );
}
