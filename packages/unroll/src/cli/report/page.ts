/** The frame of a report: one HTML file without a single request, for light, dark and paper. */
import { escapeXml } from "../../equations/printers.ts";

export interface Section {
  readonly title: string;
  /** HTML; texts in it are escaped already. */
  readonly body: string;
}

/** A whole page; `title` and section titles are plain text, `lead` is HTML. */
export function reportPage(title: string, lead: string, sections: readonly Section[]): string {
  const ids = sections.map((_, index) => `s${index + 1}`);
  const links = sections.map((section, index) => `<a href="#${ids[index]}">${escapeXml(section.title)}</a>`);
  const blocks = sections.map(
    (section, index) =>
      `<section id="${ids[index]}">\n<h2>${escapeXml(section.title)}</h2>\n${section.body}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeXml(title)}</h1>
${lead}
<nav>${links.join(" ")}</nav>
</header>
${blocks.join("\n")}
</main>
</body>
</html>
`;
}

/** Rows of plain text, the first cell of each a heading; `numbers` aligns the others to the right, `strong` sets off the first row. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { numbers = false, strong = false }: { readonly numbers?: boolean; readonly strong?: boolean } = {},
): string {
  const heads = head.map((cell) => `<th scope="col">${escapeXml(cell)}</th>`).join("");
  const lines = rows.map(
    ([first, ...others]) =>
      `<tr><th scope="row">${escapeXml(first ?? "")}</th>${others.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`,
  );
  const thead = head.length === 0 ? "" : `<thead><tr>${heads}</tr></thead>`;
  return `<div class="scroll"><table class="${numbers ? "numbers" : ""}${strong ? " strong" : ""}">${thead}<tbody>${lines.join("")}</tbody></table></div>`;
}

export function paragraph(text: string): string {
  return `<p>${escapeXml(text)}</p>`;
}

const style = `
:root {
  --paper: #fff; --ink: #1b1f24; --soft: #59636e; --rule: #d9dee3; --shade: #f4f6f8;
  --model: #0b62c4; --naive: #b34a00; --seasonal: #24783a; --good: #1a7338; --bad: #a3321f; --unsure: #7a5b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ec; --soft: #9aa5b1; --rule: #333b44; --shade: #1d232a;
    --model: #75b2ff; --naive: #ffab6b; --seasonal: #74ce8b; --good: #74ce8b; --bad: #ff9a85; --unsure: #e5c04f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
h4, h5 { font-size: .95rem; margin: 1rem 0 .2rem; color: var(--soft); }
section { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
p { margin: .5rem 0; overflow-wrap: anywhere; }
a { color: var(--model); }
nav { margin-top: 1rem; font-size: .9rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { background: var(--shade); padding: .75rem 1rem; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.verdict { font-size: 1.1rem; padding: .75rem 1rem; border-left: 4px solid; background: var(--shade); border-radius: 0 6px 6px 0; }
.verdict.beats { border-color: var(--good); } .verdict.chance { border-color: var(--unsure); } .verdict.loses { border-color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .925rem; }
th, td { text-align: left; padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; font-weight: normal; }
thead th { color: var(--soft); font-size: .85rem; }
td { overflow-wrap: anywhere; }
.numbers td, .numbers thead th + th { text-align: right; font-variant-numeric: tabular-nums; padding: .3rem 0 .3rem 1.6rem; }
.strong tbody tr:first-child > * { font-weight: 600; }
svg { display: block; width: 100%; min-width: 34rem; height: auto; margin: 1.2rem 0; overflow: visible; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .title { fill: var(--ink); font-size: 15px; font-weight: 600; }
svg .legend { fill: var(--ink); font-size: 13px; }
svg .grid { stroke: var(--rule); } svg .axis { stroke: var(--soft); }
svg .mark { stroke: var(--soft); stroke-dasharray: 2 3; }
svg .band-0 { fill: var(--soft); opacity: .05; } svg .band-1 { fill: var(--soft); opacity: .13; } svg .band-2 { fill: var(--soft); opacity: .22; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
svg .points { stroke-width: 4.5; stroke-linecap: round; opacity: .75; }
svg .truth { stroke: var(--ink); } svg .model { stroke: var(--model); }
svg .naive { stroke: var(--naive); } svg .seasonal { stroke: var(--seasonal); } svg .other { stroke: var(--soft); }
svg .line.model { stroke-width: 2.2; } svg .line.truth { stroke-width: 1.4; }
svg .line.naive { stroke-dasharray: 6 4; } svg .line.seasonal { stroke-dasharray: 1 4; stroke-width: 2.2; } svg .line.other { stroke-dasharray: 10 4; }
svg .bar { stroke: none; fill: var(--model); opacity: .8; }
details { margin: .6rem 0; } summary { cursor: pointer; }
.explanation { overflow-x: auto; }
.explanation section { border: 0; margin-top: 1.5rem; padding: 0; }
.explanation ul, .explanation ol { padding-left: 1.25rem; }
math { font-size: 1.05em; } math[display="block"] { width: fit-content; margin: .4rem 0; } mtd { text-align: left; }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb; --shade: #f4f4f4;
    --model: #0b62c4; --naive: #b34a00; --seasonal: #24783a; --good: #1a7338; --bad: #a3321f; --unsure: #7a5b00; }
  main { max-width: none; padding: 0; } nav { display: none; } svg, .verdict, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
`;
