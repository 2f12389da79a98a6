/**
 * Python text to statements (ast.ts), by Lezer's error-tolerant grammar. One bad line costs that statement, not the file.
 * Parses only; nothing is looked up or run here.
 */
import type { SyntaxNode } from "@lezer/common";
import type { BinaryOperator, Expression, Statement } from "./ast.ts";
import { describePasted } from "./describe-syntax.ts";
import {
  DEEPEST_NESTING,
  parseArguments,
  parseExpression,
  parseItems,
  parseParameters,
  parseValues,
} from "./parse-expression.ts";
import { childrenOf, type Source, syntaxTree, unclosedBracket } from "./syntax-tree.ts";

/** Hears of the innermost bracket that is never closed, and of its line. */
export type OnUnclosed = (bracket: string, line: number) => void;

/** Statements of one cell or file; lines are counted from `firstLine`. */
export function parsePython(text: string, firstLine = 1, onUnclosed?: OnUnclosed): Statement[] {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  const source: Source = {
    text,
    lineAt(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= offset) low = middle;
        else high = middle - 1;
      }
      return low + firstLine;
    },
  };
  const tree = syntaxTree(text);
  if (tree === undefined) return [{ kind: "unsupported", what: "code nested too deeply", line: firstLine }];
  const unclosed = onUnclosed === undefined ? undefined : unclosedBracket(tree);
  if (unclosed !== undefined) onUnclosed?.(text[unclosed]!, source.lineAt(unclosed));
  return parseBlock(childrenOf(tree.topNode), source, 0);
}

function parseBlock(nodes: readonly SyntaxNode[], source: Source, depth: number): Statement[] {
  return nodes.flatMap((node) => {
    if (node.name === "StatementGroup") {
      return parseBlock(
        childrenOf(node).filter((part) => part.name !== ";"),
        source,
        depth,
      );
    }
    return [parseStatement(node, source, depth)];
  });
}

function bodyOf(node: SyntaxNode | undefined, source: Source, depth: number): Statement[] {
  if (node === undefined) return [];
  return parseBlock(
    childrenOf(node).filter((part) => part.name !== ":"),
    source,
    depth + 1,
  );
}

/** The line that a place is in, as far as a message may need it. */
function lineAround(text: string, at: number): string {
  const near = 200;
  const before = text
    .slice(Math.max(0, at - near), at)
    .split("\n")
    .at(-1)!;
  return before + text.slice(at, at + near).split("\n")[0]!;
}

function parseStatement(node: SyntaxNode, source: Source, depth: number): Statement {
  const line = source.lineAt(node.from);
  const parts = childrenOf(node);
  const text = (part: SyntaxNode): string => source.text.slice(part.from, part.to);
  const unsupported = (what?: string): Statement => {
    const shown = text(node).split("\n")[0]!.trim().slice(0, 60);
    const pasted = describePasted(lineAround(source.text, node.from));
    if (pasted !== undefined) return { kind: "unsupported", what: pasted, line };
    return { kind: "unsupported", what: what ?? (shown === "" ? "a syntax error" : `\`${shown}\``), line };
  };
  if (depth > DEEPEST_NESTING) return unsupported(`code nested more than ${DEEPEST_NESTING} deep`);
  if (node.type.isError) return unsupported();
  const expression = (part: SyntaxNode): Expression => parseExpression(part, source, depth + 1);

  switch (node.name) {
    case "ExpressionStatement":
      return parts.length === 0
        ? { kind: "pass", line }
        : { kind: "expression", value: parseValues(parts, source, depth + 1), line };
    case "AssignStatement":
      return parseAssign(parts, source, depth, line) ?? unsupported();
    case "UpdateStatement": {
      const [target, operator, value] = parts;
      if (target === undefined || operator === undefined || value === undefined) return unsupported();
      // The grammar's update operators are the binary ones with `=` behind.
      const sign = text(operator).slice(0, -1) as BinaryOperator;
      return {
        kind: "update",
        target: expression(target),
        operator: sign,
        value: parseValues(parts.slice(2), source, depth + 1),
        line,
      };
    }
    case "IfStatement":
      return parseIf(parts, source, depth, line) ?? unsupported();
    case "ForStatement": {
      const inAt = parts.findIndex((part) => part.name === "in");
      const bodyAt = parts.findIndex((part) => part.name === "Body");
      const forAt = parts.findIndex((part) => part.name === "for");
      if (inAt < 0 || bodyAt < inAt) return unsupported();
      return {
        kind: "for",
        target: parseValues(parts.slice(forAt + 1, inAt), source, depth + 1),
        values: parseValues(parts.slice(inAt + 1, bodyAt), source, depth + 1),
        body: bodyOf(parts[bodyAt], source, depth),
        otherwise: bodyOf(
          parts.slice(bodyAt + 1).find((part) => part.name === "Body"),
          source,
          depth,
        ),
        line,
      };
    }
    case "WhileStatement": {
      const body = parts.find((part) => part.name === "Body");
      if (parts[1] === undefined) return unsupported();
      return { kind: "while", test: expression(parts[1]), body: bodyOf(body, source, depth), line };
    }
    case "FunctionDefinition":
      return parseFunction(node, source, depth, []);
    case "ClassDefinition":
      return parseClass(node, source, depth);
    case "DecoratedStatement":
      return parseDecorated(parts, source, depth) ?? unsupported();
    case "ReturnStatement":
      return {
        kind: "return",
        value: parts.length < 2 ? undefined : parseValues(parts.slice(1), source, depth + 1),
        line,
      };
    case "ImportStatement":
      return parseImport(parts, source, line) ?? unsupported();
    case "WithStatement":
      return parseWith(parts, source, depth, line);
    case "TryStatement":
      return parseTry(parts, source, depth, line);
    case "RaiseStatement":
      return { kind: "raise", value: parts[1] === undefined ? undefined : expression(parts[1]), line };
    case "ScopeStatement":
      return { kind: "scope", names: parts.filter((part) => part.name === "VariableName").map(text), line };
    case "DeleteStatement":
      return { kind: "delete", targets: parseItems(parts.slice(1), source, depth + 1), line };
    case "AssertStatement":
    case "PassStatement":
    case "TypeDefinition":
    case "PrintStatement":
      return { kind: "pass", line };
    case "BreakStatement":
      return { kind: "break", line };
    case "ContinueStatement":
      return { kind: "continue", line };
    default:
      return unsupported();
  }
}

/** `a = b = value` and `a: int = value`; a declaration without a value does nothing. */
function parseAssign(parts: readonly SyntaxNode[], source: Source, depth: number, line: number): Statement | undefined {
  const groups: SyntaxNode[][] = [[]];
  for (const part of parts) {
    if (part.name === "AssignOp") groups.push([]);
    else if (part.name !== "TypeDef") groups.at(-1)!.push(part);
  }
  if (groups.length === 1) return { kind: "pass", line };
  if (groups.some((group) => group.length === 0)) return undefined;
  const [value, ...targets] = groups.reverse().map((group) => parseValues(group, source, depth + 1));
  return { kind: "assign", targets: targets.reverse(), value: value!, line };
}

function parseIf(parts: readonly SyntaxNode[], source: Source, depth: number, line: number): Statement | undefined {
  // Read from the last branch to the first, so that each is the `otherwise` of the one before.
  let otherwise: Statement[] = [];
  for (let i = parts.length - 1; i >= 0; i--) {
    const word = parts[i]!.name;
    if (word === "else") otherwise = bodyOf(parts[i + 1], source, depth);
    if (word !== "if" && word !== "elif") continue;
    const test = parts[i + 1];
    if (test === undefined || test.name === "Body") return undefined;
    const then = bodyOf(
      parts.slice(i).find((part) => part.name === "Body"),
      source,
      depth,
    );
    otherwise = [
      {
        kind: "if",
        test: parseExpression(test, source, depth + 1),
        whenTrue: then,
        otherwise,
        line: source.lineAt(parts[i]!.from),
      },
    ];
  }
  return otherwise[0] ?? { kind: "pass", line };
}

function parseFunction(node: SyntaxNode, source: Source, depth: number, decorators: readonly Expression[]): Statement {
  const parts = childrenOf(node);
  const name = parts.find((part) => part.name === "VariableName");
  const list = parts.find((part) => part.name === "ParamList");
  return {
    kind: "function",
    name: name === undefined ? "" : source.text.slice(name.from, name.to),
    parameters: list === undefined ? [] : parseParameters(list, source, depth + 1),
    body: bodyOf(
      parts.find((part) => part.name === "Body"),
      source,
      depth,
    ),
    decorators,
    suspends: parts[0]?.name === "async" || yields(node),
    line: source.lineAt(node.from),
  };
}

/** True where the function itself, not one inside it, yields. */
function yields(node: SyntaxNode): boolean {
  const waiting = childrenOf(node);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.name === "YieldExpression" || next.name === "YieldStatement" || next.name === "yield") return true;
    if (next.name !== "FunctionDefinition" && next.name !== "LambdaExpression") waiting.push(...childrenOf(next));
  }
  return false;
}

function parseClass(node: SyntaxNode, source: Source, depth: number): Statement {
  const parts = childrenOf(node);
  const name = parts.find((part) => part.name === "VariableName");
  const list = parts.find((part) => part.name === "ArgList");
  const args = list === undefined ? [] : parseArguments(list, source, depth + 1);
  return {
    kind: "class",
    name: name === undefined ? "" : source.text.slice(name.from, name.to),
    bases: args.filter((arg) => arg.kind === "positional").map((arg) => arg.value),
    body: bodyOf(
      parts.find((part) => part.name === "Body"),
      source,
      depth,
    ),
    line: source.lineAt(node.from),
  };
}

function parseDecorated(parts: readonly SyntaxNode[], source: Source, depth: number): Statement | undefined {
  const inner = parts.at(-1);
  if (inner?.name === "ClassDefinition") return parseClass(inner, source, depth);
  if (inner?.name !== "FunctionDefinition") return undefined;
  const decorators = parts.slice(0, -1).map((part): Expression => {
    const children = childrenOf(part);
    const names = children.filter((child) => child.name === "VariableName" || child.name === "PropertyName");
    const line = source.lineAt(part.from);
    const [first, ...others] = names.map(({ from, to }) => source.text.slice(from, to));
    const callee = others.reduce<Expression>((object, name) => ({ kind: "attribute", object, name, line }), {
      kind: "name",
      name: first ?? "",
      line,
    });
    const list = children.find((child) => child.name === "ArgList");
    return list === undefined ? callee : { kind: "call", callee, args: parseArguments(list, source, depth + 1), line };
  });
  return parseFunction(inner, source, depth, decorators);
}

function parseImport(parts: readonly SyntaxNode[], source: Source, line: number): Statement | undefined {
  const words = parts
    .map((part) => source.text.slice(part.from, part.to))
    .filter((word) => word !== "(" && word !== ")");
  if (words[0] === "import") {
    const modules = split(words.slice(1), ",").flatMap((group) => {
      const as = group.indexOf("as");
      const path = (as < 0 ? group : group.slice(0, as)).join("");
      return path === "" ? [] : [{ path, alias: as < 0 ? undefined : group[as + 1] }];
    });
    return { kind: "import", modules, line };
  }
  const at = words.indexOf("import");
  if (words[0] !== "from" || at < 0) return undefined;
  const module = words.slice(1, at).join("");
  if (words[at + 1] === "*") return { kind: "from", module, names: "*", line };
  const names = split(words.slice(at + 1), ",").flatMap((group) => {
    const [name, as, alias] = group;
    return name === undefined ? [] : [{ name, alias: as === "as" && alias !== undefined ? alias : name }];
  });
  return { kind: "from", module, names, line };
}

function split(words: readonly string[], separator: string): string[][] {
  const groups: string[][] = [[]];
  for (const word of words) {
    if (word === separator) groups.push([]);
    else groups.at(-1)!.push(word);
  }
  return groups;
}

function parseWith(parts: readonly SyntaxNode[], source: Source, depth: number, line: number): Statement {
  const items: { value: Expression; target?: Expression }[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (["with", ",", "(", ")", "Body", "async"].includes(part.name)) continue;
    if (part.name === "as") {
      const target = parts[++i];
      const last = items.at(-1);
      if (last !== undefined && target !== undefined) last.target = parseExpression(target, source, depth + 1);
      continue;
    }
    items.push({ value: parseExpression(part, source, depth + 1) });
  }
  return {
    kind: "with",
    items,
    body: bodyOf(
      parts.find((part) => part.name === "Body"),
      source,
      depth,
    ),
    line,
  };
}

function parseTry(parts: readonly SyntaxNode[], source: Source, depth: number, line: number): Statement {
  const sections = { try: [] as Statement[], else: [] as Statement[], finally: [] as Statement[] };
  const handlers: Statement[][] = [];
  let word = "try";
  for (const part of parts) {
    if (["try", "except", "else", "finally"].includes(part.name)) word = part.name;
    if (part.name !== "Body") continue;
    const body = bodyOf(part, source, depth);
    if (word === "except") handlers.push(body);
    else sections[word as keyof typeof sections] = body;
  }
  return { kind: "try", body: sections.try, handlers, otherwise: sections.else, last: sections.finally, line };
}
