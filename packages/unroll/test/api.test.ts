/** docs/api.md: every export of the package is in it, with what the sources say of it now. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as unroll from "../src/index.ts";
import * as light from "../src/light.ts";
import * as serve from "../src/serve/index.ts";
import * as sweep from "../src/sweep/index.ts";

const page = readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8");

describe("the list of exports", () => {
  it("has each of them, and each member of what holds others", () => {
    const named = new Set([...page.matchAll(/^- `(\w+)/gm)].map(([, name]) => name));
    for (const entry of [unroll, light, serve, sweep]) {
      for (const name of Object.keys(entry)) expect(named, name).toContain(name);
    }
    const { layers, losses, metrics, optimizers, schedules, activations, fields, equations } = unroll;
    for (const holder of [layers, losses, metrics, optimizers, schedules, activations, fields, equations]) {
      for (const name of Object.keys(holder)) expect(page).toContain(`\`${name}\``);
    }
  });

  it("says something of each in one line", () => {
    const lines = page.split("\n").filter((line) => line.startsWith("- "));
    expect(lines.length).toBeGreaterThan(150);
    for (const line of lines) expect(line).toMatch(/^- `\w+(\([\w.?, ]*\))?`: \S.{5,}[.!?]$/);
  });

  it("is what the comments in the sources say", { timeout: 120_000 }, () => {
    const script = fileURLToPath(new URL("../../../scripts/api.mjs", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
