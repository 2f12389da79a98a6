/** Parts of the page that a teacher's link fixes: they are seen and read, and nothing in them is pressed, typed or moved. */

const names = new Set<string>();
let told: () => void = () => {};
let isListening = false;

/** Fixes these, by the keys of the words about them (words-help.ts), and frees all others; `tell` when somebody tries. */
export function lockParts(parts: readonly string[], tell: () => void): void {
  names.clear();
  for (const part of parts) names.add(part);
  told = tell;
  if (isListening || names.size === 0) return;
  isListening = true;
  for (const event of ["click", "beforeinput", "mousedown", "touchstart", "dragstart", "drop", "submit", "keydown"])
    addEventListener(event, hold, { capture: true, passive: false });
}

function hold(event: Event): void {
  if (!(event.target instanceof Element) || !isLocked(event.target)) return;
  // What moves the focus on stays.
  if (event instanceof KeyboardEvent && /^(Tab|Shift|Escape)$/.test(event.key)) return;
  if (!event.target.closest("button, a, input, select, textarea, summary, label, form, [contenteditable], [tabindex]"))
    return;
  // A page is scrolled by a touch that begins on such a part, too.
  if (event.type !== "touchstart" || event.target.matches("input, select")) event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "click" || event.type === "keydown") told();
}

function isLocked(element: Element): boolean {
  for (let part = element.closest<HTMLElement>("[data-help]"); part !== null; ) {
    if (names.has(part.dataset.help ?? "") && part.localName !== "main") return true;
    part = part.parentElement?.closest<HTMLElement>("[data-help]") ?? null;
  }
  return false;
}
