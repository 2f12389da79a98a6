/**
 * The text of a module in C, for machines with a compiler: the same functions over the same memory, instruction by instruction.
 * It knows the instructions and nothing of kernels. A vector instruction works on as many lanes as the module says.
 */
import type { ModuleBuilder, Statement, WasmFunction } from "../assembler.ts";
import type { Code, ValueType } from "../instructions.ts";
import { addon, prelude } from "./c-library.ts";

/** 32-bit numbers are addresses and counters that never overflow; as wide as a pointer they need no conversion. */
const cTypes: Readonly<Record<ValueType, string>> = {
  i32: "word",
  i64: "word",
  f32: "float",
  f64: "double",
  v128: "vector",
};

/** The module as one C file that Node can load: its exported functions take the memory, an ArrayBuffer. */
export function toC(module: ModuleBuilder): string {
  const names = new Map(module.functions.map((each, i) => [each as object, `f${i}`]));
  const functions = module.functions.map((each) => functionText(each, names));
  const exported = module.functions.filter((each) => each.exported);
  const data = module.segments.map(
    ({ offset, bytes }) =>
      `  { static const uint8_t bytes[] = {${bytes.join()}}; memcpy((void *)(m + ${offset}), bytes, sizeof bytes); }`,
  );
  return [
    `#define LANES ${module.machine.lanes}`,
    prelude,
    ...functions,
    `static void fill(memory m) {\n${data.join("\n")}\n}`,
    addon(exported.map((each) => ({ name: each.name, callee: names.get(each)! }))),
  ].join("\n");
}

function functionText(each: WasmFunction, names: ReadonlyMap<object, string>): string {
  const parameters = each.parameters.map((type, i) => `, ${cTypes[type]} v${i}`).join("");
  const locals = each.locals.map(
    (type, i) => `  ${cTypes[type]} v${each.parameters.length + i} = ${type === "v128" ? "{0}" : "0"};`,
  );
  const result = each.result === "none" ? "void" : cTypes[each.result];
  const writer = new Writer(names);
  const body = writer.statements(each.body, "  ");
  return `/* ${each.name.replaceAll("*/", "")} */\nstatic __attribute__((noinline)) ${result} ${names.get(each)}(memory m${parameters}) {\n${[...locals, ...body].join("\n")}\n}`;
}

class Writer {
  readonly #names: ReadonlyMap<object, string>;
  readonly #labels = new Map<object, string>();

  constructor(names: ReadonlyMap<object, string>) {
    this.#names = names;
  }

  statements(statements: readonly Statement[], indent: string): string[] {
    return statements.flatMap((statement) => this.#statement(statement, indent));
  }

  #statement(statement: Statement, indent: string): string[] {
    switch (statement.kind) {
      case "code":
        return [`${indent}${this.#expression(statement.code)};`];
      case "block":
      case "loop": {
        const label = `l${this.#labels.size}`;
        this.#labels.set(statement.label, label);
        const body = this.statements(statement.body, indent);
        // A branch goes to the start of a loop, to the end of a block.
        return statement.kind === "loop" ? [`${indent}${label}:;`, ...body] : [...body, `${indent}${label}:;`];
      }
      case "if":
        return [
          `${indent}if (${this.#expression(statement.condition)}) {`,
          ...this.statements(statement.whenTrue, `${indent}  `),
          ...(statement.whenFalse.length === 0
            ? []
            : [`${indent}} else {`, ...this.statements(statement.whenFalse, `${indent}  `)]),
          `${indent}}`,
        ];
      case "branch": {
        const condition = statement.condition === undefined ? "" : `if (${this.#expression(statement.condition)}) `;
        return [`${indent}${condition}goto ${this.#labels.get(statement.label)};`];
      }
      case "return":
        return [`${indent}return${statement.value === undefined ? "" : ` ${this.#expression(statement.value)}`};`];
      case "prefetch":
        return [`${indent}prefetch(m + (${this.#expression(statement.address)} + ${statement.offset}));`];
      case "comment":
        return [];
    }
  }

  #expression(code: Code): string {
    const operands = code.operands.map((operand) => this.#expression(operand));
    const { immediate, name } = code;
    switch (immediate.kind) {
      case "index":
        if (name === "local.get") return `v${immediate.index}`;
        return `${name === "local.tee" ? "(" : ""}v${immediate.index} = ${operands[0]}${name === "local.tee" ? ")" : ""}`;
      case "call":
        return `${this.#names.get(immediate.callee)}(${["m", ...operands].join(", ")})`;
      case "i32":
        return `${immediate.value | 0}L`;
      case "f32":
        return floatText(immediate.value, "f");
      case "f64":
        return floatText(immediate.value, "");
      case "lanes": {
        const isWhole = immediate.format === "i32x4";
        const lanes = immediate.lanes.map((lane) => (isWhole ? String(lane | 0) : floatText(lane, "f")));
        if (lanes.every((lane) => lane === lanes[0])) return `${isWhole ? "splat_bits" : "splat"}(${lanes[0]})`;
        return isWhole ? `((vector)(integers){${lanes.join(", ")}})` : `((vector){${lanes.join(", ")}})`;
      }
      case "memory": {
        const address = immediate.offset === 0 ? operands[0] : `${operands[0]} + ${immediate.offset}`;
        const lane = immediate.lane === undefined ? [] : [String(immediate.lane)];
        return `${cName(name)}(${[`m + (${address})`, ...operands.slice(1), ...lane].join(", ")})`;
      }
      case "lane":
        return `${cName(name)}(${[...operands, immediate.lane].join(", ")})`;
      case "none":
        if (name === "drop") return `(void)${operands[0]}`;
        return `${cName(name)}(${operands.join(", ")})`;
      case "global":
      case "shuffle":
        throw new Error(`compiler: no C for ${name}`);
    }
  }
}

/** An instruction's name in the library. */
function cName(name: string): string {
  return name.replaceAll(/[. ]/g, "_");
}

function floatText(value: number, suffix: string): string {
  if (Number.isNaN(value)) return "NAN";
  if (!Number.isFinite(value)) return value > 0 ? "INFINITY" : "-INFINITY";
  const rounded = suffix === "f" ? Math.fround(value) : value;
  const text = Object.is(rounded, -0) ? "-0" : String(rounded);
  return `${text}${/[.e]/.test(text) ? "" : ".0"}${suffix}`;
}
