/**
 * The text form of an emitted module, for people: folded expressions, named locals, one statement a line. Reading it back
 * with other tools is a convenience, not a promise.
 */
import type { ModuleBuilder, Statement, WasmFunction } from "./assembler.ts";
import type { Code } from "./instructions.ts";

/** The module, or one of its functions, in WebAssembly's text format. */
export function toWat(module: ModuleBuilder, only?: WasmFunction): string {
  if (only !== undefined) return functionText(only, "").join("\n");
  const lines = ["(module"];
  const { memory } = module;
  if (memory !== undefined) {
    const from = memory.from === undefined ? ` (export "memory")` : ` (import "${memory.from[0]}" "${memory.from[1]}")`;
    lines.push(
      `  (memory${from} ${memory.pages}${memory.maximumPages === undefined ? "" : ` ${memory.maximumPages}`}${memory.shared ? " shared" : ""})`,
    );
  }
  for (const global of module.globals) {
    lines.push(`  (global $${global.name} (mut ${global.type}) ${expression(global.initial, [])})`);
  }
  for (const callee of module.functions) lines.push(...functionText(callee, "  "));
  for (const { offset, bytes } of module.segments) {
    const text = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    lines.push(`  (data (i32.const ${offset}) "${text}")`);
  }
  lines.push(")");
  return lines.join("\n");
}

function functionText(callee: WasmFunction, indent: string): string[] {
  const names = localNames(callee);
  const parameters = callee.parameters.map((type, i) => ` (param ${names[i]} ${type})`).join("");
  const result = callee.result === "none" ? "" : ` (result ${callee.result})`;
  const exported = callee.exported ? ` (export "${callee.name}")` : "";
  const locals = callee.locals.map((type, i) => `(local ${names[callee.parameters.length + i]} ${type})`);
  const inner = `${indent}  `;
  return [
    `${indent}(func $${callee.name}${exported}${parameters}${result}`,
    ...(locals.length === 0 ? [] : [inner + locals.join(" ")]),
    ...statementTexts(callee.body, names, inner, { count: 0, of: new Map() }),
    ...(callee.result === "none" ? [] : [`${inner}(unreachable)`]),
    `${indent})`,
  ];
}

function localNames(callee: WasmFunction): string[] {
  const total = callee.parameters.length + callee.locals.length;
  const taken = new Set<string>();
  return Array.from({ length: total }, (_, i) => {
    const given = (callee.localNames[i] ?? "").replaceAll(/[^A-Za-z0-9_.+-]/g, "_");
    const name = given === "" || taken.has(given) ? `${given}${given === "" ? "v" : "."}${i}` : given;
    taken.add(name);
    return `$${name}`;
  });
}

interface Labels {
  count: number;
  readonly of: Map<object, string>;
}

function statementTexts(
  statements: readonly Statement[],
  names: readonly string[],
  indent: string,
  labels: Labels,
): string[] {
  return statements.flatMap((statement) => statementText(statement, names, indent, labels));
}

function statementText(statement: Statement, names: readonly string[], indent: string, labels: Labels): string[] {
  switch (statement.kind) {
    case "code":
      return [indent + expression(statement.code, names)];
    case "block":
    case "loop": {
      const label = `$${statement.kind}${labels.count++}`;
      labels.of.set(statement.label, label);
      if (statement.body.length === 0) return [`${indent}(${statement.kind} ${label})`];
      return [
        `${indent}(${statement.kind} ${label}`,
        ...statementTexts(statement.body, names, `${indent}  `, labels),
        `${indent})`,
      ];
    }
    case "if": {
      const branch = (word: string, body: readonly Statement[]): string[] => [
        `${indent}  (${word}`,
        ...statementTexts(body, names, `${indent}    `, labels),
        `${indent}  )`,
      ];
      return [
        `${indent}(if ${expression(statement.condition, names)}`,
        ...branch("then", statement.whenTrue),
        ...(statement.whenFalse.length === 0 ? [] : branch("else", statement.whenFalse)),
        `${indent})`,
      ];
    }
    case "branch": {
      const label = labels.of.get(statement.label) ?? "$?";
      return [
        statement.condition === undefined
          ? `${indent}(br ${label})`
          : `${indent}(br_if ${label} ${expression(statement.condition, names)})`,
      ];
    }
    case "return":
      return [
        statement.value === undefined ? `${indent}(return)` : `${indent}(return ${expression(statement.value, names)})`,
      ];
    case "prefetch":
      return [`${indent};; prefetch ${expression(statement.address, names)} + ${statement.offset}`];
    case "comment":
      return [`${indent};; ${statement.text}`];
  }
}

function expression(code: Code, names: readonly string[]): string {
  if (code.name === "local.get" && code.immediate.kind === "index") return `(local.get ${names[code.immediate.index]})`;
  const parts = [code.name === "select v128" ? "select (result v128)" : code.name, ...immediateText(code, names)];
  for (const operand of code.operands) parts.push(expression(operand, names));
  return `(${parts.join(" ")})`;
}

function immediateText({ immediate }: Code, names: readonly string[]): string[] {
  switch (immediate.kind) {
    case "none":
      return [];
    case "index":
      return [names[immediate.index] ?? String(immediate.index)];
    case "global":
      return [String(immediate.index)];
    case "call":
      return [`$${immediate.callee.name}`];
    case "i32":
      return [String(immediate.value | 0)];
    case "f32":
    case "f64":
      return [floatText(immediate.value)];
    case "lanes":
      return [immediate.format, ...immediate.lanes.map(immediate.format === "i32x4" ? String : floatText)];
    case "memory":
      return [
        ...(immediate.offset === 0 ? [] : [`offset=${immediate.offset}`]),
        `align=${immediate.alignment}`,
        ...(immediate.lane === undefined ? [] : [String(immediate.lane)]),
      ];
    case "lane":
      return [String(immediate.lane)];
    case "shuffle":
      return immediate.bytes.map(String);
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
