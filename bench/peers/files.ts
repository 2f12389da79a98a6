/** Files that peers read, and packages of bench/node_modules. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readNpy } from "../library.ts";

/** The folder bench/, which the bundled programs are not in. */
const bench = process.env.UNROLL_BENCH_FOLDER ?? ".";
const requireFromBench = createRequire(join(bench, "package.json"));

/** A package that has no types here; the caller says what it uses of it. */
export function fromBench<Package>(name: string): Package {
  return requireFromBench(name) as Package;
}

export function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(bench, "node_modules", name, "package.json"), "utf8")).version;
}

export function pathInBench(path: string): string {
  return join(bench, path);
}

/** The float32 numbers of an `.npy` file. */
export function readTensor(path: string): { shape: number[]; data: Float32Array } {
  const { shape, data } = readNpy(readFileSync(path), path);
  return { shape: [...shape], data: Float32Array.from(data as Float32Array) }; // the comparison writes float32
}
