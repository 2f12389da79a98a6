/** The binary form of functions and of the code in them. Source: WebAssembly core specification 2.0, sections 5.3 to 5.5. */
import type { ByteWriter } from "./bytes.ts";
import type { Label, Statement, WasmFunction } from "./function-builder.ts";
import type { Callee, Code, ResultType, ValueType } from "./instructions.ts";

/** How types are written. */
export const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const emptyBlock = 0x40;

/** A signature, from its key `parameters:result`. */
export function writeSignature(out: ByteWriter, key: string): void {
  const [parameters, result] = key.split(":") as [string, ResultType];
  const types = parameters === "" ? [] : (parameters.split(",") as ValueType[]);
  out.byte(0x60);
  out.unsigned(types.length);
  for (const type of types) out.byte(typeCode[type]);
  out.unsigned(result === "none" ? 0 : 1);
  if (result !== "none") out.byte(typeCode[result]);
}

/** A function's locals and body. */
export function writeFunction(out: ByteWriter, callee: WasmFunction, index: ReadonlyMap<Callee, number>): void {
  const runs: [count: number, type: ValueType][] = [];
  for (const type of callee.locals) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  out.unsigned(runs.length);
  for (const [count, type] of runs) {
    out.unsigned(count);
    out.byte(typeCode[type]);
  }
  writeStatements(out, callee.body, [], index);
  // Results leave by `return`; the validator wants to hear that the end is not reached.
  if (callee.result !== "none") out.byte(0x00);
  out.byte(0x0b);
}

function writeStatements(
  out: ByteWriter,
  statements: readonly Statement[],
  labels: readonly (Label | undefined)[],
  index: ReadonlyMap<Callee, number>,
): void {
  for (let i = 0; i < statements.length; i++) {
    const statement = statements[i]!;
    switch (statement.kind) {
      case "code":
        writeCode(out, statement.code, index);
        break;
      case "block":
      case "loop":
        out.bytes([statement.kind === "block" ? 0x02 : 0x03, emptyBlock]);
        writeStatements(out, statement.body, [statement.label, ...labels], index);
        out.byte(0x0b);
        break;
      case "if":
        writeCode(out, statement.condition, index);
        out.bytes([0x04, emptyBlock]);
        writeStatements(out, statement.whenTrue, [undefined, ...labels], index);
        if (statement.whenFalse.length > 0) {
          out.byte(0x05);
          writeStatements(out, statement.whenFalse, [undefined, ...labels], index);
        }
        out.byte(0x0b);
        break;
      case "branch": {
        if (statement.condition !== undefined) writeCode(out, statement.condition, index);
        const depth = labels.indexOf(statement.label);
        if (depth < 0) throw new Error("assembler: a branch must be inside its block or loop");
        out.byte(statement.condition === undefined ? 0x0c : 0x0d);
        out.unsigned(depth);
        break;
      }
      case "return":
        if (statement.value !== undefined) writeCode(out, statement.value, index);
        out.byte(0x0f);
        break;
      case "prefetch":
      case "comment":
        break;
    }
  }
}

/** An expression, operands first. */
export function writeCode(out: ByteWriter, code: Code, index: ReadonlyMap<Callee, number>): void {
  const { operands } = code;
  for (let i = 0; i < operands.length; i++) writeCode(out, operands[i]!, index);
  if (code.prefix === 0) out.byte(code.opcode);
  else {
    out.byte(code.prefix);
    out.unsigned(code.opcode);
  }
  const { immediate } = code;
  switch (immediate.kind) {
    case "none":
      // The typed select lists the types it chooses between.
      if (code.prefix === 0 && code.opcode === 0x1c) out.bytes([1, typeCode.v128]);
      break;
    case "index":
    case "global":
      out.unsigned(immediate.index);
      break;
    case "call": {
      const callee = index.get(immediate.callee);
      if (callee === undefined) throw new Error(`assembler: ${immediate.callee.name} is not in this module`);
      out.unsigned(callee);
      break;
    }
    case "i32":
      out.signed(immediate.value);
      break;
    case "f32":
      out.float32(immediate.value);
      break;
    case "f64":
      out.float64(immediate.value);
      break;
    case "lanes":
      for (const lane of immediate.lanes) {
        if (immediate.format === "f32x4") out.float32(lane);
        else if (immediate.format === "f64x2") out.float64(lane);
        else for (let byte = 0; byte < 4; byte++) out.byte((lane >> (8 * byte)) & 0xff);
      }
      break;
    case "memory":
      if (immediate.offset < 0) throw new Error("assembler: an offset must not be negative");
      out.unsigned(Math.log2(immediate.alignment));
      out.unsigned(immediate.offset);
      if (immediate.lane !== undefined) out.byte(immediate.lane);
      break;
    case "lane":
      out.byte(immediate.lane);
      break;
    case "shuffle":
      out.bytes(immediate.bytes);
      break;
  }
}
