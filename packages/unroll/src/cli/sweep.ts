/** `unroll sweep SPACE DATA.csv --target COL`: a search over settings, on this machine or on many. sweep/ does the work. */
import { copyFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { UnrollError } from "../core/errors.ts";
import { sidecarPath } from "../forecast/sidecar.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { GroupResult, Space, SweepOptions, SweepResults } from "../sweep/index.ts";
import { isStoreUrl } from "../sweep/store-url.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import { printJson } from "./print.ts";
import { checkIdleFlags, optionsOf, sweepFlags } from "./sweep/settings.ts";
import { checkFolderName, checkPageName, checkTarget, type TargetOptions } from "./targets.ts";
import { listenForInterrupt } from "./train/interrupt.ts";

export const sweepCommand: Command = {
  name: "sweep",
  doc: "search for the settings of a forecast",
  positionals: ["SPACE", "DATA"],
  flags: sweepFlags,
  examples: [
    "unroll sweep space.json prices.csv --target close --out best.keras",
    "unroll sweep space.ts sales.csv --target sold --group-by store",
    "unroll sweep space.json prices.csv --target close --strategy asha",
    "unroll sweep space.json prices.csv --target close --model net.py",
    "unroll sweep space.json prices.csv --target close --queue redis://host",
  ],
  async run({ positionals, flags, terminal }) {
    const [spacePath, data] = positionals as readonly [string, string]; // both are asked for
    const { out, report } = flags as { readonly out?: string; readonly report?: string }; // texts
    if (flags.target === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "unroll sweep",
        expected: "needs the column to forecast",
        hint: "Give --target COL.",
      });
    }
    checkIdleFlags(flags);
    const targets = { sources: [spacePath, data, flags.model], replace: flags.force === true };
    if (out !== undefined) await checkOut(out, flags, targets);
    if (report !== undefined) {
      checkPageName(report, "--report");
      await checkTarget(report, targets);
    }
    const folder = (flags.folder as string | undefined) ?? `${basename(data)}.sweep`;
    if (!isStoreUrl(folder)) await checkFolderName(folder);
    const space = await readSpace(spacePath);
    const model = await readVariedModel(flags, terminal);
    const options = { ...optionsOf(data, flags), ...model, spaceFile: spacePath };
    const results = await search(space, options, { folder, flags, terminal });
    if (results === undefined) return 1;
    const written: string[] = [];
    if (out !== undefined) written.push(...(await copyModels(results, folder, out, targets)));
    if (report !== undefined) {
      const { writeSweepReport } = await import("./sweep/report.ts");
      await writeSweepReport(report, results);
      written.push(report);
    }
    if (flags.json === true) printJson(terminal, { ...results, folder, written });
    else {
      const { sweepText } = await import("./sweep/text.ts");
      terminal.out(sweepText(results, terminal.columns));
      terminal.note(written.length > 0 ? `Wrote ${written.join(", ")}.\n` : `All is in ${folder}.\n`);
    }
    return results.groups.every(({ best }) => best !== null) ? 0 : 1;
  },
};

/** Undefined where Ctrl-C came first. */
async function search(
  space: Space,
  options: SweepOptions,
  { folder, flags, terminal }: { folder: string; flags: FlagValues; terminal: Terminal },
): Promise<SweepResults | undefined> {
  const { sweep } = await import("../sweep/index.ts");
  const {
    queue,
    threads,
    "trial-timeout": trialTimeout,
  } = flags as { readonly queue?: string; readonly threads?: number; readonly "trial-timeout"?: number }; // of these kinds
  if (queue !== undefined) {
    terminal.note(`Start workers with:\n  unroll worker --folder ${folder} --queue URL\n`);
  }
  const interrupt = listenForInterrupt(() => terminal.note("\nStopping. The same command goes on from here.\n"));
  try {
    return await sweep(space, options, {
      folder,
      signal: interrupt.signal,
      ...(queue === undefined ? {} : { queue }),
      ...(threads === undefined ? {} : { threads }),
      ...(trialTimeout === undefined ? {} : { trialTimeout }),
      onProgress({ done, open, last }) {
        if (last !== undefined && last.status !== "done")
          terminal.note(`${last.task} ${last.status}: ${last.reason}\n`);
        if (terminal.redraws === true) terminal.note(`\r${done} done, ${open} to go \u001b[K${open === 0 ? "\n" : ""}`);
        else if (last === undefined && open > 0) terminal.note(`${done} done, ${open} to go, ${counted(flags)}\n`);
        else if (open === 0) terminal.note(`${done} done, 0 to go\n`);
      },
    });
  } catch (error) {
    if (error instanceof UnrollError && error.code === "aborted") return undefined;
    throw error;
  } finally {
    interrupt.release();
  }
}

/** What "to go" counts beside the trials. */
function counted({ strategy, "group-by": groups }: FlagValues): string {
  if (strategy === "halving" || strategy === "asha") return "later rounds not counted";
  return `the final ${groups === undefined ? "model" : "models"} included`;
}

/** The model of `--model`, under the name that messages give it. */
async function readVariedModel(
  flags: FlagValues,
  terminal: Terminal,
): Promise<Pick<SweepOptions, "model" | "modelFile">> {
  if (flags.model === undefined) return {};
  const modelFile = String(flags.model);
  const { readGivenModel } = await import("./train/model.ts");
  const model = await readGivenModel({ model: modelFile, seed: 0 }, flags, terminal);
  return { ...(model === undefined ? {} : { model }), modelFile };
}

async function readSpace(path: string): Promise<Space> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  if (/\.[cm]?[jt]s$/.test(path)) {
    const { readSpaceSource } = await import("../sweep/literal.ts");
    return readSpaceSource(text, path) as Space; // sweep() checks it
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    throw new UnrollError(
      { code: "format", path, expected: "the space must be JSON, or a .ts file", received },
      { cause },
    );
  }
  // It also sees names that stand there twice.
  const { readLiteral } = await import("../sweep/literal.ts");
  return readLiteral(text, path) as Space; // sweep() checks it
}

/** Of several groups the names are not known yet. */
async function checkOut(out: string, flags: FlagValues, targets: TargetOptions): Promise<void> {
  if (extname(out) !== ".keras") {
    throw new UnrollError({ code: "usage", path: "--out", expected: "the file must be a .keras file", received: out });
  }
  if (flags["group-by"] !== undefined) return;
  await checkTarget(out, targets);
  await checkTarget(sidecarPath(out), targets);
}

/** `best.keras`, or one file for each group: `best-Oslo.keras`. */
async function copyModels(
  { groups }: SweepResults,
  folder: string,
  out: string,
  targets: TargetOptions,
): Promise<string[]> {
  const { openShared } = await import("../sweep/shared-files.ts");
  const files = await openShared(folder);
  const written: string[] = [];
  try {
    for (const [index, { group, best }] of groups.entries()) {
      if (best === null) continue;
      const to = group === null ? out : out.replace(/\.keras$/, `-${fileWord(groups, index)}.keras`);
      const from = best.final.model;
      if (group !== null) {
        await checkTarget(to, targets);
        await checkTarget(sidecarPath(to), targets);
      }
      for (const [name, path] of [
        [from, to],
        [sidecarPath(from), sidecarPath(to)],
      ] as const) {
        await files.pull(name);
        await copyFile(files.pathOf(name), path);
        written.push(path);
      }
    }
  } finally {
    await files.close();
  }
  return written;
}

/** A group's value as a part of a file's name; its number where the value has other letters, or another group has the same. */
function fileWord(groups: readonly GroupResult[], index: number): string {
  const value = groups[index]!.group!;
  const isPlain = /^[\w.-]{1,60}$/.test(value);
  const isAlone = groups.filter(({ group }) => group?.toLowerCase() === value.toLowerCase()).length === 1;
  return isPlain && isAlone ? value : `group${index + 1}`;
}
