/** A running service: models, protocols and server put together, and its life from start to stop. */
import { type AddressInfo, Server as NetServer } from "node:net";
import type { FastifyInstance } from "fastify";
import { UnrollError } from "../core/errors.ts";
import { version as packageVersion } from "../core/package-version.ts";
import { type HttpServer, httpServer } from "./http-server.ts";
import { kserve } from "./kserve.ts";
import { mlflow } from "./mlflow.ts";
import { readModelSpecs } from "./model-paths.ts";
import { type CheckedOptions, checkServiceOptions, readLabels, type ServiceOptions } from "./options.ts";
import { Predictor } from "./predictor.ts";
import { Registry, type Reloaded } from "./registry.ts";
import { LoadedModel, type Runner, runnerHere } from "./runner.ts";
import { ServiceMetrics } from "./service-metrics.ts";
import { tensorFlowServing } from "./tensorflow-serving.ts";
import { runnerInThreads } from "./thread-runner.ts";

/** What `startService` gives. */
export interface Service {
  /** `http://127.0.0.1:8501` */
  readonly url: string;
  /** Where it listens. */
  readonly addresses: readonly AddressInfo[];
  /** Names of the models, and their versions. */
  readonly models: readonly { readonly name: string; readonly version: number }[];
  /** Loads the files again, of one model or of all; requests are answered meanwhile. Throws UnrollError `unknown-name`. */
  reload(name?: string): Promise<readonly Reloaded[]>;
  /** Answers what has been accepted, for at most `stopTimeout` seconds, and ends. */
  stop(): Promise<void>;
}

/** A service that does not listen yet; for tests that need no socket. */
export interface PreparedService {
  readonly app: FastifyInstance;
  readonly registry: Registry;
  reload(name?: string): Promise<readonly Reloaded[]>;
  /** The same as Service's. */
  stop(): Promise<void>;
}

/**
 * Loads the models and listens.
 *
 * @throws UnrollError `option`, `usage`; `file` when the port is taken; as `loadModel` does for a model that cannot be loaded
 * @example const service = await startService({ models: ["model.keras"], port: 0 }); await service.stop();
 */
export async function startService(given: ServiceOptions): Promise<Service> {
  const options = checkServiceOptions(given);
  const { app, registry, reload, stop } = await prepareService(options);
  const { port } = options;
  // By that name the server would listen on two addresses, and keep its bounds on one of them only.
  const host = options.host === "localhost" ? "127.0.0.1" : options.host;
  try {
    const url = await app.listen({ host, port });
    const models = registry.all.map(({ name, version }) => ({ name, version }));
    app.log.info({ url, models }, "serving");
    // A host and port give no socket of a file system, which alone would be a text.
    return { url, addresses: app.addresses() as AddressInfo[], models, reload, stop };
  } catch (cause) {
    await stop();
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new UnrollError(
      {
        code: "file",
        path: `${host}:${port}`,
        expected: "the address must be free to listen on",
        received: code,
        hint: listenHints.get(code),
      },
      { cause },
    );
  }
}

const noSuchAddress = "This machine has no such address: choose another --host, such as 127.0.0.1.";
const listenHints: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "Another program listens there: choose another --port."],
  ["EADDRNOTAVAIL", noSuchAddress],
  ["ENOTFOUND", noSuchAddress],
  ["EAI_AGAIN", noSuchAddress],
  ["EACCES", "Ports below 1024 need rights: choose another --port."],
]);

/** Loads the models and makes the server. Throws as `startService` does, but for the port. */
export async function prepareService(given: ServiceOptions): Promise<PreparedService> {
  const options = checkServiceOptions(given);
  const { batchSize, batchWait, threads, sessionTtl, maxSessions } = options;
  const registry: Registry = new Registry({
    specs: readModelSpecs(options.models),
    labels: readLabels(options.labels),
    batcher: {
      batchSize,
      batchWait,
      lanes: Math.max(1, threads ?? 1),
      onBatch: (rows, milliseconds) => {
        metrics.batchRows.observe(rows);
        metrics.batchSeconds.observe(milliseconds / 1000);
      },
    },
    sessions: { ttl: sessionTtl * 1000, most: maxSessions },
    load: options.load ?? ((path) => loadRunner(path, options)),
  });
  const predictor = new Predictor(registry, options);
  const metrics = new ServiceMetrics(
    () => registry,
    () => predictor.inFlight,
  );
  const server = httpServer(
    options,
    () => metrics,
    (name) => registry.names.includes(name),
  );
  await registry.open();
  const version = await packageVersion();
  return { registry, ...assemble(server, { ...options, version }, registry, predictor, metrics) };
}

/** A batch that takes less than this many ms holds up no other request by much; a hop to a thread costs more than it brings. */
const shortBatch = 5;

async function loadRunner(path: string, { threads, batchSize, workerFile }: CheckedOptions): Promise<Runner> {
  if (threads === undefined || threads === 0) {
    const model = await LoadedModel.load(path, batchSize);
    if (threads === 0 || (model.batchMilliseconds ?? shortBatch) < shortBatch) return runnerHere(model);
  }
  return runnerInThreads({
    path,
    batchSize,
    threads: threads ?? 1,
    ...(workerFile === undefined ? {} : { workerFile }),
  });
}

function assemble(
  server: HttpServer,
  { stopTimeout, version }: CheckedOptions & { readonly version: string },
  registry: Registry,
  predictor: Predictor,
  metrics: ServiceMetrics,
): Omit<PreparedService, "registry"> {
  const { app } = server;
  let stopped: Promise<void> | undefined;
  const reload = async (name?: string): Promise<readonly Reloaded[]> => {
    const results = await registry.reload(name);
    for (const one of results) {
      metrics.reloads.add({ model: one.name, result: one.result });
      if (one.reason === undefined) app.log.info(one, "model reloaded");
      else app.log.error(one, "model not reloaded");
    }
    return results;
  };
  const stop = (): Promise<void> => {
    stopped ??= stopServer(server, registry, predictor, stopTimeout);
    return stopped;
  };
  tensorFlowServing(app, predictor);
  kserve(app, predictor, { version, isReady: () => stopped === undefined, reload });
  // MLflow writes errors in a form of its own.
  void app.register(async (scope) => mlflow(scope, predictor, version));
  app.get("/metrics", (_, reply) => reply.type("text/plain; version=0.0.4; charset=utf-8").send(metrics.toText()));
  app.post("/admin/reload", async () => ({ models: await reload() }));
  return { app, reload, stop };
}

async function stopServer(
  { app, drain }: HttpServer,
  registry: Registry,
  predictor: Predictor,
  seconds: number,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  drain();
  // A service that could not listen has nothing to tell of its stop.
  const wasListening = app.server.listening;
  if (wasListening) app.log.info({ inFlight: predictor.inFlight }, "stopping");
  // Only the listening ends: an HTTP server's own close would also cut open connections on which a request may just be coming.
  if (app.server.listening) NetServer.prototype.close.call(app.server);
  const quiet = Math.min(deadline, performance.now() + quietTime);
  while (performance.now() < (predictor.inFlight > 0 ? deadline : quiet) && (await connectionsOf(app)) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const closing = app.close();
  const cut = setTimeout(() => app.server.closeAllConnections(), Math.max(0, deadline - performance.now()));
  await closing;
  clearTimeout(cut);
  await registry.close();
  if (wasListening) app.log.info("stopped");
}

/** For so long, in ms, a client with an open connection may still send: it is answered, and told to close. */
const quietTime = 500;

function connectionsOf({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count ?? 0)));
}
