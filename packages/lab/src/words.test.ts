/** Every sentence of the page stands in the catalogue: no component, drawing or table says anything in words of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AST, parse } from "svelte/compiler";
import { expect, it } from "vitest";
import { words } from "./words.ts";
import { compareWords } from "./words-compare.ts";
import { countWords } from "./words-count.ts";
import { figureWords } from "./words-figures.ts";
import { helpWords } from "./words-help.ts";
import { modelWords } from "./words-model.ts";
import { quizWords } from "./words-quiz.ts";
import { compareRunWords } from "./words-runs.ts";
import { stepWords } from "./words-step.ts";
import { trainWords } from "./words-train.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" });
const components = files.filter((name) => name.endsWith(".svelte"));
/** What draws, and what hands tables out. */
const scripts = files.filter((name) => /^(figures|app)\/(?!.*\.test\.ts$).*\.ts$/.test(name));

/** Attributes that a user reads or hears; a component's own among them. */
const said =
  /^(aria-(label|valuetext|description|roledescription|placeholder)|title|label|placeholder|alt|caption|lead|[xy]Label)$/;
/** Two letters in a row are a word; x, h and T are symbols, SVG and PNG are names of formats. */
const isWord = (text: string): boolean =>
  /\p{L}{2}/u.test(text.replaceAll(/&\w+;/g, "")) && !/^[\s\dA-Z×]+$/.test(text);

type Node = { readonly type: string; readonly [key: string]: unknown };

/** The words that a value may turn out to be; what is handed to functions is theirs to say. */
function wordsOfValue(node: Node): string[] {
  const of = (...parts: unknown[]): string[] => parts.flatMap((part) => wordsOfValue(part as Node)); // nodes of the parser
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" && isWord(node.value) ? [node.value] : [];
    case "TemplateLiteral":
      return [
        ...(node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).filter(isWord),
        ...of(...(node.expressions as Node[])),
      ];
    case "ConditionalExpression":
      return of(node.consequent, node.alternate);
    case "LogicalExpression":
      return of(node.left, node.right);
    case "BinaryExpression":
      return node.operator === "+" ? of(node.left, node.right) : [];
    default:
      return [];
  }
}

function wordsOfAttribute({ name, value }: AST.Attribute): string[] {
  if (!said.test(name) || value === true) return [];
  return [value].flat().flatMap((part) => wordsOfPart(part as unknown as Node));
}

function wordsOfPart(part: Node): string[] {
  if (part.type === "Text") return isWord(String(part.data)) ? [String(part.data).trim()] : [];
  return part.type === "ExpressionTag" ? wordsOfValue(part.expression as Node) : [];
}

/** All words of a template, in blocks and snippets too. */
function wordsOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(wordsOf);
  if (typeof node !== "object" || node === null) return [];
  const one = node as Node;
  if (one.type === "Text" || one.type === "ExpressionTag") return wordsOfPart(one);
  if (one.type === "Attribute") return wordsOfAttribute(one as unknown as AST.Attribute);
  if (
    /Expression$|^(ConstTag|Comment|AttachTag|OnDirective|BindDirective|StyleDirective|ClassDirective)$/.test(one.type)
  )
    return [];
  return Object.values(one).flatMap(wordsOf);
}

/** Properties of drawings, charts and tables that are read. */
const read = /^(title|description|sentence|label|columns|[xy]Label)$/;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value;
const nameOf = (node: unknown): string => (isNode(node) ? String(node.name ?? "") : "");

/** All words of a script that come into a drawing or a table. */
function wordsOfScript(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(wordsOfScript);
  if (!isNode(node)) return [];
  const deeper = Object.values(node).flatMap(wordsOfScript);
  if (node.type === "CallExpression" && nameOf(node.callee) === "label") {
    return [...wordsOfValue((node.arguments as Node[])[0]!), ...deeper]; // a label has a text
  }
  if (node.type === "Property" && read.test(nameOf(node.key)) && isNode(node.value)) {
    const value = node.value.type === "ArrayExpression" ? (node.value.elements as Node[]) : [node.value];
    return [...value.flatMap(wordsOfValue), ...deeper];
  }
  return deeper;
}

const wordsIn = (source: string): string[] => {
  const { fragment, instance } = parse(source, { modern: true });
  return [...wordsOf(fragment), ...wordsOfScript(instance?.content)];
};
const wordsInScript = (source: string): string[] => wordsIn(`<script lang="ts">${source}</script>`);

it.each(components)("%s", (name) => {
  expect(wordsIn(readFileSync(join(root, name), "utf8"))).toEqual([]);
});

it.each(scripts)("%s", (name) => {
  expect(wordsInScript(readFileSync(join(root, name), "utf8"))).toEqual([]);
});

it("would find words in what drawings and tables are made of", () => {
  const source = `
    const body = [label("ten rows", 1, 2), label(\`\${rows} columns\`, 0, 0, palette, { "text-anchor": "middle" })];
    const rows = { title: \`\${name} over time\`, legend: [{ label: one ? "input" : other, kind: "box" }], columns: ["t", "value", ...names] };
    const said = list.map((one) => ({ name: "box", color: "red" })).join(" and ");`;
  expect(wordsInScript(source)).toEqual(["ten rows", " columns", " over time", "input", "value"]);
});

it("would find words in text, in branches, in blocks, in attributes and in what components are given", () => {
  const source = `
    <p>Two words {count === 1 ? "one" : \`\${count} many\`} {name ?? "None"}</p>
    {#if a}<b aria-label="spoken">x</b>{:else}{#each list as one (one)}<i title={\`of \${one}\`}>h</i>{/each}{/if}
    <Chart title="A chart" yLabel={"up" + a} kind="line" />`;
  expect(wordsIn(source)).toEqual(["Two words", "one", " many", "None", "spoken", "of ", "A chart", "up"]);
});

it("leaves alone what nobody reads: classes, calls, symbols and names of formats", () => {
  const source = `<button class="primary" onclick={() => go("start")} style:color={a ? "red" : "blue"}>PNG 2× {whole(a, "en")} T = {b}</button>`;
  expect(wordsIn(source)).toEqual([]);
});

it("keeps no entry that nothing on the page names", () => {
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(svelte|ts)$/.test(name) && !/(^|\/)words/.test(name) && !name.endsWith(".test.ts"),
  );
  const page = sources.map((name) => readFileSync(join(root, name), "utf8")).join("\n");
  // A table that is read as a whole, by a key that data holds, names its entries by itself.
  const tables = new Set([
    "kindNames",
    "layerNames",
    "leaveOutNames",
    "languages",
    "labels",
    "themes",
    "digitNames",
    "numberNames",
    "elements",
    "kinds",
    "headings",
    "leads",
    "letterNames",
    "motions",
    "names",
    "states",
    "origins",
  ]);
  const unused = (catalogue: object): string[] =>
    Object.entries(catalogue).flatMap(([name, entry]: [string, unknown]) => {
      if (!new RegExp(`\\b${name}\\b`).test(page)) return [name];
      return typeof entry === "object" && entry !== null && !Array.isArray(entry) && !tables.has(name)
        ? unused(entry)
        : [];
    });
  expect(
    [
      words,
      modelWords,
      countWords,
      stepWords,
      trainWords,
      compareWords,
      compareRunWords,
      quizWords,
      helpWords,
      figureWords,
    ].flatMap(unused),
  ).toEqual([]);
});
