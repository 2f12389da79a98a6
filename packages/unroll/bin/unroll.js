#!/usr/bin/env node
// The command line. In a clone it needs the built library: npm start, npm test and npm install build it.
import module from "node:module";

// From Node 22.8 on, what V8 makes of the code is kept for the next start.
module.enableCompileCache?.();
try {
  const { main } = await import("../dist/cli.js");
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("dist")) throw error;
  console.error("unroll: the library has not been built yet. Run npm start once in the project's folder.");
  process.exitCode = 2;
}
