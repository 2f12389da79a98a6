/**
 * A mutation fuzzer over the readers of packages/unroll/src/formats: takes good files, damages them, and asks that each ends
 * in a result or an UnrollError, soon. `node scripts/fuzz.mjs --count N --seed S` runs it long; a test runs it short.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { Random, UnrollError } from "../src/core/index.ts";
import {
  type ModelSource,
  openModelFile,
  readNpy,
  toStorable,
  writeSafetensorsModel,
  writeTfjs,
} from "../src/formats/index.ts";
import { writeZip } from "../src/formats/zip.ts";

export interface FuzzOptions {
  /** Damaged files to try. */
  readonly count: number;
  readonly seed: number;
  /** A file that takes longer, in ms, is a failure. */
  readonly maxMilliseconds?: number;
}

export interface FuzzReport {
  readonly results: number;
  readonly errors: number;
  /** Anything but a result or an UnrollError in time: what happened and to which file. */
  readonly failures: readonly string[];
  /** Of the slowest file, in ms. */
  readonly slowest: number;
}

/** Tries `count` damaged files, the same ones for the same seed. */
export async function fuzzFormats({ count, seed, maxMilliseconds = 2000 }: FuzzOptions): Promise<FuzzReport> {
  const seeds = await seedFiles();
  const random = new Random(seed);
  const failures: string[] = [];
  let results = 0;
  let errors = 0;
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    const chosen = seeds[random.below(seeds.length)]!;
    const source = chosen.damage(random);
    const started = performance.now();
    try {
      await chosen.open(source);
      results++;
    } catch (error) {
      if (error instanceof UnrollError) errors++;
      else failures.push(`file ${i} from ${chosen.name}: ${error instanceof Error ? error.stack : String(error)}`);
      if (error instanceof UnrollError && error.cause instanceof Error && !isExpected(error)) {
        failures.push(`file ${i} from ${chosen.name}: a reader broke: ${error.cause.stack}`);
      }
    }
    const took = performance.now() - started;
    slowest = Math.max(slowest, took);
    if (took > maxMilliseconds) failures.push(`file ${i} from ${chosen.name}: took ${Math.round(took)} ms`);
  }
  return { results, errors, failures, slowest };
}

/** The catch-all of openModelFile is for what we did not think of; the fuzzer wants to know. */
function isExpected(error: UnrollError): boolean {
  return !error.expected.includes("no reader expects");
}

interface Seed {
  readonly name: string;
  readonly damage: (random: Random) => ModelSource;
  readonly open: (source: ModelSource) => Promise<unknown>;
}

async function seedFiles(): Promise<Seed[]> {
  const models = ["bidirectional", "trained", "nested_sequential"];
  const whole = models.flatMap((id) => ["m.keras", "m.h5", "m.weights.h5"].map((file) => `keras/files/${id}/${file}`));
  const others = [
    "layouts_earliest.h5",
    "layouts_v108.h5",
    "layouts_latest.h5",
    "keras2.h5",
    "keras2.json",
    "list.npz",
    "packed.npz",
  ];
  const files = [...whole, ...others.map((file) => `formats/${file}`)].map((name) => ({ name, bytes: load(name) }));
  const model = toStorable(await openModelFile(load("keras/files/embedding/m.keras")));
  files.push({ name: "safetensors", bytes: writeSafetensorsModel(model) });
  const seeds: Seed[] = files.map(({ name, bytes }) => ({
    name,
    damage: (random) => damageBytes(bytes, random),
    open: readAll,
  }));
  // An archive's checksum hides its content from damage, so the content is damaged before it is packed.
  for (const id of models) {
    const entries = unzipSync(load(`keras/files/${id}/m.keras`));
    const damage = (random: Random) => {
      const name = ["config.json", "model.weights.h5"][random.below(2)]!;
      const damaged = name === "config.json" ? damageJson(entries[name]!, random) : damageBytes(entries[name]!, random);
      return writeZip({ ...entries, [name]: damaged });
    };
    seeds.push({ name: `inside ${id}/m.keras`, damage, open: readAll });
  }
  const tfjs = writeTfjs(model);
  seeds.push({
    name: "model.json",
    damage: (random) => ({ ...tfjs, "model.json": damageJson(tfjs["model.json"]!, random) }),
    open: readAll,
  });
  for (const name of ["column_major.npy", "int64.npy"]) {
    const bytes = load(`formats/${name}`);
    seeds.push({
      name,
      damage: (random) => damageBytes(bytes, random),
      open: async (source) => readNpy(source as Uint8Array),
    });
  }
  return seeds;
}

async function readAll(source: ModelSource): Promise<void> {
  const stored = await openModelFile(source, { name: "fuzzed" });
  for (const { weights } of stored.layers) for (const weight of weights) weight.read();
  for (const weight of stored.optimizer) weight.read();
  if (stored.architecture) toStorable(stored);
}

/** A few changes of single bytes and numbers that overflow; in one file of four also pieces cut off, doubled or moved. */
function damageBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let damaged = bytes.slice();
  const changes = 1 + random.below(4);
  const kinds = random.below(4) === 0 ? 8 : 5;
  for (let i = 0; i < changes && damaged.length > 0; i++) {
    const at = place(damaged.length, random);
    const length = 1 + random.below(Math.min(64, damaged.length - at));
    switch (random.below(kinds)) {
      case 0:
        damaged[at] = damaged[at]! ^ (1 << random.below(8));
        break;
      case 1:
        damaged[at] = random.below(256);
        break;
      case 2:
        damaged.fill(255, at, at + [1, 2, 4, 8][random.below(4)]!);
        break;
      case 3:
        damaged.fill(0, at, at + length);
        break;
      case 4:
        // A pointer to somewhere else in the file: this is what makes circles.
        new DataView(damaged.buffer).setUint32(
          Math.max(0, Math.min(at, damaged.length - 4)),
          random.below(damaged.length) & ~7,
          true,
        );
        break;
      case 5:
        damaged.copyWithin(at, place(damaged.length, random), damaged.length);
        break;
      case 6:
        damaged = damaged.slice(0, at);
        break;
      default:
        damaged = joined(damaged.subarray(0, at), damaged.subarray(Math.max(0, at - length)));
    }
    if (damaged.length < 4) break;
  }
  return damaged;
}

/** Near the start half of the time, where the structures are. */
function place(length: number, random: Random): number {
  return random.below(2) === 0 ? random.below(length) : random.below(Math.min(length, 2048));
}

const oddValues = [
  "-1",
  "1e308",
  "4294967296",
  "null",
  "true",
  '""',
  '"../x"',
  "[]",
  "{}",
  "NaN",
  "[[[[[[]]]]]]",
  '"__lambda__"',
  "0.5",
  '"constructor"',
];

/** Replaces values of the JSON text by odd ones, or damages its bytes. */
function damageJson(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(4) === 0) return damageBytes(bytes, random);
  let text = new TextDecoder().decode(bytes);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const values = [...text.matchAll(/(?<=[:[,]\s*)(?:"[^"]*"|-?\d+(?:\.\d+)?|null|true|false)/g)];
    const value = values[random.below(Math.max(1, values.length))];
    if (value === undefined) break;
    const odd =
      random.below(20) === 0 ? "[".repeat(5000) + "]".repeat(5000) : oddValues[random.below(oddValues.length)]!;
    text = text.slice(0, value.index) + odd + text.slice(value.index + value[0].length);
  }
  return new TextEncoder().encode(text);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function load(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url))));
}
