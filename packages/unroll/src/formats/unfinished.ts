/**
 * Names of files that are being written, and what is left of them where the writer was killed. Other processes and other hosts
 * may write into the same folder, so a name says who writes; and it has a random word, because in a container every run may have
 * the same number.
 */

/** What stands behind a file's name while it is written: host, process, a random word. */
export async function unfinishedEnding(): Promise<string> {
  const { hostname } = await import("node:os");
  return `.${fileWord(hostname())}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

function fileWord(name: string): string {
  return name.replaceAll(/[^\w-]/g, "_");
}

/** After so many ms without a change nobody is writing any more. */
const abandonedAfter = 60 * 60 * 1000;

/** Deletes what is left unfinished of a file: at once where a process of this host is gone, else when it is old. */
export async function removeUnfinished(path: string): Promise<void> {
  const fs = await import("node:fs/promises");
  const { hostname } = await import("node:os");
  const { basename, dirname, join } = await import("node:path");
  const start = `${basename(path)}.`;
  for (const name of await fs.readdir(dirname(path)).catch(() => [])) {
    const ending = name.startsWith(start) ? name.slice(start.length) : "";
    const parts = /^([\w-]+)\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(ending);
    if (parts === null) continue;
    const file = join(dirname(path), name);
    const facts = await fs.stat(file).catch(() => undefined);
    const isOld = facts !== undefined && Date.now() - facts.mtimeMs > abandonedAfter;
    const isGone = parts[1] === fileWord(hostname()) && !isRunning(Number(parts[2]));
    if (isOld || isGone) await fs.rm(file, { force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM"; // it runs, but for somebody else
  }
}
