/** What the commands say of a notebook whose printed table has another count than its code gives. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-printed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const code = `from tensorflow.keras import Sequential, Input
from tensorflow.keras.layers import GRU, Dense
model = Sequential([Input((10, 3)), GRU(50), Dense(1)])
model.summary()
`;

function notebook(name: string, output: string, source = code): string {
  const path = join(folder, name);
  const cells = [{ cell_type: "code", source, outputs: [{ text: output }] }];
  writeFileSync(path, JSON.stringify({ cells, nbformat: 4 }));
  return path;
}

function boxes(gru: number): string {
  return `Model: "sequential"
┏━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)  ┃ Output Shape ┃ Param # ┃
┡━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ gru (GRU)     │ (None, 50)   │ ${String(gru).padStart(7)} │
├───────────────┼──────────────┼─────────┤
│ dense (Dense) │ (None, 1)    │      51 │
└───────────────┴──────────────┴─────────┘
 Total params: ${gru + 51} (31.84 KB)
`;
}

/** 3 × [50 × (50 + 3) + 50]: one bias for each gate. */
const columns = `Model: "sequential"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
gru (GRU)                    (None, 50)                8100
_________________________________________________________________
dense (Dense)                (None, 1)                 51
=================================================================
Total params: 8,151
`;

const difference =
  "gru: the printed count is 8,100, the code's is 8,250; 8,100 is the count with one bias, reset_after=False.";
const learned =
  "gru has reset_after=False: its printed count of 8,100 tells it, the code does not. TensorFlow 2's default, reset_after=True, gives 8,250.";

describe("a count of a GRU with one bias in a table of Keras 3", () => {
  const wrong = notebook("wrong.ipynb", boxes(8100));

  it("is a difference in the summary, with what gives it", async () => {
    const { code: status, out } = await unroll("summary", wrong);
    expect(status).toBe(0);
    expect(out).toContain(difference);
    expect(out).not.toContain("tells it");
  });

  it.each([["explain"], ["trace"], ["tour"], ["verify"], ["check", "--total", "8301"]])(
    "is told by %s, which shows the code's count",
    async (command, ...flags) => {
      const { code: status, note } = await unroll(command!, wrong, ...flags);
      expect(status).toBe(0);
      expect(note).toContain(`${difference}\n`);
    },
  );

  it("is a slip for the audit, and the right count is right", async () => {
    const { code: status, out } = await unroll("audit", wrong);
    expect(status).toBe(1);
    expect(out.replaceAll(/\s+/g, " ")).toContain("8,100 for gru; it is 8,250: the second bias row is forgotten.");
    expect((await unroll("check", wrong, "--layer", "gru", "--params", "8250")).code).toBe(0);
  });

  it("has no reason where another count is printed", async () => {
    const { out } = await unroll("summary", notebook("other.ipynb", boxes(8101)));
    expect(out).toContain("gru: the printed count is 8,101, the code's is 8,250.");
  });

  it("is told with the model's name where there are several", async () => {
    const twice = notebook("twice.ipynb", `${boxes(8100)}${boxes(8250)}`, code + code);
    for (const command of ["explain", "tour"]) {
      const { note } = await unroll(command, twice);
      expect(note).toContain(`sequential: ${difference}\n`);
      expect(note.split(difference)).toHaveLength(2);
    }
  });
});

describe("a count of a GRU with one bias in a table of Keras 2", () => {
  const old = notebook("old.ipynb", columns);

  it("is taken for an older Keras, and the summary says what TensorFlow 2 gives", async () => {
    const { out } = await unroll("summary", old);
    expect(out).toContain(learned);
    expect(out).not.toContain("the code's is");
  });

  it.each([["explain"], ["trace"], ["tour"]])("is told by %s", async (command) => {
    expect((await unroll(command!, old)).note).toContain(`${learned}\n`);
  });

  it.each([
    ["--layer", "gru", "--params", "8250"],
    ["--total", "8301"],
  ])("makes check say that %s %s is TensorFlow 2's default", async (...flags) => {
    const given = Number(flags.at(-1));
    const { code: status, out } = await unroll("check", old, ...flags);
    expect(status).toBe(1);
    const shown = given.toLocaleString("en-US");
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      `${shown} is what TensorFlow 2's default, reset_after=True, gives. The printed table has reset_after=False for gru`,
    );
    const json = JSON.parse((await unroll("check", old, ...flags, "--json")).out);
    expect(json.answers[0].remarks).toHaveLength(1);
  });

  it("leaves other wrong answers as they are", async () => {
    expect((await unroll("check", old, "--layer", "gru", "--params", "8251")).out).not.toContain("default");
    expect((await unroll("check", old, "--layer", "dense", "--params", "201")).out).not.toContain("default");
  });
});
