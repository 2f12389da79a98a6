/** Parts of the page that a teacher's link leaves out: any that "?" has words about, by the key of these (words-help.ts). */

let sheet: CSSStyleSheet | undefined;

/** Leaves these out of sight and reach, and shows all others. A screen's own key is its tab's. */
export function leaveOut(parts: readonly string[]): void {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  // From a link: nothing but names may come into a style sheet.
  const names = parts.filter((part) => /^[a-z][a-z-]*$/.test(part));
  sheet.replaceSync(
    names.map((name) => `[data-help="${name}"]:not(main, dialog) { display: none !important; }`).join("\n"),
  );
}
