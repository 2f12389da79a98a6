/** `unroll serve MODEL...`: models behind a URL. */
import type { ServiceOptions } from "../serve/index.ts";
import type { Command, Flag, FlagValues } from "./command.ts";
import { printJson } from "./print.ts";

const whole = (value: string, doc: string, least = 1): Flag => ({ kind: "whole", value, doc, least });

export const serve: Command = {
  name: "serve",
  doc: "answer predictions over HTTP (TensorFlow Serving, KServe V2, MLflow)",
  positionals: ["MODEL..."],
  flags: {
    port: whole("N", "by default 8501; 0 takes a free one", 0),
    host: { kind: "string", value: "ADDRESS", doc: "by default 127.0.0.1: this machine only" },
    "allow-host": { kind: "string", value: "NAME", many: true, doc: "answer to this name too, without a token" },
    "token-file": { kind: "string", value: "FILE", doc: "ask for this bearer token (or UNROLL_TOKEN)" },
    label: { kind: "string", value: "M:L=V", many: true, doc: "call version V of model M by label L" },
    threads: whole("N", "of each model; by default 0 if small, else 1", 0),
    "batch-size": whole("N", "most rows that run together; by default 32"),
    "batch-wait": whole("MS", "wait so long for more rows; by default 0", 0),
    "session-ttl": whole("S", "forget a stream after S seconds; by default 300"),
    "max-body": whole("BYTES", "of a request; by default 8 MiB"),
    "max-rows": whole("N", "of a request; by default 4096"),
    "max-timesteps": whole("N", "of a row; by default 4096"),
    "max-concurrent": whole("N", "predictions at a time; by default 256"),
    "max-connections": whole("N", "by default 1024"),
    "max-sessions": whole("N", "streams of a model at a time; by default 1000"),
    "request-timeout": whole("S", "for a whole request to arrive; by default 30"),
    "stop-timeout": whole("S", "for accepted requests at a stop; by default 10", 0),
    log: {
      kind: "string",
      choices: ["debug", "info", "warn", "error", "silent"],
      doc: "lines on stderr; info by default",
    },
  },
  examples: [
    "unroll serve model.keras",
    "unroll serve price=price.keras load:2=load.h5 --port 8501",
    "unroll serve models/price            a folder with 1/, 2/ ...",
  ],
  async run({ positionals, flags, terminal }) {
    const { startService } = await import("../serve/index.ts");
    const { readToken } = await import("../serve/options.ts");
    const token = await readToken(textOf(flags, "token-file"));
    const service = await startService({
      ...optionsOf(flags),
      models: positionals,
      ...(token === undefined ? {} : { token }),
    });
    const { url, models } = service;
    if (flags.json === true) printJson(terminal, { url, models });
    else {
      terminal.out(`Serving on ${url}\n`);
      for (const { name, version } of models) terminal.out(`  ${name}, version ${version}\n`);
    }
    await untilStopped(service);
    return 0;
  },
};

/** SIGHUP loads the files again; SIGTERM and SIGINT stop. */
function untilStopped(service: { reload(): Promise<unknown>; stop(): Promise<void> }): Promise<void> {
  return new Promise((resolve, reject) => {
    const reload = (): void => void service.reload().catch(() => {}); // it is logged
    const stop = (): void => {
      process.off("SIGHUP", reload);
      service.stop().then(resolve, reject);
    };
    process.on("SIGHUP", reload);
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  });
}

function textOf(flags: FlagValues, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

function optionsOf(flags: FlagValues): Omit<ServiceOptions, "models"> {
  const number = (name: string): number | undefined => {
    const value = flags[name];
    return typeof value === "number" ? value : undefined;
  };
  return {
    port: number("port"),
    host: textOf(flags, "host"),
    allowHosts: (flags["allow-host"] ?? []) as readonly string[], // a flag that may be repeated
    labels: (flags.label ?? []) as readonly string[], // a flag that may be repeated
    threads: number("threads"),
    batchSize: number("batch-size"),
    batchWait: number("batch-wait"),
    sessionTtl: number("session-ttl"),
    maxBody: number("max-body"),
    maxRows: number("max-rows"),
    maxTimesteps: number("max-timesteps"),
    maxConcurrent: number("max-concurrent"),
    maxConnections: number("max-connections"),
    maxSessions: number("max-sessions"),
    requestTimeout: number("request-timeout"),
    stopTimeout: number("stop-timeout"),
    logLevel: textOf(flags, "log") as ServiceOptions["logLevel"], // one of the choices
  };
}
