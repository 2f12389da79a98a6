/** The page's marks for help and the words about them fit each other. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { screens } from "./app/router.ts";
import { helpWords } from "./words-help.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const page = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".svelte"))
  .map((name) => readFileSync(join(root, name), "utf8"))
  .join("\n");
/** Of elements, and of dialogs, which hand theirs on. */
const marks = new Set([...page.matchAll(/\b(?:data-help|help)="([^"{}]+)"/g)].map(([, key]) => key!));

it("has words for every mark and for every screen", () => {
  expect(marks.size).toBeGreaterThan(50);
  expect([...marks, ...screens].filter((key) => helpWords.elements[key] === undefined)).toEqual([]);
});

it("has no words for what is nowhere on the page", () => {
  const marked = new Set([...marks, ...screens]);
  expect(Object.keys(helpWords.elements).filter((key) => !marked.has(key))).toEqual([]);
});
