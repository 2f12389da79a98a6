/** A client for load tests: one connection, one request at a time, written and read as plain bytes so that it costs little. */
import { once } from "node:events";
import { connect } from "node:net";

/** The bytes of a POST. */
export function postBytes(path, body, headers = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const lines = Object.entries({ host: "127.0.0.1", "content-length": bytes.length, ...headers });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

export class Connection {
  #socket;
  #text = Buffer.alloc(0);
  #waiting;

  static async open(port) {
    const connection = new Connection();
    connection.#socket = connect(port, "127.0.0.1").setNoDelay();
    connection.#socket.on("data", (data) => connection.#read(data));
    connection.#socket.on("error", () => {});
    connection.#socket.on("close", () => connection.#answer(undefined));
    await once(connection.#socket, "connect");
    return connection;
  }

  /** `{ status, close, body }`, or undefined when the connection ends without a whole answer. */
  request(bytes, { half = false } = {}) {
    if (this.#socket.destroyed) return Promise.resolve(undefined);
    const answer = new Promise((resolve) => {
      this.#waiting = resolve;
    });
    if (half) this.#socket.end(bytes);
    else this.#socket.write(bytes);
    return answer;
  }

  /** More bytes of a request that has begun. */
  send(bytes) {
    this.#socket.write(bytes);
  }

  get isOpen() {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  close() {
    this.#socket.destroy();
  }

  #read(data) {
    this.#text = this.#text.length === 0 ? data : Buffer.concat([this.#text, data]);
    const end = this.#text.indexOf("\r\n\r\n");
    if (end === -1) return;
    const head = this.#text.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const body = this.#text.toString("utf8", end + 4, end + 4 + length);
    this.#text = this.#text.subarray(end + 4 + length);
    this.#answer({ status: Number(head.slice(9, 12)), close: /\r\nconnection: close/i.test(head), body });
  }

  #answer(answer) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}

/** Sends one request after the other on `connections` connections until `until()` is true; latencies in ms. */
export async function closedLoop(port, { connections, bytes, until, onAnswer = () => {} }) {
  const latencies = [];
  let lost = 0;
  let failed = 0;
  const client = async () => {
    let connection = await Connection.open(port);
    while (!until()) {
      const began = performance.now();
      const answer = await connection.request(bytes);
      if (answer === undefined) lost++;
      else if (answer.status !== 200) failed++;
      else latencies.push(performance.now() - began);
      onAnswer(answer);
      if (until()) break;
      if (answer === undefined || answer.close) connection = await Connection.open(port);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return { latencies, lost, failed };
}

/** `{ p50, p99, p999 }` in ms. */
export function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
