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
  readonly #answers: Answers;

  private constructor(command: PeerCommand, version: string, child: ChildProcessWithoutNullStreams, answers: Answers) {
    this.command = command;
    this.version = version;
    this.#child = child;
    this.#answers = answers;
  }

  /** Throws an Error with the last lines that the process wrote when it does not start. */
  static async start(
    command: PeerCommand,
    env: Readonly<Record<string, string>>,
    threads: number,
  ): Promise<PeerProcess> {
    const count = String(threads);
    const child = spawn(command.program, command.args, {
      // Libraries start threads of their own unless they are told not to.
      env: { ...process.env, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, UNROLL_BENCH_THREADS: count, ...env },
    });
    const answers = new Answers(child);
    const { ready } = await answers.next();
    return new PeerProcess(command, ready ?? command.name, child, answers);
  }

  /** Throws an Error with what the peer says is wrong. */
  async ask(request: Request): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

/** The lines that a process answers with, one asked for at a time; its end is an answer too. */
class Answers {
  /** Lines that nobody has asked for yet. */
  readonly #lines: string[] = [];
  #take: ((line: string | undefined) => void) | undefined;
  #ended = false;
  #errors = "";

  constructor(child: ChildProcessWithoutNullStreams) {
    child.stderr.on("data", (data: Buffer) => {
      this.#errors = `${this.#errors}${data}`.slice(-2000);
    });
    child.stdin.on("error", () => {}); // the end says it
    child.on("error", (error) => {
      this.#errors += error.message;
      this.#end();
    });
    child.on("close", () => this.#end());
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (this.#take === undefined) this.#lines.push(line);
      else this.#take(line);
    });
  }

  async next(): Promise<Answer> {
    const line = await new Promise<string | undefined>((resolve) => {
      if (this.#lines.length > 0 || this.#ended) resolve(this.#lines.shift());
      else this.#take = resolve;
    });
    this.#take = undefined;
    if (line !== undefined) return JSON.parse(line) as Answer; // protocol.ts
    throw new Error(`the process ended: ${this.#errors.trim().split("\n").slice(-3).join(" ")}`);
  }

  #end(): void {
    this.#ended = true;
    this.#take?.(undefined);
  }
}
