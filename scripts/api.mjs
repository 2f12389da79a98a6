// node scripts/api.mjs: writes docs/api.md out of the comments beside what the package exports. --check only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import ts from "typescript";
import { withSource } from "./load-source.mjs";
import { root } from "./setup.mjs";

const source = join(root, "packages/unroll/src");
const page = join(root, "docs/api.md");

/** The package's entries; `unroll/light` has nothing that `unroll` has not. */
const entries = [
  ["unroll", "index.ts"],
  ["unroll/serve", "serve/index.ts"],
  ["unroll/sweep", "sweep/index.ts"],
];

/** Headings of `unroll`, by the folder that a name comes from. */
const headings = {
  model: "Models",
  layers: "Layers",
  cells: "Cells of one's own",
  training: "Training",
  explain: "Explaining and checking",
  formats: "Files",
  data: "Data",
  equations: "Equations and their forms",
  core: "Tensors, errors, random numbers",
};

/** What a reader may ask about a heading. */
const remarks = {
  training:
    "Optimizers, losses, metrics and schedules are made by functions, as layers are: plain settings, whose numbers live in the model.\nCallbacks are classes, for one keeps what it has seen of a run: `new EarlyStopping({ patience: 3 })`.",
};

/** Exports that stand for their folder although they lie elsewhere. */
const folders = { loadModel: "formats", "layers/contract": "cells" };

const program = ts.createProgram(
  entries.map(([, file]) => join(source, file)),
  { ...compilerOptions(), noEmit: true },
);
const checker = program.getTypeChecker();
const missing = [];
/** Names of what each object of functions holds. */
const held = await withSource("src/index.ts", (unroll) =>
  Object.fromEntries(
    ["layers", "losses", "metrics", "optimizers", "schedules"].map((name) => [name, Object.keys(unroll[name])]),
  ),
);

const text = [
  "# What `unroll` exports",
  "",
  "Written by `node scripts/api.mjs` out of the comments in the sources; `npm test` says when it is out of date. Editors show the whole",
  "comment of each name, with shapes, units and errors.",
  "",
  ...entries.flatMap(([name, file]) => entryLines(name, join(source, file))),
].join("\n");

if (missing.length > 0) {
  console.error(`No comment says what these are:\n${missing.map((line) => `  ${line}`).join("\n")}`);
  process.exit(1);
}
if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  console.error("docs/api.md is out of date: run node scripts/api.mjs.");
  process.exit(1);
}

function entryLines(name, path) {
  const exported = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)))
    .map(describe)
    .sort((a, b) => compare(a.name, b.name));
  const section = (heading, list, remark) => [
    heading,
    "",
    ...(remark === undefined ? [] : [remark, ""]),
    ...list.map(({ line }) => line),
    "",
  ];
  if (name !== "unroll") return section(`## \`${name}\``, exported);
  const unknown = exported.filter(({ folder }) => headings[folder] === undefined);
  missing.push(...unknown.map((one) => `${one.name}: no heading for ${one.folder}/`));
  return Object.entries(headings).flatMap(([folder, heading]) => {
    const list = exported.filter((one) => one.folder === folder);
    const types = list.filter(({ isType }) => isType);
    const values = list.filter(({ isType }) => !isType);
    const between = types.length === 0 ? [] : [{ line: "\nTypes:\n" }];
    return section(`## ${heading}`, [...values, ...between, ...types], remarks[folder]);
  });
}

function describe(symbol) {
  const meant = resolved(symbol);
  const [declaration] = meant.declarations;
  const file = relative(source, declaration.getSourceFile().fileName).replaceAll("\\", "/");
  const isType = (meant.flags & (ts.SymbolFlags.Value | ts.SymbolFlags.Namespace)) === 0;
  const says = firstSentence(commentOf(meant, declaration));
  const name = symbol.name;
  if (says === "") missing.push(`${file}: ${name}`);
  return {
    name,
    isType,
    folder: folders[name] ?? file.split("/")[0],
    line: [
      `- \`${name}${isType ? "" : parametersOf(meant, declaration)}\`: ${says}`,
      ...members(meant, declaration),
    ].join("\n"),
  };
}

/** A namespace is described by the comment at the top of its file. */
function commentOf(symbol, declaration) {
  if (!ts.isSourceFile(declaration)) return ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return /^\/\*\*([\s\S]*?)\*\//.exec(declaration.text)[1].replaceAll(/^\s*\* ?/gm, "");
}

function firstSentence(comment) {
  // A full stop inside of code ends nothing.
  const [, sentence] = /^((?:`[^`]*`|[^`])*?[.!?])(\s|$)/.exec(comment.trim()) ?? [];
  return (sentence ?? comment).replaceAll(/\s+/g, " ").trim();
}

/** `(x, y?, options?)` of a function, nothing of anything else. */
function parametersOf(symbol, declaration) {
  if (ts.isSourceFile(declaration) || ts.isClassDeclaration(declaration)) return "";
  const [signature] = checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures();
  if (signature === undefined) return "";
  const names = signature.parameters.map((parameter) => {
    const { name, questionToken, initializer, dotDotDotToken } = parameter.valueDeclaration;
    const shown = ts.isIdentifier(name) ? name.text : "options";
    return `${dotDotDotToken ? "..." : ""}${shown}${questionToken || initializer ? "?" : ""}`;
  });
  return `(${names.join(", ")})`;
}

/** What a namespace, an object of functions or a class holds, by name. */
function members(symbol, declaration) {
  const own = membersOf(symbol, declaration).map((one) => `\`${one.name}\``);
  const [base] = ts.isClassDeclaration(declaration) ? (declaration.heritageClauses ?? []) : [];
  const inherits = base?.token === ts.SyntaxKind.ExtendsKeyword;
  const more = inherits ? [`and what \`${base.types[0].expression.getText()}\` has`] : [];
  return own.length === 0 ? [] : wrapped([...own, ...more].join(", "));
}

function membersOf(symbol, declaration) {
  if (ts.isSourceFile(declaration)) {
    return checker.getExportsOfModule(symbol).filter((one) => (resolved(one).flags & ts.SymbolFlags.Value) !== 0);
  }
  if (ts.isClassDeclaration(declaration)) {
    const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
    return properties.filter((one) => /^[a-z]\w*$/i.test(one.name) && isOwn(one, declaration));
  }
  // The type of some says less than what is there.
  return (held[symbol.name] ?? []).map((name) => ({ name }));
}

function resolved(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Of the class itself, and for its callers. */
function isOwn({ declarations }, owner) {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return declarations.every((one) => one.parent === owner && (ts.getCombinedModifierFlags(one) & hidden) === 0);
}

/** In lines of 130 characters, set in. */
function wrapped(text) {
  const lines = ["  "];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)}${lines.at(-1).trim() === "" ? "" : " "}${word}`;
    if (longer.length > 130) lines.push(`  ${word}`);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function compare(a, b) {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

function compilerOptions() {
  const path = join(root, "packages/unroll/tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, "packages/unroll"));
  return { ...options, composite: false, incremental: false, tsBuildInfoFile: undefined };
}
