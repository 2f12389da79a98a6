/** Which version of the package this is. */
import { readFile } from "node:fs/promises";

/** Out of the package's own package.json, above the sources as above the built file; "unknown" where it is not there. */
export async function version(): Promise<string> {
  for (const above of ["../package.json", "../../package.json"]) {
    const text = await readFile(new URL(above, import.meta.url), "utf8").catch(() => "{}");
    const { name, version: found } = JSON.parse(text) as { name?: string; version?: string }; // npm checks its form
    if (name === "unroll" && found !== undefined) return found;
  }
  return "unknown";
}
