/**
 * WGSL text while it is written: lines with fresh names, and shaders of the two forms that kernels have. It knows the one buffer
 * that everything lies in, and no operation.
 */
import { sizeOf } from "../../core/shape.ts";
import { addressOf, broadcastLayout, type Layout } from "../layout.ts";
import { joinAxes } from "../loops.ts";
import { mathIn } from "./wgsl-math.ts";

/** One call of a shader. */
export interface Dispatch {
  /** A whole WGSL module with the entry point `main`, and the plan's memory as its only binding. */
  readonly code: string;
  /** Workgroups along x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** Every WebGPU device takes so many workgroups along an axis. */
const mostWorkgroups = 65535;
/** Invocations of a workgroup where each serves one element. */
const elementsTogether = 64;

/** Lines of a function's body. */
export class Lines {
  readonly #lines: string[] = [];
  #names = 0;

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** A name that nothing else in the body has. */
  name(word: string): string {
    return `${word}${this.#names++}`;
  }

  /** Gives a value a name. */
  let(value: string, word = "v"): string {
    const name = this.name(word);
    this.add(`let ${name} = ${value};`);
    return name;
  }

  /** Lines between braces, behind `head`. */
  block(head: string, body: () => void): void {
    this.add(`${head} {`);
    body();
    this.add("}");
  }

  /** Runs the body for 0, 1 ... count - 1; its argument is the counter's name. */
  loop(count: number, body: (index: string) => void, word = "k"): void {
    const index = this.name(word);
    this.block(`for (var ${index} = 0; ${index} < ${count}; ${index}++)`, () => body(index));
  }

  toString(): string {
    let depth = 0;
    return this.#lines
      .map((line) => {
        if (line.startsWith("}")) depth--;
        const indented = "  ".repeat(depth + 1) + line;
        if (line.endsWith("{")) depth++;
        return indented;
      })
      .join("\n");
  }
}

/** An element of the plan's memory. */
export function element(address: string | number): string {
  return `memory[${address}]`;
}

/** Where a layout begins, in elements. */
export function startOf(layout: Layout): number {
  return addressOf(layout) / 4;
}

/** Something that lies in memory with strides, from an element on. */
export interface Strided {
  readonly start: number;
  readonly strides: readonly number[];
}

/** The element of each array at a row-major index of `shape`: offsets as WGSL, all over the index taken apart once. */
export function addressesAt(
  lines: Lines,
  index: string,
  shape: readonly number[],
  arrays: readonly Strided[],
): string[] {
  const joined = joinAxes(
    shape,
    arrays.map(({ strides }) => strides),
  );
  const names: string[] = [];
  let rest = index;
  for (let axis = joined.shape.length - 1; axis >= 0; axis--) {
    const size = joined.shape[axis]!;
    names[axis] = axis === 0 ? rest : lines.let(`${rest} % ${size}`, "at");
    if (axis > 0) rest = lines.let(`${rest} / ${size}`, "rest");
  }
  return arrays.map(({ start }, i) => {
    const steps = joined.strides[i]!.flatMap((stride, axis) => (stride === 0 ? [] : [times(names[axis]!, stride)]));
    return [...steps, ...(start === 0 && steps.length > 0 ? [] : [String(start)])].join(" + ");
  });
}

/** As `addressesAt`, for layouts that broadcast to the shape. */
export function layoutAddresses(
  lines: Lines,
  index: string,
  shape: readonly number[],
  layouts: readonly Layout[],
): string[] {
  const arrays = layouts.map((layout) => ({ start: startOf(layout), strides: broadcastLayout(layout, shape).strides }));
  return addressesAt(lines, index, shape, arrays);
}

/** `name · factor`, without a factor of 1. */
export function times(name: string, factor: number): string {
  return factor === 1 ? name : `${name} * ${factor}`;
}

/** A shader that runs `body` once for each index below `count`. */
export function elementShader(count: number, body: (lines: Lines, index: string) => void): Dispatch {
  const groups = Math.ceil(count / elementsTogether);
  const lines = new Lines();
  lines.add(
    `let index = i32((group.y * ${mostWorkgroups}u + group.x) * ${elementsTogether}u + lane);`,
    `if (index >= ${count}) { return; }`,
  );
  body(lines, "index");
  return shader(lines, { size: `${elementsTogether}`, groups });
}

/** As `elementShader`, with an index for each element of a shape. */
export function shapeShader(shape: readonly number[], body: (lines: Lines, index: string) => void): Dispatch[] {
  return sizeOf(shape) === 0 ? [] : [elementShader(sizeOf(shape), body)];
}

/**
 * A shader whose workgroups work together: `number` counts the groups, `lane` the invocations in one. `declarations` stand before
 * the function.
 */
export function groupShader(
  { size, groups, declarations }: { size: number; groups: number; declarations: readonly string[] },
  body: (lines: Lines) => void,
): Dispatch {
  const lines = new Lines();
  lines.add(
    `let number = i32(group.y * ${mostWorkgroups}u + group.x);`,
    // The same for a whole group, so that all of it meets at each barrier or none.
    `if (number >= ${groups}) { return; }`,
  );
  body(lines);
  return shader(lines, { size: String(size), groups, declarations });
}

function shader(
  lines: Lines,
  { size, groups, declarations = [] }: { size: string; groups: number; declarations?: readonly string[] },
): Dispatch {
  const body = lines.toString();
  const code = [
    "@group(0) @binding(0) var<storage, read_write> memory: array<f32>;",
    ...declarations,
    ...mathIn(body),
    `@compute @workgroup_size(${size})`,
    "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {",
    body,
    "}",
  ].join("\n");
  return { code, workgroups: [Math.min(groups, mostWorkgroups), Math.ceil(groups / mostWorkgroups), 1] };
}
