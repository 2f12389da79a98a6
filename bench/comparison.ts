/**
 * `npm run bench -- predict` and `-- train`: every workload on every peer that is there, in turns, and the table.
 *
 *   --only W1,W2   --peers unroll,torch   --rounds 15   --threads 1   --json FILE
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { compare } from "./compare.ts";
import type { Tensor } from "./library.ts";
import { type Variant, type WrittenModel, writeModel } from "./models.ts";
import { PeerProcess } from "./peer-process.ts";
import type { Work } from "./peers/protocol.ts";
import { type ListedPeer, listPeers, type Places } from "./peers.ts";
import { markdownTable, notes, type Row } from "./table.ts";
import { examplesOf, productFlops, training, type Workload, workloads } from "./workloads.ts";

/** Steps of training after which the peers must agree. */
const trainedSteps = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string", default: "15" },
    threads: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const [work, bench, bundles] = positionals as [Work, string, string]; // scripts/bench.mjs gives them
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const chosen = (list: string | undefined, name: string): boolean =>
  list === undefined || list.split(",").includes(name);

await run({ bench, bundles });

/** Ends the command where a flag names something that is not there. */
function checkNames(flag: string, list: string | undefined, names: readonly string[]): void {
  const unknown = list?.split(",").find((name) => !names.includes(name));
  if (unknown === undefined) return;
  console.error(`bench: --${flag} takes ${names.join(", ")}, separated by commas. Received: ${unknown}.`);
  process.exit(2);
}

async function run(places: Places): Promise<void> {
  checkNames(
    "only",
    values.only,
    workloads.map(({ id }) => id),
  );
  checkNames(
    "peers",
    values.peers,
    listPeers(places).map(({ key }) => key),
  );
  const peers = await startPeers(places);
  const rows: Row[] = [];
  for (const workload of workloads.filter(({ id }) => chosen(values.only, id))) {
    console.error(`${workload.id}: ${workload.title} ...`);
    try {
      rows.push(await rowOf(workload, peers, join(places.bundles, "models")));
    } catch (error) {
      // A difference is a defect: its row is not timed, and the command fails.
      console.error(`\n${workload.id} STOPPED: ${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    }
  }
  for (const { process: peer } of peers) peer.close();
  if (rows.length === 0) return;
  console.log(`\n${title()}\n`);
  console.log(`${markdownTable(rows)}\n`);
  console.log(notes(rows));
  console.log(`\n${peers.map(({ process: peer }) => peer.version).join("; ")}.`);
  if (values.json !== undefined) {
    const json = rows.map((row) => ({ ...row, limits: Object.fromEntries(row.comparison.limits) }));
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify({ work, versions: process.versions, rows: json }, null, 2)}\n`);
  }
}

function title(): string {
  const what =
    work === "predict" ? "A prediction of the whole batch" : "A training step on the whole batch (Adam, mse)";
  return `${what}, ms: median of ${rounds} rounds (best–worst), × the time of the first column. ${threads === 1 ? "One thread each" : `Up to ${threads} threads each, the limit is one core's`}.`;
}

interface StartedPeer {
  readonly listed: ListedPeer;
  readonly process: PeerProcess;
}

async function startPeers(places: Places): Promise<StartedPeer[]> {
  const started: StartedPeer[] = [];
  for (const listed of listPeers(places)) {
    // More threads are a question to those that have them.
    if (threads > 1 && listed.threads !== true) continue;
    if (!chosen(values.peers, listed.key) || (work === "train" && !listed.trains)) continue;
    try {
      started.push({
        listed,
        process: await PeerProcess.start(listed, { UNROLL_BENCH_FOLDER: places.bench }, threads),
      });
    } catch (error) {
      console.error(`${listed.name} is not here: ${error instanceof Error ? error.message : error}`);
    }
  }
  return started;
}

async function rowOf(workload: Workload, peers: readonly StartedPeer[], folder: string): Promise<Row> {
  const data = examplesOf(workload);
  const variants = new Map<Variant, WrittenModel & { readonly output: ArrayLike<number> }>();
  const variantOf = (variant: Variant): WrittenModel & { readonly output: ArrayLike<number> } => {
    const known = variants.get(variant);
    if (known !== undefined) return known;
    const written = writeModel(workload, variant, folder);
    const output = expectedOutput(written, data.x, data.y);
    variants.set(variant, { ...written, output });
    return { ...written, output };
  };
  // A training step has two more products of the same size for each one of the prediction.
  const flops = (work === "train" ? 3 : 1) * productFlops(variantOf("reset-after").model, workload);
  const listedOf = new Map(peers.map(({ listed, process: peer }) => [peer, listed]));
  const comparison = await compare([...listedOf.keys()], {
    work,
    rounds,
    threads,
    trainedSteps,
    expected: (peer) => variantOf(listedOf.get(peer)!.resetBefore === true ? "reset-before" : "reset-after"),
    leftOut: (peer) => {
      const most = listedOf.get(peer)!.mostFlops;
      return most !== undefined && flops > most ? "would take minutes" : undefined;
    },
  });
  return { id: workload.id, title: workload.title, flops, comparison };
}

/** What Unroll makes of it in this process; every peer must come to the same, so all of them check each other. */
function expectedOutput({ model }: WrittenModel, x: Tensor, y: Tensor): ArrayLike<number> {
  if (work === "train") {
    model.compile(training);
    for (let step = 0; step < trainedSteps; step++) model.trainOnBatch(x, y);
  }
  return model.predict(x, { batchSize: x.shape[0]! }).data;
}
