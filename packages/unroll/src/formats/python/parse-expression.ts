/**
 * From Lezer's syntax tree to our expressions (ast.ts). Statements are in parse.ts.
 * Works on broken code: what has an error inside becomes `unsupported`.
 */
import type { SyntaxNode } from "@lezer/common";
import type { Argument, BinaryOperator, CompareOperator, ComprehensionClause, Expression, Parameter } from "./ast.ts";
import { describeSyntax } from "./describe-syntax.ts";
import { formatOf } from "./parse-format.ts";
import { unescapeString } from "./string-literal.ts";
import { childrenOf, type Source } from "./syntax-tree.ts";

/** Deeper code is refused: nobody wrote it by hand. */
export const DEEPEST_NESTING = 150;

/** A comma-separated row of expressions is one value: alone, or a tuple. */
export function parseValues(nodes: readonly SyntaxNode[], source: Source, depth: number): Expression {
  const items = parseItems(nodes, source, depth);
  if (items.length === 1 && !nodes.some((node) => node.name === ",") && items[0]!.kind !== "starred") return items[0]!;
  const line = nodes.length > 0 ? source.lineAt(nodes[0]!.from) : 1;
  return { kind: "tuple", items, line };
}

/** Expressions between commas; a star before one makes it `starred`. */
export function parseItems(nodes: readonly SyntaxNode[], source: Source, depth: number): Expression[] {
  const items: Expression[] = [];
  let star = false;
  for (const node of nodes) {
    if (node.name === ",") continue;
    if (node.name === "*") {
      star = true;
      continue;
    }
    const value = parseExpression(node, source, depth);
    items.push(star ? { kind: "starred", value, line: value.line } : value);
    star = false;
  }
  return items;
}

/** One expression; `depth` is how many others it is inside of. */
export function parseExpression(node: SyntaxNode, source: Source, depth: number): Expression {
  const line = source.lineAt(node.from);
  const text = (part: SyntaxNode): string => source.text.slice(part.from, part.to);
  const inner = (part: SyntaxNode | undefined): Expression =>
    part === undefined
      ? { kind: "unsupported", what: "an unfinished expression", line }
      : parseExpression(part, source, depth + 1);
  if (depth > DEEPEST_NESTING)
    return { kind: "unsupported", what: `code nested more than ${DEEPEST_NESTING} deep`, line };
  if (node.type.isError) return { kind: "unsupported", what: "a syntax error", line };

  switch (node.name) {
    case "Number":
      return numberOf(text(node), line);
    case "Boolean":
      return { kind: "constant", value: text(node) === "True", line };
    case "None":
      return { kind: "constant", value: null, line };
    case "Ellipsis":
      return { kind: "ellipsis", line };
    case "VariableName":
      return { kind: "name", name: text(node), line };
    case "String":
      return { kind: "constant", value: unescapeString(text(node)), line };
    case "FormatString":
    case "ContinuedString":
      return formatOf(node, source, depth, parseExpression);
    case "ParenthesizedExpression":
      return inner(childrenOf(node).find((part) => part.name !== "(" && part.name !== ")"));
    case "TupleExpression":
      return { kind: "tuple", items: bracketed(node, source, depth), line };
    case "ArrayExpression":
      return { kind: "list", items: bracketed(node, source, depth), line };
    case "SetExpression":
      return { kind: "set", items: bracketed(node, source, depth), line };
    case "DictionaryExpression":
      return dictOf(node, source, depth);
    case "ArrayComprehensionExpression":
    case "SetComprehensionExpression":
    case "DictionaryComprehensionExpression":
    case "ComprehensionExpression":
      return comprehensionOf(node, source, depth);
    case "MemberExpression":
      return memberOf(node, source, depth);
    case "CallExpression": {
      const [callee, args] = childrenOf(node);
      return {
        kind: "call",
        callee: inner(callee),
        args: args === undefined ? [] : parseArguments(args, source, depth + 1),
        line,
      };
    }
    case "UnaryExpression": {
      const [operator, value] = childrenOf(node);
      const sign = operator === undefined ? "" : text(operator);
      if (sign !== "-" && sign !== "+" && sign !== "~" && sign !== "not") break;
      return { kind: "unary", operator: sign, value: inner(value), line };
    }
    case "BinaryExpression":
      return binaryOf(node, source, depth);
    case "ConditionalExpression": {
      const [whenTrue, , test, , otherwise] = childrenOf(node);
      return { kind: "conditional", test: inner(test), whenTrue: inner(whenTrue), otherwise: inner(otherwise), line };
    }
    case "LambdaExpression": {
      const parts = childrenOf(node);
      const list = parts.find((part) => part.name === "ParamList");
      const parameters = list === undefined ? [] : parseParameters(list, source, depth + 1);
      return { kind: "lambda", parameters, body: inner(parts.at(-1)), text: text(node), line };
    }
    case "NamedExpression": {
      const [target, , value] = childrenOf(node);
      if (target?.name !== "VariableName") break;
      return { kind: "walrus", name: text(target), value: inner(value), line };
    }
  }
  return { kind: "unsupported", what: describeSyntax(node, text(node)), line };
}

function numberOf(text: string, line: number): Expression {
  const digits = text.replaceAll("_", "").replace(/^0[oO]/, "0o");
  if (/[jJ]$/.test(digits)) return { kind: "unsupported", what: `the complex number ${text}`, line };
  const value = Number(digits.replace(/[lL]$/, ""));
  return Number.isNaN(value)
    ? { kind: "unsupported", what: `the number ${text}`, line }
    : { kind: "constant", value, line };
}

function bracketed(node: SyntaxNode, source: Source, depth: number): Expression[] {
  return parseItems(
    childrenOf(node)
      .slice(1)
      .filter((part) => !"])}".includes(part.name)),
    source,
    depth + 1,
  );
}

function dictOf(node: SyntaxNode, source: Source, depth: number): Expression {
  const entries: { key?: Expression; value: Expression }[] = [];
  let key: Expression | undefined;
  let spread = false;
  for (const part of childrenOf(node)) {
    if (["{", "}", ",", ":"].includes(part.name)) continue;
    if (part.name === "**") {
      spread = true;
      continue;
    }
    const value = parseExpression(part, source, depth + 1);
    if (spread) entries.push({ value });
    else if (key === undefined) {
      key = value;
      continue;
    } else entries.push({ key, value });
    key = undefined;
    spread = false;
  }
  return { kind: "dict", entries, line: source.lineAt(node.from) };
}

function comprehensionOf(node: SyntaxNode, source: Source, depth: number): Expression {
  const parts = childrenOf(node).filter((part) => !"()[]{}".includes(part.name) && part.name !== "async");
  const line = source.lineAt(node.from);
  const first = parts.findIndex((part) => part.name === "for");
  const head = parts.slice(0, first);
  const clauses: ComprehensionClause[] = [];
  let i = first;
  while (i >= 0 && i < parts.length) {
    const start = i + 1;
    let end = start;
    while (end < parts.length && parts[end]!.name !== "for" && parts[end]!.name !== "if") end++;
    if (parts[i]!.name === "for") {
      const inAt = parts.findIndex((part, k) => k >= start && k < end && part.name === "in");
      if (inAt < 0) return { kind: "unsupported", what: "an unfinished comprehension", line };
      const target = parseValues(parts.slice(start, inAt), source, depth + 1);
      clauses.push({ kind: "for", target, value: parseValues(parts.slice(inAt + 1, end), source, depth + 1) });
    } else {
      clauses.push({ kind: "if", value: parseValues(parts.slice(start, end), source, depth + 1) });
    }
    i = end;
  }
  const isDict = node.name === "DictionaryComprehensionExpression";
  const element = head.at(isDict ? 2 : 0);
  if (element === undefined) return { kind: "unsupported", what: "an unfinished comprehension", line };
  const result = isDict
    ? "dict"
    : node.name.startsWith("Array")
      ? "list"
      : node.name.startsWith("Set")
        ? "set"
        : "generator";
  return {
    kind: "comprehension",
    result,
    key: isDict ? parseExpression(head[0]!, source, depth + 1) : undefined,
    element: parseExpression(element, source, depth + 1),
    clauses,
    line,
  };
}

function memberOf(node: SyntaxNode, source: Source, depth: number): Expression {
  const [object, ...rest] = childrenOf(node);
  const line = source.lineAt(node.from);
  const value = object === undefined ? undefined : parseExpression(object, source, depth + 1);
  // `1.` with nothing behind the point is a number.
  const isBare = rest[0]?.name === "." && rest.slice(1).every((part) => part.from === part.to);
  if (value?.kind === "constant" && typeof value.value === "number" && isBare) return value;
  if (value === undefined || rest.length < 2) return { kind: "unsupported", what: "an unfinished expression", line };
  if (rest[0]!.name === ".")
    return { kind: "attribute", object: value, name: source.text.slice(rest[1]!.from, rest[1]!.to), line };
  const inside = rest.slice(1).filter((part) => part.name !== "]");
  const groups = splitAt(inside, ",");
  const indices = groups.filter((group) => group.length > 0).map((group) => indexOf(group, source, depth + 1, line));
  const alone = indices.length === 1 && groups.length === 1;
  return {
    kind: "subscript",
    object: value,
    index: alone ? indices[0]! : { kind: "tuple", items: indices, line },
    line,
  };
}

function indexOf(nodes: readonly SyntaxNode[], source: Source, depth: number, line: number): Expression {
  if (!nodes.some((node) => node.name === ":")) return parseValues(nodes, source, depth);
  const [start, stop, step] = splitAt(nodes, ":").map((group) =>
    group.length === 0 ? undefined : parseExpression(group[0]!, source, depth),
  );
  return { kind: "slice", start, stop, step, line };
}

function splitAt(nodes: readonly SyntaxNode[], separator: string): SyntaxNode[][] {
  const groups: SyntaxNode[][] = [[]];
  for (const node of nodes) {
    if (node.name === separator) groups.push([]);
    else groups.at(-1)!.push(node);
  }
  return groups;
}

/** Arguments of a call: a node with brackets around them. */
export function parseArguments(list: SyntaxNode, source: Source, depth: number): Argument[] {
  return splitAt(
    childrenOf(list).filter((part) => part.name !== "(" && part.name !== ")"),
    ",",
  ).flatMap((group): Argument[] => {
    const [first, second, third] = group;
    if (first === undefined) return [];
    if (first.name === "*" && second !== undefined)
      return [{ kind: "star", value: parseExpression(second, source, depth) }];
    if (first.name === "**" && second !== undefined) {
      return [{ kind: "double-star", value: parseExpression(second, source, depth) }];
    }
    if (second?.name === "AssignOp" && third !== undefined) {
      return [
        {
          kind: "keyword",
          name: source.text.slice(first.from, first.to),
          value: parseExpression(third, source, depth),
        },
      ];
    }
    // `f(x for x in y)` has its clauses beside the element, without a node of their own.
    if (second?.name === "for") return [{ kind: "positional", value: comprehensionOf(list, source, depth) }];
    return [{ kind: "positional", value: parseExpression(first, source, depth) }];
  });
}

/** Parameters of a function or lambda. */
export function parseParameters(list: SyntaxNode, source: Source, depth: number): Parameter[] {
  const parameters: Parameter[] = [];
  let afterStar = false;
  for (const group of splitAt(
    childrenOf(list).filter((part) => part.name !== "(" && part.name !== ")"),
    ",",
  )) {
    const star = group.find((part) => part.name === "*" || part.name === "**");
    const name = group.find((part) => part.name === "VariableName");
    if (star !== undefined) afterStar = true;
    if (name === undefined) continue;
    const assign = group.findIndex((part) => part.name === "AssignOp");
    const kind =
      star === undefined ? (afterStar ? "keyword-only" : "plain") : star.name === "*" ? "star" : "double-star";
    const value = assign < 0 ? undefined : group[assign + 1];
    const defaultValue = value === undefined ? undefined : parseExpression(value, source, depth);
    parameters.push({ name: source.text.slice(name.from, name.to), kind, defaultValue });
  }
  return parameters;
}

const COMPARISONS = new Set(["<", ">", "<=", ">=", "==", "!=", "in", "not in", "is", "is not"]);
const ARITHMETIC = new Set(["+", "-", "*", "/", "//", "%", "**", "@", "<<", ">>", "&", "|", "^"]);

function binaryOf(node: SyntaxNode, source: Source, depth: number): Expression {
  const parts = childrenOf(node);
  const line = source.lineAt(node.from);
  const left = parts[0]!;
  const right = parts.at(-1)!;
  const operator = parts
    .slice(1, -1)
    .map((part) => source.text.slice(part.from, part.to))
    .join(" ");
  const value = parseExpression(right, source, depth + 1);
  const first = parseExpression(left, source, depth + 1);
  if (operator === "and" || operator === "or") return { kind: "logical", operator, left: first, right: value, line };
  if (COMPARISONS.has(operator)) {
    // Membership in the set above is what makes this a comparison.
    const step = { operator: operator as CompareOperator, value };
    // `a < b < c` arrives as (a < b) < c without a bracket node.
    if (left.name === "BinaryExpression" && first.kind === "compare") return { ...first, rest: [...first.rest, step] };
    return { kind: "compare", first, rest: [step], line };
  }
  if (ARITHMETIC.has(operator))
    return { kind: "binary", operator: operator as BinaryOperator, left: first, right: value, line };
  return { kind: "unsupported", what: describeSyntax(node, source.text.slice(node.from, node.to)), line };
}
