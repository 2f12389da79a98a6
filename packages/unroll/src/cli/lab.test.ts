import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { labFolder } from "./lab.ts";

let clone = "";
const write = (path: string, text: string): string => {
  const file = join(clone, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
};

beforeEach(() => {
  clone = realpathSync(mkdtempSync(join(tmpdir(), "unroll-lab-")));
  write("package.json", '{ "name": "unroll-workspace" }');
  write("packages/lab/package.json", '{ "name": "unroll-lab" }');
  write("packages/lab/index.html", '<script type="module" src="/src/main.ts"></script>');
  write("packages/unroll/package.json", '{ "name": "unroll" }');
});

afterEach(() => rmSync(clone, { recursive: true }));

describe("the folder that unroll lab serves", () => {
  it.each(["dist/cli.js", "dist/lab-a1.js", "src/cli/lab.ts"])(
    "is never that of the lab's sources, which lie beside the package of %s in a clone",
    (module) => {
      const file = write(`packages/unroll/${module}`, "");
      expect(() => labFolder(file)).toThrow(/the lab must be built\..*npm run lab:build/);
      write("packages/unroll/lab/index.html", "<p>built</p>");
      expect(labFolder(file)).toBe(join(clone, "packages/unroll/lab"));
    },
  );

  it("is the package's own where it is installed", () => {
    write("node_modules/unroll/package.json", '{ "name": "unroll" }');
    const file = write("node_modules/unroll/dist/cli.js", "");
    write("lab/index.html", "<p>another's</p>");
    expect(() => labFolder(file)).toThrow("the lab must be built");
    write("node_modules/unroll/lab/index.html", "<p>built</p>");
    expect(labFolder(file)).toBe(join(clone, "node_modules/unroll/lab"));
  });
});
