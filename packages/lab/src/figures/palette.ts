/** The colours of the page's design as written-out values, in a theme of choice, for drawings that leave the page. */
import type { Palette } from "./svg.ts";

export function paletteOf(theme: "light" | "dark"): Palette {
  const known = new Map<string, string>();
  return (name) => {
    const found = known.get(name) ?? resolved(name, theme);
    known.set(name, found);
    return found;
  };
}

/** Asks the browser, for the design is written in CSS. */
function resolved(name: string, theme: string): string {
  const probe = document.createElement("span");
  probe.className = "colours";
  probe.dataset.theme = theme;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
