/**
 * A thread that sends wrong requests one after the other and opens connections that say nothing. It has a thread of its own so
 * that what it takes is not counted in the latencies of the good requests, which are measured beside it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Connection } from "./load-client.mjs";
import { malformed } from "./malformed.mjs";

const { port, facts, seed, kinds } = workerData;
const requests = malformed(facts, seed);
// Made before, so that making them takes no time from the server's cores.
const pool = Array.from({ length: kinds }, () => requests.next().value);
let sent = 0;

/** Those that were not answered with 4xx and a reason, as `[kind, status]`. */
async function sendWrong(count) {
  const unanswered = [];
  let connection = await Connection.open(port);
  for (let i = 0; i < count; i++) {
    const { kind, bytes, half, ends } = pool[sent++ % pool.length];
    const answer = await connection.request(bytes, { half });
    if (!(answer?.status >= 400 && answer.status < 500) || answer.body === "") unanswered.push([kind, answer?.status]);
    if (ends || answer === undefined || answer.close || !connection.isOpen) {
      connection.close();
      connection = await Connection.open(port);
    }
  }
  connection.close();
  return unanswered;
}

async function holdConnections(count) {
  const held = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  await sleep(1000);
  for (const connection of held) connection.close();
}

parentPort.on("message", async ({ count, connections }) => {
  const [unanswered] = await Promise.all([sendWrong(count), holdConnections(connections)]);
  parentPort.postMessage(unanswered);
});
