/** The other end of protocol.ts: starts a peer's process and asks it, one question at a time. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Answer, Request } from "./peers/protocol.ts";

export interface PeerCommand {
  /** The name in tables. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Which GRU it has when it does not have Keras's default. */
  readonly resetBefore?: boolean;
}

/** A peer that runs. */
export class PeerProcess {
  readonly command: PeerCommand;
  /** Names and versions. */
  readonly version: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: () => string;

  private constructor(
    command: PeerCommand,
    version: string,
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    errors: () => string,
  ) {
    this.command = command;
    this.version = version;
    this.#child = child;
    this.#lines = lines;
    this.#errors = errors;
  }

  /** Throws an Error with the last lines that the process wrote when it does not start. */
  static async start(command: PeerCommand, env: Readonly<Record<string, string>>): Promise<PeerProcess> {
    const child = spawn(command.program, command.args, {
      // Libraries start threads of their own unless they are told not to.
      env: { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", ...env },
    });
    let written = "";
    child.stderr.on("data", (data: Buffer) => {
      written = `${written}${data}`.slice(-2000);
    });
    child.on("error", (error) => {
      written = `${written}${error.message}\n`;
    });
    child.stdin.on("error", () => {}); // the missing answer says it
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const errors = (): string => written.trim().split("\n").slice(-3).join(" ");
    const { ready } = await nextAnswer(lines, errors);
    return new PeerProcess(command, ready ?? command.name, child, lines, errors);
  }

  /** Throws an Error with what the peer says is wrong. */
  async ask(request: Request): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await nextAnswer(this.#lines, this.#errors);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

async function nextAnswer(lines: AsyncIterator<string>, errors: () => string): Promise<Answer> {
  const { value, done } = await lines.next();
  if (done) throw new Error(`the process ended: ${errors()}`);
  return JSON.parse(value) as Answer; // protocol.ts
}
