// What of a page's bytes is texts and names, which no restructuring takes away. `npm run bench -- size --parts light`.
import { gzipSync } from "node:zlib";
import { parseSync } from "rolldown/utils";
import { bundlePage, pages } from "./pages.mjs";

const gzip = (code) => gzipSync(code, { level: 9 }).length;

/** Every node of a syntax tree. */
function* nodesOf(node) {
  if (typeof node !== "object" || node === null) return;
  if (typeof node.type === "string") yield node;
  for (const child of Object.values(node)) yield* nodesOf(child);
}

const isName = (key, { computed }) => !computed && key.type === "Identifier";

/** What could be counted apart: the bytes of a node that belong to it, and what would stand there instead. */
const parts = {
  "errors: rule, what came, what to do": (node) =>
    node.type === "NewExpression" && node.arguments[0]?.properties?.some(({ key }) => key?.name === "expected")
      ? [node, "0"]
      : undefined,
  "names of properties and methods": (node) => {
    if (node.type === "MemberExpression" && isName(node.property, node)) return [node.property, "a"];
    return node.type === "Property" && !node.shorthand && isName(node.key, node) ? [node.key, "a"] : undefined;
  },
};

/** The code with some bytes exchanged. */
function without(code, pick) {
  const cuts = [...nodesOf(parseSync("page.js", code).program)].flatMap((node) => {
    const found = pick(node);
    return found === undefined ? [] : [[found[0].start, found[0].end, found[1]]];
  });
  let rest = "";
  let end = 0;
  for (const [from, to, instead] of cuts.sort((a, b) => a[0] - b[0])) {
    if (from < end) continue;
    rest += code.slice(end, from) + instead;
    end = to;
  }
  return rest + code.slice(end);
}

/** The table of the last page from an entry. */
export async function printParts(from) {
  const { codes } = await bundlePage(pages.findLast((page) => page.from === from).code);
  const sum = (list, size) => list.reduce((total, code) => total + size(code), 0);
  const row = (name, list) => {
    const cells = [sum(list, ({ length }) => length), sum(list, gzip)].map((bytes) => (bytes / 1000).toFixed(1));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  };
  console.log(`| a page from unroll/${from} | kB | gzip |\n| --- | ---: | ---: |`);
  row("as it is", codes);
  let less = codes;
  for (const [name, pick] of Object.entries(parts)) {
    row(
      `without ${name}`,
      codes.map((code) => without(code, pick)),
    );
    less = less.map((code) => without(code, pick));
  }
  row("without either", less);
}
