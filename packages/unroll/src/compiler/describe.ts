/** A compiled program as a table for people: its kernels with what they read and write, and its memory. */
import type { WasmFunction } from "./assembler.ts";
import type { CompiledProgram } from "./compile.ts";
import { isContiguous } from "./layout.ts";
import type { Machine } from "./machine.ts";
import type { Access } from "./planner.ts";
import { toWat } from "./wat.ts";

export interface KernelDescription {
  readonly name: string;
  /** "run" = in every run, "prepare" = when weights have changed. */
  readonly when: "run" | "prepare";
  /**
   * Buffers by name, with the shape and strides (in elements) of the value in them, address and size in bytes:
   * "scan 12 [32, 30] strides (32, 1) @4096+4096".
   */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Floating-point operations of one run. */
  readonly flops: number;
}

export interface Description {
  readonly kernels: readonly KernelDescription[];
  /** In bytes. */
  readonly memory: { readonly total: number; readonly lasting: number; readonly temporary: number };
  /** What it is written for. */
  readonly machine: Machine;
  /** The text form of the module, or of the functions whose name holds `name`. */
  wat(name?: string): string;
  /** The table as text. */
  toString(): string;
}

export function describeProgram({ plan, bytes: total }: CompiledProgram): Description {
  const kernels = plan.kernels.map(
    ({ kernel, prepared, reads, writes }): KernelDescription => ({
      name: kernel.name,
      when: prepared ? "prepare" : "run",
      reads: [...new Set(reads.map(accessText))],
      writes: [...new Set(writes.map(accessText))],
      flops: kernel.flops,
    }),
  );
  const memory = { total, lasting: plan.memory.lastingBytes, temporary: plan.memory.temporaryBytes };
  return {
    kernels,
    memory,
    machine: plan.module.machine,
    wat: (name) => {
      if (name === undefined) return toWat(plan.module);
      const chosen = plan.module.functions.filter((each: WasmFunction) => each.name.includes(name));
      return chosen.map((each) => toWat(plan.module, each)).join("\n");
    },
    toString: () => tableOf(kernels, memory),
  };
}

function accessText({ buffer, layout }: Access): string {
  const place = `@${buffer.address + 4 * (layout?.offset ?? 0)}+${buffer.bytes}`;
  if (layout === undefined) return `${buffer.name} ${place}`;
  const strides = isContiguous(layout) ? "" : ` strides (${layout.strides.join(", ")})`;
  return `${buffer.name} [${layout.shape.join(", ")}]${strides} ${place}`;
}

function tableOf(kernels: readonly KernelDescription[], memory: Description["memory"]): string {
  const rows = kernels.map(({ when, name, flops, reads, writes }) => [
    when,
    name,
    String(flops),
    reads.join(", "),
    writes.join(", "),
  ]);
  const head = ["when", "kernel", "flops", "reads", "writes"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return [
    ...[head, ...rows].map(line),
    `memory: ${memory.total} bytes, of which ${memory.lasting} lasting and ${memory.temporary} temporary`,
  ].join("\n");
}
