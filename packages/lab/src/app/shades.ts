/**
 * How strongly a number's ground is coloured: 18 shades of each sign, so that most steps change few. They are classes of one style
 * sheet, for the browser styles elements of the same classes once; a colour that is written on an element it works out for each.
 */

const steps = 18;
/** In percent of the full colour, which writing on it must stay legible on. */
const strongest = 54;

let isMade = false;

/** The class for a number's share of the one with the full colour; its sign is the hue. */
export function shadeOf(share: number): string {
  if (!isMade) makeSheet();
  return className(shadeNumber(share));
}

/** The same as a colour. */
export function shadeColour(share: number): string {
  return colour(shadeNumber(share));
}

/** From −18 to 18. */
function shadeNumber(share: number): number {
  return Math.round(Math.max(-1, Math.min(1, share)) * steps) || 0; // no −0
}

function className(shade: number): string {
  return `shade${shade < 0 ? "-below" : ""}-${Math.abs(shade)}`;
}

function colour(shade: number): string {
  const strength = (Math.abs(shade) * strongest) / steps;
  return `color-mix(in srgb, var(${shade < 0 ? "--negative" : "--positive"}) ${strength}%, var(--card))`;
}

function makeSheet(): void {
  isMade = true;
  const sheet = new CSSStyleSheet();
  const shades = Array.from({ length: 2 * steps + 1 }, (_, at) => at - steps);
  sheet.replaceSync(shades.map((shade) => `.${className(shade)} { background-color: ${colour(shade)}; }`).join("\n"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
