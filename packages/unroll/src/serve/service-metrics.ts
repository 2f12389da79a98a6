/** What the service counts: the names are its interface to Prometheus. */
import { type Counter, type Histogram, Metrics } from "./metrics.ts";
import type { Registry } from "./registry.ts";

/** Seconds; predictions of small models take a tenth of a millisecond, of large ones seconds. */
const secondBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const rowBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

export class ServiceMetrics {
  readonly #metrics = new Metrics();
  readonly requests: Counter;
  readonly requestSeconds: Histogram;
  readonly batchRows: Histogram;
  readonly batchSeconds: Histogram;
  readonly reloads: Counter;

  constructor(registry: () => Registry, inFlight: () => number) {
    const metrics = this.#metrics;
    this.requests = metrics.counter("unroll_requests_total", "Requests answered, by protocol, model and status.");
    this.requestSeconds = metrics.histogram(
      "unroll_request_duration_seconds",
      "Time from a request's first line to its answer.",
      secondBounds,
    );
    this.batchRows = metrics.histogram("unroll_batch_rows", "Rows that ran together.", rowBounds);
    this.batchSeconds = metrics.histogram("unroll_batch_duration_seconds", "Time a batch ran.", secondBounds);
    this.reloads = metrics.counter("unroll_reloads_total", "Model versions loaded again, by result.");
    metrics.gauge("unroll_predictions_in_flight", "Predictions that wait or run.", inFlight);
    metrics.gauge("unroll_waiting_rows", "Rows that wait for their batch.", () =>
      registry().all.map(({ name, version, batcher }) => [
        { model: name, version: String(version) },
        batcher.waitingRows,
      ]),
    );
    metrics.gauge("unroll_sessions", "Streams whose state is kept.", () =>
      registry().all.map(({ name, version, sessions }) => [{ model: name, version: String(version) }, sessions.count]),
    );
    metrics.gauge("process_resident_memory_bytes", "Resident memory in bytes.", () => process.memoryUsage.rss());
    metrics.gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", () => started);
  }

  toText(): string {
    return this.#metrics.toText();
  }
}

const started = Math.round((Date.now() / 1000 - process.uptime()) * 1000) / 1000;
