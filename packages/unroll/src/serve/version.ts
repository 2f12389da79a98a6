/** The package's own version, for the protocols that tell it. */
import { readFile } from "node:fs/promises";

/** Out of package.json, which lies above the sources as above the built file. */
export async function packageVersion(): Promise<string> {
  for (const above of ["../package.json", "../../package.json"]) {
    const text = await readFile(new URL(above, import.meta.url), "utf8").catch(() => "{}");
    const { name, version } = JSON.parse(text) as { name?: string; version?: string }; // npm checks its form
    if (name === "unroll" && version !== undefined) return version;
  }
  return "unknown";
}
