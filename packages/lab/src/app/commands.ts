/** What can be done now, each with its key: screens and parts say so here while they are on the page. */

export interface Command {
  readonly name: string;
  /** As `KeyboardEvent.key` has it, or two after one another: "g m"; undefined for none. */
  readonly key?: string;
  /** True where its key works in an open dialog too. */
  readonly inDialogs?: boolean;
  run(): void;
}

const offers = new Set<() => readonly Command[]>();

/** Offers commands until the answer is called; meant for effects. */
export function offerCommands(what: () => readonly Command[]): () => void {
  offers.add(what);
  return () => offers.delete(what);
}

export function commandsNow(): Command[] {
  return [...offers].flatMap((what) => what());
}

/** Those whose name holds every word of the text, in any order. */
export function matching(commands: readonly Command[], text: string): Command[] {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ name }) => parts.every((part) => name.toLowerCase().includes(part)));
}

/** How a key is written: "g m", "Space". */
export function keyName(key: string): string {
  return key === " " ? "Space" : /^[A-Z]$/.test(key) ? `Shift+${key.toLowerCase()}` : key;
}
