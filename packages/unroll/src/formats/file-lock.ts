/**
 * A lock for files that one process at a time may write: a file beside them that says who holds it. What a process that died has
 * left is taken over, where it can be known: on the same machine.
 *
 * Why no two hold it. A lock appears whole, by a link to a file that is written already, and only where none is. One that is there
 * is taken away by its holder alone, or, when that has died, by who holds the lock of this very lock, whose name comes from its
 * text; as no text comes twice, nobody else can put another in its place between the look at it and its end.
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
  /** Number of the thread in the process; 0 is the first. */
  readonly thread: number;
  /** Differs for each lock that is taken. */
  readonly id: string;
}

/** Looks at a lock that is gone when it is looked at, or just written; so many in a row mean that something else is wrong. */
const tries = 50;
/** Between two looks, ms. */
const pause = 20;
/** Looks after which half a lock, as file systems without links can show it, counts as left by one that died. */
const mostHalf = 15;

/**
 * Takes the lock.
 *
 * @param path of the lock's own file
 * @param what the lock is for, as the message says it: `the sweep in prices.sweep`
 * @throws UnrollError `usage` where another holds it, `file`
 */
export async function lockFile(path: string, what: string): Promise<FileLock> {
  const mine = await thisProcess();
  for (let tried = 0; tried < tries; tried++) {
    const found = await create(path, mine);
    if (found === "taken") return { release: () => release(path, mine) };
    const holder = found === undefined ? undefined : holderOf(found);
    if (holder !== undefined && (await isHeld(holder, mine))) throw heldBy(holder, mine, path, what);
    if (found !== undefined && (holder !== undefined || tried >= mostHalf)) await takeAway(path, found);
    else await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw fileError("file", path, "the lock must be free at some time", { received: `${tries} tries` });
}

/** Makes the lock where there is none; otherwise gives the text of the one that is there, undefined where it is gone already. */
async function create(path: string, mine: Holder): Promise<"taken" | string | undefined> {
  const fs = await import("node:fs/promises");
  const text = textOf(mine);
  const whole = `${path}.${mine.id}.tmp`;
  // Before others of this thread can see it.
  held.add(mine.id);
  try {
    await fs.writeFile(whole, text);
    try {
      await fs.link(whole, path);
    } catch (cause) {
      if (!noLinks.includes(codeOf(cause))) throw cause;
      await fs.writeFile(path, text, { flag: "wx" });
    }
    return "taken";
  } catch (cause) {
    held.delete(mine.id);
    if (codeOf(cause) === "EEXIST") return await readText(path);
    throw systemError(path, "the lock must be writable", cause);
  } finally {
    await fs.rm(whole, { force: true }).catch(() => {});
  }
}

/** What file systems say that have no links. */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

async function release(path: string, mine: Holder): Promise<void> {
  const fs = await import("node:fs/promises");
  if ((await readText(path)) === textOf(mine)) await fs.rm(path, { force: true });
  held.delete(mine.id);
}

/** Removes a lock whose holder has died, unless another is at it or has done so. */
async function takeAway(path: string, stale: string): Promise<void> {
  const fs = await import("node:fs/promises");
  let lock: FileLock;
  try {
    lock = await lockFile(`${path}.${await nameOf(stale)}`, "a lock that its holder has left");
  } catch (error) {
    if (!(error instanceof UnrollError) || error.code !== "usage") throw error;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return;
  }
  try {
    if ((await readText(path)) === stale) await fs.rm(path, { force: true });
  } finally {
    await lock.release();
  }
}

async function nameOf(text: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function textOf(holder: Holder): string {
  return `${JSON.stringify(holder)}\n`;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

/** Locks that this very thread holds. */
const held = new Set<string>();

async function thisProcess(): Promise<Holder> {
  const [{ hostname }, { threadId }] = await Promise.all([import("node:os"), import("node:worker_threads")]);
  const { pid } = process;
  return { host: hostname(), pid, began: await beginningOf(pid), thread: threadId, id: crypto.randomUUID() };
}

/** Linux tells when a process began, in ticks since the machine was started, and which start that was. */
async function beginningOf(pid: number): Promise<string | null> {
  const [facts, boot] = await Promise.all([`/proc/${pid}/stat`, "/proc/sys/kernel/random/boot_id"].map(readText));
  // The name, in brackets, may have anything in it; the 20th number behind it is the time.
  const ticks = facts?.slice(facts.lastIndexOf(")") + 2).split(" ")[19];
  return ticks === undefined || boot === undefined ? null : `${boot.trim()} ${ticks}`;
}

async function isHeld({ host, pid, began, thread, id }: Holder, mine: Holder): Promise<boolean> {
  // Of another machine nothing can be known.
  if (host !== mine.host) return true;
  // Of another thread as little, while its process lives.
  if (pid === mine.pid && began === mine.began) return thread !== mine.thread || held.has(id);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process that may not be asked is one that lives.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return began === null || (await beginningOf(pid)) === began;
}

function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, began, thread = 0, id } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>; // checked below
    if (typeof host !== "string" || typeof id !== "string" || !Number.isSafeInteger(pid)) return undefined;
    if ((pid as number) <= 0 || (began !== null && typeof began !== "string")) return undefined;
    if (typeof thread !== "number") return undefined;
    return { host, pid: pid as number, began, thread, id }; // a safe integer
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
