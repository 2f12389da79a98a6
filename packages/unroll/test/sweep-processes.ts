/** For tests of sweeps: their commands as processes that can be killed, and a Redis of their own on a free port. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../bin/unroll.js", import.meta.url));

export interface Run {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  /** What it wrote to stderr so far. */
  readonly said: () => string;
}

export function start(command: string, words: readonly string[]): Run {
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (text) => {
    said += String(text);
  });
  const ended = new Promise<number | string | null>((resolve) => {
    child.on("exit", (code, signal) => resolve(code ?? signal));
  });
  return { child, ended, said: () => said };
}

/** The built command line. */
export function startUnroll(...words: readonly string[]): Run {
  return start(process.execPath, [program, ...words]);
}

/** Tasks whose lines are whole. */
export function recorded(folder: string): string[] {
  const path = join(folder, "journal.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(1, -1);
  return lines.map((line) => (JSON.parse(line) as { task: string }).task); // written by the journal
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Every write is on the disk before it is answered. */
export function startRedis(port: number, folder: string): Run {
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  return start("redis-server", [...words, "--appendonly", "yes", "--appendfsync", "always"]);
}
