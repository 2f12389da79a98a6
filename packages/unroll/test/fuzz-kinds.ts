/**
 * What the fuzzer feeds to the readers: good files of every kind that a user may open, how each kind is damaged, and the
 * reader that must then end in a result or an UnrollError.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { type Random, UnrollError } from "../src/core/index.ts";
import { parseCsv } from "../src/data/index.ts";
import {
  type ModelSource,
  openModelFile,
  readNpy,
  toStorable,
  writeNpz,
  writeSafetensorsModel,
  writeTfjs,
} from "../src/formats/index.ts";
import { codeOf, load } from "../src/formats/load.ts";
import { writeZip } from "../src/formats/zip.ts";
import { damageBytes, damageCode, damageJson, damageTable } from "./fuzz-damage.ts";

/** Good files of one kind, how they are damaged and what reads them. */
export interface FuzzKind {
  readonly name: string;
  /** Each makes a damaged file. */
  readonly seeds: readonly { readonly name: string; readonly damage: (random: Random) => ModelSource }[];
  open(source: ModelSource): Promise<unknown>;
}

type Damage = (bytes: Uint8Array, random: Random) => Uint8Array;
const models = ["bidirectional", "trained", "nested_sequential", "embedding"];

export async function fuzzKinds(): Promise<FuzzKind[]> {
  const model = toStorable(await openModelFile(read("keras/files/embedding/m.keras")));
  const tfjs = writeTfjs(model);
  const shardName = Object.keys(tfjs).find((name) => name !== "model.json")!;
  const sharded = Object.fromEntries(
    readdirSync(path("formats/sharded"))
      .filter((name) => name !== "expected.json")
      .map((name) => [name, read(`formats/sharded/${name}`)]),
  );
  const architecture = new TextEncoder().encode(JSON.stringify(model.architecture));
  const arrays = Object.fromEntries(
    model.layers.flatMap(({ path: at, weights }) =>
      weights.map((one) => [`${at.join("/")}/${one.name}`, one] as const),
    ),
  );
  return [
    {
      name: "zip (.keras)",
      seeds: [
        ...models.flatMap((id) => archive(`keras/files/${id}/m.keras`)),
        ...archive("keras/continued/nadam.keras"),
        ...archive("keras/continued/adam_schedule.keras"),
      ],
      open: openWhole,
    },
    {
      name: "HDF5 (.h5)",
      seeds: files(damageBytes, [
        ...models.map((id) => `keras/files/${id}/m.h5`),
        ...["keras/continued/adam.h5", "formats/keras2.h5", "formats/cudnn_gru_both.h5"],
        ...["earliest", "v108", "latest"].map((version) => `formats/layouts_${version}.h5`),
      ]),
      open: openWhole,
    },
    {
      name: "HDF5 (.weights.h5)",
      seeds: files(
        damageBytes,
        models.map((id) => `keras/files/${id}/m.weights.h5`),
      ),
      open: openParts,
    },
    {
      name: "shards (weights.json)",
      seeds: ["m.weights.json", "m_00001.weights.h5"].map((name) => ({
        name,
        damage: (random) => ({
          ...sharded,
          [name]: (name.endsWith(".json") ? damageJson : damageBytes)(sharded[name]!, random),
        }),
      })),
      open: openParts,
    },
    {
      name: "JSON (to_json)",
      seeds: [seed("to_json", architecture, damageJson), ...files(damageJson, ["formats/keras2.json"])],
      open: openWhole,
    },
    {
      name: "model.json (TensorFlow.js)",
      seeds: ["model.json", shardName].map((name) => ({
        name,
        damage: (random) => ({
          ...tfjs,
          [name]: (name === "model.json" ? damageJson : damageBytes)(tfjs[name]!, random),
        }),
      })),
      open: openWhole,
    },
    {
      name: ".safetensors",
      seeds: [seed("safetensors", writeSafetensorsModel(model), damageBytes)],
      open: openWhole,
    },
    {
      name: ".npz",
      seeds: [
        ...files(damageBytes, ["formats/list.npz", "formats/packed.npz"]),
        seed("named.npz", writeNpz(arrays), damageBytes),
        inside("named.npz", writeNpz(arrays), `${Object.keys(arrays)[0]!}.npy`, damageBytes),
      ],
      open: openParts,
    },
    {
      name: ".npy",
      seeds: files(damageBytes, ["formats/column_major.npy", "formats/int64.npy", "formats/float16.npy"]),
      open: async (source) => readNpy(source as Uint8Array), // seeds are bytes
    },
    {
      name: "Python (.py)",
      seeds: snippets().map((code, i) => seed(`snippet ${i}`, code, damageCode)),
      open: codeReader(".py"),
    },
    { name: "notebook (.ipynb)", seeds: notebooks(), open: codeReader(".ipynb") },
    {
      name: "Markdown (.md, .txt)",
      seeds: snippets().map((code, i) => seed(`page ${i}`, fenced(code), damageCode)),
      open: codeReader(".md"),
    },
    {
      name: "CSV",
      seeds: tables.map((text, i) => seed(`table ${i}`, new TextEncoder().encode(text), damageTable)),
      open: async (source) => parseCsv(source as Uint8Array), // seeds are bytes
    },
  ];
}

/** Everything that loadModel does: the model with its weights, compile settings and optimizer. */
async function openWhole(source: ModelSource): Promise<void> {
  await openParts(source);
  await load(source, { name: "fuzzed" });
}

/** Reads every array; files of weights alone have no model. */
async function openParts(source: ModelSource): Promise<void> {
  const stored = await openModelFile(source, { name: "fuzzed" });
  for (const { weights } of stored.layers) for (const weight of weights) weight.read();
  for (const weight of stored.optimizer) weight.read();
  if (stored.architecture) toStorable(stored);
}

/** Code always gives a reading; the models in it may each be refused. */
function codeReader(ending: string): FuzzKind["open"] {
  return async (source) => {
    const found = await codeOf(source, { name: `fuzzed${ending}` });
    for (const { error } of found!.models) if (error !== undefined && !(error instanceof UnrollError)) throw error;
  };
}

function path(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
}

/** A plain copy, as a browser has it: not Node's Buffer. */
function read(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(path(name)));
}

function seed(name: string, bytes: Uint8Array, damage: Damage): FuzzKind["seeds"][number] {
  return { name, damage: (random) => damage(bytes, random) };
}

function files(damage: Damage, names: readonly string[]): FuzzKind["seeds"] {
  return names.map((name) => seed(name, read(name), damage));
}

/** An archive's checksum hides its content from damage, so the content is damaged before it is packed, too. */
function archive(name: string): FuzzKind["seeds"] {
  const bytes = read(name);
  return [
    seed(name, bytes, damageBytes),
    inside(name, bytes, "config.json", damageJson),
    inside(name, bytes, "model.weights.h5", damageBytes),
  ];
}

function inside(name: string, archived: Uint8Array, entry: string, damage: Damage): FuzzKind["seeds"][number] {
  const entries = unzipSync(archived);
  return {
    name: `${name}: ${entry}`,
    damage: (random) => writeZip({ ...entries, [entry]: damage(entries[entry]!, random) }),
  };
}

function snippets(): Uint8Array[] {
  const { cases } = JSON.parse(readFileSync(path("snippets/snippets.json"), "utf8")) as { cases: { code: string }[] };
  return cases.map(({ code }) => new TextEncoder().encode(code));
}

function fenced(code: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(code);
  return new TextEncoder().encode(`# A model\n\nIn [5]:\n\n\`\`\`python\n${text}\n\`\`\`\n\nTotal params: 1,426\n`);
}

/** Both versions of the format; their JSON and the code inside are damaged. */
function notebooks(): FuzzKind["seeds"] {
  return snippets().flatMap((code, i) => {
    const lines = (text: Uint8Array) => new TextDecoder().decode(text).split(/(?<=\n)/);
    const cell = (text: Uint8Array) => ({
      cell_type: "code",
      metadata: {},
      outputs: [],
      execution_count: 1,
      source: lines(text),
    });
    const fourth = (text: Uint8Array) => encode({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell(text)] });
    const third = (text: Uint8Array) => {
      const { source, ...rest } = cell(text);
      return encode({ nbformat: 3, worksheets: [{ cells: [{ ...rest, language: "python", input: source }] }] });
    };
    return [
      seed(`notebook ${i}`, fourth(code), damageJson),
      { name: `cell ${i}`, damage: (random) => (random.below(2) === 0 ? fourth : third)(damageCode(code, random)) },
    ];
  });
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const tables = [
  'date,open,close,name\n2024-01-02,1.5,2.5,x\n2024-01-03,1.75,,y\n2024-01-04,NA,3,"z, w"\n',
  "day;value;rest\r\n31.12.2024;1,5;a\r\n01.01.2025;1.234,5;b\r\n",
  'a\tb\n"x\ny"\t1\n"q ""r"""\t2\n',
  "1|2|3\n4|5|6\n7|8|9",
  `t,v\n${Array.from({ length: 500 }, (_, i) => `${i},${Math.sin(i)}`).join("\n")}\n`,
  "\ufeffa,b\n1,2\n",
];
