/** "?", then focus or tap anything: a card says what it is, until Esc. Comes when it is first asked for. */
import { mount, unmount } from "svelte";

let running: Record<string, unknown> | undefined;

/** Begins, or ends what has begun. In an open dialog it is about that, for all else is out of reach then. */
export async function point(): Promise<void> {
  if (running !== undefined) return endPointing();
  const { default: Pointing } = await import("../parts/Pointing.svelte");
  if (running !== undefined) return;
  const target = document.querySelector("dialog[open]") ?? document.body;
  running = mount(Pointing, { target, props: { end: endPointing } });
}

export function endPointing(): void {
  if (running === undefined) return;
  void unmount(running);
  running = undefined;
}
