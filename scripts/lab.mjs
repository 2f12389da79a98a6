// npm run lab: sets everything up, then serves the lab with live reload on this machine only. npm run lab -- --port 5180
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setUp } from "./setup.mjs";

const { values } = parseArgs({ options: { port: { type: "string", default: "5173" } } });
await setUp({ build: false });
const { createServer } = await import("vite");
const root = fileURLToPath(new URL("../packages/lab", import.meta.url));
const server = await createServer({
  root,
  configFile: `${root}/vite.config.ts`,
  server: { host: "127.0.0.1", port: Number(values.port) },
});
await server.listen();
server.printUrls();
