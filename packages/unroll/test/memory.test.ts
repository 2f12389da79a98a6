import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../../scripts/memory.mjs", import.meta.url));

test("a plan's bytes are what the process takes, and training leaves the process as large as it was", {
  timeout: 240_000,
}, () => {
  const { stdout, stderr } = spawnSync(process.execPath, [script, "--steps", "400", "--fits", "20", "--json"], {
    encoding: "utf8",
  });
  expect(stderr).not.toContain("Error");
  const { plans, grown } = JSON.parse(stdout);
  expect(plans).toHaveLength(3);
  for (const { planned, prepared, mappings, resident } of plans) {
    expect(prepared).toBe(planned);
    if (process.platform !== "linux") continue; // only Linux tells what is behind a stretch of addresses
    expect(mappings).toBe(1);
    expect(resident).toBeLessThanOrEqual(planned);
    expect(resident).toBeGreaterThan(0.95 * planned);
  }
  // Some pages of code and garbage come and go; ten million bytes would be a leak of 25 kB a step.
  expect(grown.steps).toBeLessThan(10_000_000);
});
