/**
 * A lock for files that one process at a time may write: a file beside them that says who holds it. What a process that died has
 * left is taken over, where it can be known: on the same machine.
 */
import { UnrollError } from "../core/errors.ts";
import { fileError } from "./failure.ts";
import { systemError } from "./files.ts";

export interface FileLock {
  /** Gives it back. */
  release(): Promise<void>;
}

/** Who holds a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system counts; a number that is given to another process has another. Null where it is not told. */
  readonly began: string | null;
  /** Differs for each lock that is taken. */
  readonly id: string;
}

/** Tries in which a lock is found that is gone when it is looked at; so many in a row mean that something else is wrong. */
const tries = 20;

/**
 * Takes the lock.
 *
 * @param path of the lock's own file
 * @param what the lock is for, as the message says it: `the sweep in prices.sweep`
 * @throws UnrollError `usage` where another holds it, `file`
 */
export async function lockFile(path: string, what: string): Promise<FileLock> {
  const fs = await import("node:fs/promises");
  const mine = await thisProcess();
  const text = `${JSON.stringify(mine)}\n`;
  for (let tried = 0; tried < tries; tried++) {
    try {
      await fs.writeFile(path, text, { flag: "wx" });
      held.add(mine.id);
      return {
        async release() {
          held.delete(mine.id);
          if ((await readText(path)) === text) await fs.rm(path, { force: true });
        },
      };
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      if (code !== "EEXIST") {
        throw systemError(path, "the lock must be writable", cause);
      }
    }
    const found = await readText(path);
    if (found === undefined) continue;
    const holder = holderOf(found);
    if (holder === undefined ? tried < tries / 2 : await isHeld(holder, mine)) {
      if (holder !== undefined) throw heldBy(holder, mine, path, what);
      // Its holder is just writing it, or was killed as it did.
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    await takeAway(path, found);
  }
  throw fileError("file", path, "the lock must be free at some time", { received: `${tries} tries` });
}

/** Locks that this very process holds. */
const held = new Set<string>();

async function thisProcess(): Promise<Holder> {
  const { hostname } = await import("node:os");
  return { host: hostname(), pid: process.pid, began: await beginningOf(process.pid), id: crypto.randomUUID() };
}

/** Linux tells when a process began, in ticks since the machine was started, and which start that was. */
async function beginningOf(pid: number): Promise<string | null> {
  const [facts, boot] = await Promise.all([`/proc/${pid}/stat`, "/proc/sys/kernel/random/boot_id"].map(readText));
  // The name, in brackets, may have anything in it; the 20th number behind it is the time.
  const ticks = facts?.slice(facts.lastIndexOf(")") + 2).split(" ")[19];
  return ticks === undefined || boot === undefined ? null : `${boot.trim()} ${ticks}`;
}

async function isHeld({ host, pid, began, id }: Holder, mine: Holder): Promise<boolean> {
  // Of another machine nothing can be known.
  if (host !== mine.host) return true;
  if (pid === mine.pid && began === mine.began) return held.has(id);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process that may not be asked is one that lives.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return began === null || (await beginningOf(pid)) === began;
}

/** Moves it away first: of two that do so one gets it, and puts it back where it is another's by now. */
async function takeAway(path: string, stale: string): Promise<void> {
  const fs = await import("node:fs/promises");
  const aside = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await fs.rename(path, aside);
  } catch {
    // Another was faster.
    return;
  }
  if ((await readText(aside)) === stale) await fs.rm(aside, { force: true });
  else await fs.rename(aside, path);
}

function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, began, id } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>; // checked below
    if (typeof host !== "string" || typeof id !== "string" || !Number.isSafeInteger(pid)) return undefined;
    if ((pid as number) <= 0 || (began !== null && typeof began !== "string")) return undefined;
    return { host, pid: pid as number, began, id }; // a safe integer
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  const fs = await import("node:fs/promises");
  return await fs.readFile(path, "utf8").catch(() => undefined);
}

function heldBy({ host, pid }: Holder, mine: Holder, path: string, what: string): UnrollError {
  const isHere = host === mine.host;
  return new UnrollError({
    code: "usage",
    path,
    expected: `one process at a time may write ${what}`,
    received: `it is process ${pid}${isHere ? "" : ` on ${host}`}`,
    hint: isHere ? "Wait for it, or end it." : "Wait for it, or end it; if it has ended, delete this file.",
  });
}
