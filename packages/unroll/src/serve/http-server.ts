/**
 * The HTTP server around the protocols: the token before everything else, bounds on bodies, connections and time, answers for
 * what no protocol claims, counting, and a stop that loses no request that it has accepted.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { bearerCheck } from "./auth.ts";
import { readBodies } from "./bodies.ts";
import { answerBroken } from "./client-errors.ts";
import { hostCheck } from "./host-check.ts";
import type { CheckedOptions } from "./options.ts";
import { foreignPage } from "./origin-check.ts";
import { answerFor, notFound, RequestError } from "./request-error.ts";
import type { ServiceMetrics } from "./service-metrics.ts";

export interface HttpServer {
  readonly app: FastifyInstance;
  /** From now on every answer closes its connection. */
  drain(): void;
}

/** What the server counts a request under: the protocol by its address, the model by its route. */
const protocols = [
  [/^\/v1\//, "tensorflow"],
  [/^\/v2(\/|$)/, "kserve"],
  [/^\/invocations/, "mlflow"],
] as const;

export function httpServer(
  options: CheckedOptions,
  metrics: () => ServiceMetrics,
  isModel: (name: string) => boolean,
): HttpServer {
  const isAllowed = bearerCheck(options.token);
  const isOurs = hostCheck(options);
  let draining = false;
  const app = Fastify({
    logger:
      options.logLevel === "silent"
        ? false
        : { level: options.logLevel, base: null, stream: { write: (line: string) => options.log(line) } },
    // A line for each request is for looking closely.
    logController: new LogController({ disableRequestLogging: options.logLevel !== "debug" }),
    requestTimeout: options.requestTimeout * 1000,
    keepAliveTimeout: 5000,
    forceCloseConnections: "idle",
    // A request that has come in on an open connection is answered, also while the service stops.
    return503OnClosing: false,
    http: {
      headersTimeout: Math.min(10, options.requestTimeout) * 1000,
      connectionsCheckingInterval: 1000,
    },
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: answerBroken,
    // For addresses that cannot be read; hooks do not run for them.
    frameworkErrors: (_error, request, given) => {
      const reply: FastifyReply = given; // its own type knows no status that a route has not declared
      const { headers, socket } = request;
      if (!isAllowed(headers.authorization)) return void refuse(reply);
      const { status, message } = isOurs(headers.host, socket.localAddress)
        ? { status: 400, message: "The address cannot be read." }
        : answerFor(otherHost(headers.host));
      void reply.code(status).send({ error: message });
    },
  });
  app.server.maxConnections = options.maxConnections;
  // Any other expectation than 100-continue would be answered before the token is looked at.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));

  app.addHook("onRequest", async (request, reply) => {
    if (draining) reply.header("connection", "close");
    if (!isAllowed(request.headers.authorization)) return refuse(reply);
    const { headers, method, socket } = request;
    if (!isOurs(headers.host, socket.localAddress)) throw otherHost(headers.host);
    const page = foreignPage(method, headers, (host) => isOurs(host, socket.localAddress));
    if (page !== undefined && options.token === undefined) throw otherPage(page);
    return undefined;
  });
  app.addHook("onResponse", async (request, reply) => count(request, reply, metrics(), isModel));

  readBodies(app, options);

  app.setErrorHandler((error, request, reply) => {
    const { status, message, retryAfter } = answerFor(error);
    if (status >= 500 && status !== 501 && status !== 503) request.log.error({ err: error }, "request failed");
    if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
    return reply.code(status).send({ error: message });
  });
  app.setNotFoundHandler((request, reply) => {
    const { status, message } = answerFor(
      notFound(`${request.method} ${request.url.slice(0, 80)}`, "the service has no such address"),
    );
    return reply.code(status).send({ error: message });
  });
  return {
    app,
    drain: () => {
      draining = true;
    },
  };
}

/** The whole answer to a request without the token: nothing of what there is. */
function refuse(reply: FastifyReply): FastifyReply {
  // What is left of the body is not waited for.
  reply.header("connection", "close").header("www-authenticate", "Bearer");
  return reply.code(401).send({ error: "unauthorized" });
}

function otherHost(host = ""): RequestError {
  return new RequestError(403, {
    code: "usage",
    path: "Host",
    expected: "without a token, the service answers to the names of this machine only",
    received: `Host = ${JSON.stringify(host.slice(0, 80))}`,
    hint: "Start it with --allow-host NAME, or with a token.",
  });
}

function otherPage(page: string): RequestError {
  return new RequestError(403, {
    code: "usage",
    path: "Origin",
    expected: "without a token, only pages of this machine may send requests that do something",
    received: `page = ${JSON.stringify(page.slice(0, 80))}`,
    hint: "Start it with --allow-host NAME, or with a token.",
  });
}

function count(
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: ServiceMetrics,
  isModel: (name: string) => boolean,
): void {
  const protocol = protocols.find(([address]) => address.test(request.url))?.[1] ?? "other";
  const { model: asked = "" } = (request.params ?? {}) as { readonly model?: string }; // routes name it so
  // Only names that there are: a client must not be able to fill the memory with labels.
  const model = isModel(asked) ? asked : "";
  metrics.requests.add({ protocol, model, code: String(reply.statusCode) });
  metrics.requestSeconds.observe(reply.elapsedTime / 1000, { protocol });
}
