/** The audit of a folder counts what each document holds, and goes on past one that cannot be read. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { auditFolder } from "./notebook-audit.ts";

test("each document of a folder has its models, what is right and what is found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "unroll-"));
  try {
    const model = "m = Sequential([Input((30, 5)), GRU(4)])\n# gru\n";
    await writeFile(join(folder, "a.py"), `${model}print(3 * (4 * (4 + 5) + 2 * 4))\n`);
    await writeFile(join(folder, "b.py"), `${model}print(3 * (4 * (4 + 5) + 4))\n`);
    await writeFile(join(folder, "c.ipynb"), '{"nbformat": 4}');
    await writeFile(join(folder, "d.csv"), "1,2");
    const documents = await auditFolder(folder);
    expect(documents.map(({ file, models, right, findings }) => [file, models, right, findings.length])).toEqual([
      ["a.py", 1, 1, 0],
      ["b.py", 1, 0, 1],
      ["c.ipynb", 0, 0, 0],
    ]);
    expect(documents[1]!.findings[0]).toContain("line 3: 120 for gru; it is 132: the second bias row is forgotten");
    expect(documents.map(({ reason }) => reason === undefined)).toEqual([true, true, false]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
