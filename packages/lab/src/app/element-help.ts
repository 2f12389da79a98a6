/** What something on the page is: its name, how it is used, and the key of the words about it. Words stand in words-help.ts. */

export type ElementKind =
  | "button"
  | "toggle"
  | "fold"
  | "link"
  | "field"
  | "number"
  | "choice"
  | "check"
  | "radio"
  | "slider"
  | "cell"
  | "formula"
  | "picture"
  | "table"
  | "text"
  | "part";

export interface ElementHelp {
  readonly element: Element;
  readonly name: string;
  readonly kind: ElementKind;
  /** Of the element itself, or of what is nearest around it; empty for none. */
  readonly key: string;
}

/** What can be pointed at; all else is taken for what is around it. */
const things =
  "button, a[href], input, select, textarea, summary, label, [role=option], [role=gridcell], [contenteditable=true], math, svg[role], figure, table, pre, h1, h2, [tabindex], [data-help]";
/** Letters of a name that are shown. */
const longestName = 90;

/** Of the nearest thing around what was pointed at; undefined where there is none. */
export function elementHelp(target: Element): ElementHelp | undefined {
  const thing = target.closest(things);
  if (thing === null) return undefined;
  // What a label says is about its control.
  const element = (thing instanceof HTMLLabelElement ? thing.control : null) ?? thing;
  const key = element.closest<HTMLElement>("[data-help]")?.dataset.help ?? "";
  return { element, name: nameOf(element), kind: kindOf(element), key };
}

/** As a screen reader has it, near enough. */
export function nameOf(element: Element): string {
  const labelled = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const texts = [
    element.getAttribute("aria-label"),
    labelled.map((id) => document.getElementById(id)?.textContent ?? "").join(" "),
    "labels" in element ? textOf((element.labels as NodeListOf<HTMLLabelElement> | null)?.[0]) : "",
    // What holds much is called by what stands above it.
    element.matches("main, figure, table, section, form, aside, fieldset, details, dialog, div")
      ? textOf(element.querySelector("h1, h2, h3, summary, caption, legend, figcaption"))
      : "",
    textOf(element),
    element.getAttribute("title"),
    element.getAttribute("placeholder"),
  ];
  const name = texts.map((text) => (text ?? "").replaceAll(/\s+/g, " ").trim()).find((text) => text !== "") ?? "";
  return name.length > longestName ? `${name.slice(0, longestName)} …` : name;
}

/** Without what its controls hold: a list's name has none of its choices. */
function textOf(element: Element | null | undefined): string {
  if (element === null || element === undefined || element instanceof HTMLSelectElement) return "";
  const copy = element.cloneNode(true) as Element; // the same kind of node
  for (const inner of copy.querySelectorAll("select, textarea, input")) inner.remove();
  return copy.textContent ?? "";
}

function kindOf(element: Element): ElementKind {
  const role = element.getAttribute("role");
  if (role === "gridcell") return "cell";
  if (role === "switch") return "check";
  if (element instanceof HTMLInputElement) {
    const kinds: Readonly<Record<string, ElementKind>> = {
      checkbox: "check",
      radio: "radio",
      range: "slider",
      number: "number",
    };
    return kinds[element.type] ?? "field";
  }
  if (element instanceof HTMLButtonElement) {
    return element.hasAttribute("aria-expanded") ? "fold" : element.hasAttribute("aria-pressed") ? "toggle" : "button";
  }
  if (element instanceof HTMLSelectElement || role === "option" || role === "listbox") return "choice";
  if (element instanceof HTMLTextAreaElement || element.matches("[contenteditable=true]")) return "field";
  if (element.matches("a[href]")) return "link";
  if (element.matches("summary")) return "fold";
  if (element.matches("math")) return "formula";
  if (element.matches("svg, figure")) return "picture";
  if (element.matches("table")) return "table";
  return element.matches("pre, h1, h2") ? "text" : "part";
}
