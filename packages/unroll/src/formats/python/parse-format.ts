/** Strings that are written in pieces, and f-strings with expressions in them. Other expressions are in parse-expression.ts. */
import type { SyntaxNode } from "@lezer/common";
import type { Expression, FormatPart } from "./ast.ts";
import { unescapeString } from "./string-literal.ts";
import { childrenOf, type Source } from "./syntax-tree.ts";

/** Reads the expressions inside. */
type Parse = (node: SyntaxNode, source: Source, depth: number) => Expression;

/** Adjacent strings and f-strings become one. */
export function formatOf(node: SyntaxNode, source: Source, depth: number, parse: Parse): Expression {
  const line = source.lineAt(node.from);
  const strings = node.name === "ContinuedString" ? childrenOf(node) : [node];
  const parts: FormatPart[] = [];
  for (const string of strings) {
    const text = source.text.slice(string.from, string.to);
    if (string.name === "FormatString") parts.push(...formatParts(string, source, depth, parse));
    else parts.push(unescapeString(text));
  }
  if (parts.every((part) => typeof part === "string")) return { kind: "constant", value: parts.join(""), line };
  return { kind: "format", parts, line };
}

function formatParts(string: SyntaxNode, source: Source, depth: number, parse: Parse): FormatPart[] {
  const text = source.text;
  const opening = /^([a-zA-Z]*)("""|'''|"|')/.exec(text.slice(string.from, string.from + 8));
  const prefix = opening?.[1] ?? "";
  const quote = opening?.[2] ?? '"';
  const literal = (from: number, to: number): string =>
    unescapeString(`${prefix.replaceAll(/[fF]/g, "")}${quote}${text.slice(from, to)}${quote}`).replaceAll(
      /\{\{|\}\}/g,
      (pair) => pair[0]!,
    );
  const parts: FormatPart[] = [];
  let at = string.from + prefix.length + quote.length;
  for (const replacement of childrenOf(string).filter((part) => part.name === "FormatReplacement")) {
    if (replacement.from > at) parts.push(literal(at, replacement.from));
    parts.push(replacementOf(replacement, source, depth + 1, parse));
    at = replacement.to;
  }
  const end = text.endsWith(quote, string.to) ? string.to - quote.length : string.to;
  if (end > at) parts.push(literal(at, end));
  return parts;
}

function replacementOf(node: SyntaxNode, source: Source, depth: number, parse: Parse): FormatPart {
  const parts = childrenOf(node);
  const value = parts.find((part) => part.name !== "{");
  const conversion = parts.find((part) => part.name === "FormatConversion");
  const spec = parts.find((part) => part.name === "FormatSpec");
  const line = source.lineAt(node.from);
  return {
    value:
      value === undefined ? { kind: "unsupported", what: "an empty replacement", line } : parse(value, source, depth),
    conversion: conversion === undefined ? "" : source.text.slice(conversion.from + 1, conversion.to),
    spec: spec === undefined ? [] : specParts(spec, source, depth, parse),
  };
}

function specParts(spec: SyntaxNode, source: Source, depth: number, parse: Parse): FormatPart[] {
  const parts: FormatPart[] = [];
  let at = spec.from + 1;
  for (const inner of childrenOf(spec).filter((part) => part.name === "FormatReplacement")) {
    if (inner.from > at) parts.push(source.text.slice(at, inner.from));
    parts.push(replacementOf(inner, source, depth + 1, parse));
    at = inner.to;
  }
  if (spec.to > at) parts.push(source.text.slice(at, spec.to));
  return parts;
}
