/**
 * The C compiler of this machine: found at run time, asked what vectors the processor has, and called once for each source; what
 * it builds is kept in the user's cache. Node only; everywhere else there is no compiler.
 */
import type * as ChildProcess from "node:child_process";
import type * as Crypto from "node:crypto";
import type * as FileSystem from "node:fs";
import type * as Os from "node:os";
import type * as Path from "node:path";
import { UnrollError } from "../../core/errors.ts";

export interface Toolchain {
  readonly command: string;
  /** Float32 numbers in the processor's best vector: 16 with AVX-512, 8 with AVX2 and FMA, else 4. */
  readonly lanes: 4 | 8 | 16;
  /** Vector registers: 32 with AVX-512's encodings and on ARM, else 16. */
  readonly registers: 16 | 32;
  /** Whether multiply and add are fused to one rounding. */
  readonly fused: boolean;
  /** Its own words about itself, part of a cached file's name. */
  readonly identity: string;
}

/** Optimise for this machine; every operation rounds on its own, as in WebAssembly, but for explicit multiply-adds. */
const flags = [
  "-O2",
  "-march=native",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-strict-aliasing",
];
const shared = ["-shared", "-fPIC", "-fvisibility=hidden", "-Werror=implicit-function-declaration", "-x", "c"];
const longestBuild = 120_000;

let known: Toolchain | { readonly missing: string } | undefined;

/** The compiler named by CC, or `cc`, or why there is none. Looked for once. */
export function findToolchain(): Toolchain | { readonly missing: string } {
  known ??= lookForToolchain();
  return known;
}

function lookForToolchain(): Toolchain | { readonly missing: string } {
  const node = nodeModules();
  if (node === undefined) return { missing: "native code needs Node" };
  const command = process.env.CC ?? "cc";
  const asked = node.process.spawnSync(command, [...flags, "-dM", "-E", "-x", "c", "-"], {
    input: "",
    encoding: "utf8",
  });
  if (asked.error !== undefined || asked.status !== 0) return { missing: `no C compiler answers to "${command}"` };
  const macros = new Map(asked.stdout.split("\n").map((line) => line.split(" ").slice(1, 3) as [string, string]));
  const hasAvx2 = macros.has("__AVX2__") && macros.has("__FMA__");
  return {
    command,
    lanes: macros.has("__AVX512F__") ? 16 : hasAvx2 ? 8 : 4,
    registers: macros.has("__AVX512VL__") || macros.has("__aarch64__") ? 32 : 16,
    fused: hasAvx2 || macros.has("__FP_FAST_FMAF"),
    identity: asked.stdout,
  };
}

/** A built C file in this thread. */
export interface LoadedC {
  /** From where other threads can load it too. */
  readonly file: string;
  readonly exports: Record<string, (...args: never[]) => unknown>;
}

/**
 * Builds a C file into something that Node loads, and loads it.
 *
 * @throws UnrollError `unsupported` when the compiler refuses or the cache cannot be written.
 */
export function loadC(source: string, toolchain: Toolchain): LoadedC {
  const node = nodeModules()!; // a toolchain was found
  const { join } = node.path;
  const hash = node.crypto.createHash("sha256");
  const key = hash
    .update(`${toolchain.identity}\0${flags.join(" ")}\0${source}`)
    .digest("hex")
    .slice(0, 32);
  const folder = process.env.UNROLL_CACHE ?? join(node.os.homedir(), ".cache", "unroll");
  const file = join(folder, `${key}.node`);
  if (!node.fs.existsSync(file)) {
    node.fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const started = join(folder, `${key}.${process.pid}.${Date.now()}`);
    const built = node.process.spawnSync(toolchain.command, [...flags, ...shared, "-o", started, "-", "-lm"], {
      input: source,
      encoding: "utf8",
      timeout: longestBuild,
    });
    if (built.status !== 0) {
      node.fs.rmSync(started, { force: true });
      throw new UnrollError({
        code: "unsupported",
        path: "compile",
        expected: "the C compiler must build the program",
        received: `${toolchain.command}: ${(built.stderr || String(built.error ?? built.signal)).trim().split("\n")[0]}`,
        hint: "Leave the device out to run in WebAssembly.",
      });
    }
    // Whole or not at all, also where two processes build the same.
    node.fs.renameSync(started, file);
  }
  const loaded = { exports: {} as Record<string, (...args: never[]) => unknown> };
  process.dlopen(loaded, file);
  return { file, exports: loaded.exports };
}

interface NodeModules {
  readonly process: typeof ChildProcess;
  readonly crypto: typeof Crypto;
  readonly fs: typeof FileSystem;
  readonly os: typeof Os;
  readonly path: typeof Path;
}

/** Node's own modules, without an import that a browser would stumble over; undefined elsewhere. */
function nodeModules(): NodeModules | undefined {
  if (typeof process === "undefined" || typeof process.getBuiltinModule !== "function") return undefined;
  return {
    process: process.getBuiltinModule("node:child_process"),
    crypto: process.getBuiltinModule("node:crypto"),
    fs: process.getBuiltinModule("node:fs"),
    os: process.getBuiltinModule("node:os"),
    path: process.getBuiltinModule("node:path"),
  };
}
