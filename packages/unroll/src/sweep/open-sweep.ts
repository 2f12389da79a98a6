/** The folder of a sweep: written by who begins it, opened by whoever works on it. */
import { createHash } from "node:crypto";
import { copyFile, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { UnrollError } from "../core/errors.ts";
import { version as packageVersion } from "../core/package-version.ts";
import { readGroups, readSeries, type Series } from "../forecast/series.ts";
import type { ForecastSettings } from "../forecast/settings.ts";
import { systemError } from "../formats/files.ts";
import type { CheckedOptions } from "./options.ts";
import type { SweepPlan } from "./plan.ts";
import { names, type SharedFiles } from "./shared-files.ts";
import type { OpenSweep } from "./trial.ts";

/** What the folder says to workers. */
export interface SweepFile {
  readonly format: "unroll-sweep";
  readonly version: 1;
  /** Of the library that began it: another may calculate otherwise. */
  readonly unroll: string;
  readonly plan: SweepPlan;
  /** Drawn when the folder was made: two folders of one plan have queues of their own. */
  readonly run: string;
}

/** The series of a file, by group. Throws UnrollError `file`, `data`, `unknown-name`. */
export async function readAllSeries(
  file: string,
  { target, features, date, missing, groupBy }: CheckedOptions,
): Promise<ReadonlyMap<string | null, Series>> {
  const settings: Pick<ForecastSettings, "data" | "target" | "features" | "date" | "missing"> = {
    data: file,
    target,
    features: features ?? undefined,
    date: date === "" ? undefined : date,
    missing,
  };
  return groupBy === null ? new Map([[null, await readSeries(settings)]]) : await readGroups(settings, groupBy);
}

/** Puts plan and data into the folder, unless they are there; gives what is there then. */
export async function beginSweep(plan: SweepPlan, files: SharedFiles, source: string): Promise<SweepFile> {
  const path = files.shown(names.plan);
  const there = await readSweepFile(files);
  if (there !== undefined) {
    if (there.plan.id === plan.id) {
      await checkCopy(plan, files);
      return there;
    }
    throw new UnrollError({
      code: "usage",
      path,
      expected: `the folder is that of another sweep (${there.plan.id.slice(0, 12)})`,
      received: `this one = ${plan.id.slice(0, 12)}`,
      hint: "Space, options and data must be the same to go on; otherwise choose another folder.",
    });
  }
  await checkWrittenOnce(files);
  await files.pull(plan.data);
  const copy = files.pathOf(plan.data);
  await copyFile(source, copy).catch((cause: unknown) => {
    throw systemError(copy, "the data must be copied there", cause);
  });
  await files.push(plan.data);
  const run = crypto.randomUUID().slice(0, 8);
  const unroll = await packageVersion();
  const sweep: SweepFile = { format: "unroll-sweep", version: 1, unroll, plan, run };
  await files.create(names.plan, new TextEncoder().encode(`${JSON.stringify(sweep)}\n`));
  // In a store another may have begun the same at the same time.
  return await beginSweep(plan, files, source);
}

/** Undefined while there is none. Throws UnrollError `format`. */
export async function readSweepFile(files: SharedFiles): Promise<SweepFile | undefined> {
  await files.pull(names.plan);
  const path = files.shown(names.plan);
  const local = files.pathOf(names.plan);
  if ((await stat(local).catch(() => undefined)) === undefined) return undefined;
  let sweep: Partial<SweepFile> | null = null;
  try {
    sweep = JSON.parse(await readFile(local, "utf8")) as Partial<SweepFile> | null; // checked below
  } catch {
    // Told below.
  }
  if (sweep?.format === "unroll-sweep" && sweep.version === 1 && sweep.plan !== undefined && sweep.run !== undefined) {
    await checkVersion(path, sweep.unroll);
    return sweep as SweepFile;
  }
  throw new UnrollError({
    code: "format",
    path,
    expected: "the file must be what unroll sweep writes into its folder",
    hint: "Choose another folder.",
  });
}

/** Results of different versions must not be mixed. Throws UnrollError `usage`. */
async function checkVersion(path: string, begunBy: string | undefined): Promise<void> {
  const here = await packageVersion();
  if (begunBy === here) return;
  throw new UnrollError({
    code: "usage",
    path,
    expected: `a sweep must be worked on with the version that began it, ${begunBy ?? "an older one"}`,
    received: `unroll ${here}`,
    hint: "Install that version here, or begin the sweep anew in another folder.",
  });
}

/** Some stores know no conditional writes: a late result would replace the one that counts. Throws UnrollError `unsupported`. */
async function checkWrittenOnce({ store, shown }: SharedFiles): Promise<void> {
  if (store === undefined) return;
  const write = async (text: string): Promise<string> =>
    new TextDecoder().decode(await store.create(names.once, new TextEncoder().encode(text)));
  // Whatever an earlier sweep has left there stays as it is too.
  if ((await write("first")) === (await write("second"))) return;
  throw new UnrollError({
    code: "unsupported",
    path: shown(names.once),
    expected: "the store must refuse to write an object twice (If-None-Match: *)",
    received: "it did not",
    hint: "Take a store that has conditional writes, or a folder that all machines see.",
  });
}

/** Plan, files and series for the tasks of a sweep that has begun. Throws UnrollError `file`, `format`, `data`. */
export async function openSweep(files: SharedFiles): Promise<OpenSweep> {
  const sweep = await readSweepFile(files);
  if (sweep === undefined) {
    throw new UnrollError({
      code: "file",
      path: files.shown(names.plan),
      expected: "a sweep must have begun in the folder",
    });
  }
  const { plan } = sweep;
  await checkCopy(plan, files);
  const series = await readAllSeries(files.pathOf(plan.data), plan.options);
  return { plan, files, series };
}

/** Trials on other data would be scored beside those before. Throws UnrollError `file` where the copy is not what was copied. */
async function checkCopy({ data, sha256 }: SweepPlan, files: SharedFiles): Promise<void> {
  await files.pull(data);
  const path = files.shown(data);
  const bytes = await readFile(files.pathOf(data)).catch(() => undefined);
  const found = bytes === undefined ? undefined : createHash("sha256").update(bytes).digest("hex");
  if (found === sha256) return;
  throw new UnrollError({
    code: "file",
    path,
    expected: `the sweep's copy of the data must be as it was copied (sha256 ${sha256.slice(0, 12)})`,
    received: found === undefined ? "no such file" : `sha256 ${found.slice(0, 12)}`,
    hint: "Copy the data there again, or begin the sweep anew in another folder.",
  });
}

/** The data's name in the folder. */
export function dataName(path: string): string {
  return names.data(basename(path));
}
