import { pathToFileURL } from "node:url";

/** Whether a module is the script that was started, and not imported by another one. */
export function isMain({ url }) {
  return process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href;
}
