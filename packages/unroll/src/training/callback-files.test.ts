import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UnrollError } from "../core/errors.ts";
import { CSVLogger, formatPath, ModelCheckpoint, TensorBoard } from "./callback-files.ts";
import { fit } from "./fit.ts";
import { crc32c, maskedCrc } from "./tensorboard.ts";
import { quiet, smallModel, smallX, smallY } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-callbacks-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("ModelCheckpoint", () => {
  it("fills names and numbers into the path as Python does", () => {
    // Python 3.11: "{epoch:02d}-{val_loss:.2f}".format(epoch=3, val_loss=0.125), and the others likewise.
    expect(formatPath("{epoch:02d}-{val_loss:.2f}", { epoch: 3, val_loss: 0.126 })).toBe("03-0.13");
    expect(formatPath("{epoch}-{loss:e}-{loss:8.3f}", { epoch: 12, loss: 0.00125 })).toBe("12-1.250000e-03-   0.001");
    // As Python's format(-0.5, "06.2f") has it.
    expect(formatPath("{val_r2:06.2f}", { val_r2: -0.5 })).toBe("-00.50");
    expect(() => formatPath("{mae}", { loss: 1 })).toThrow("the logs have no mae");
  });

  it("saves after each epoch, and only better ones when asked", async () => {
    const all = join(folder, "all");
    const best = join(folder, "best");
    const result = await fit(smallModel({ optimizer: "sgd" }), smallX, smallY, {
      epochs: 3,
      seed: 1,
      callbacks: [
        new ModelCheckpoint(join(all, "{epoch:02d}-{loss:.3f}.keras")),
        new ModelCheckpoint(join(best, "{epoch:02d}.weights.h5"), {
          monitor: "loss",
          mode: "max",
          saveBestOnly: true,
          saveWeightsOnly: true,
        }),
      ],
    });
    expect(readdirSync(all)).toEqual(result.history.loss!.map((loss, i) => `0${i + 1}-${loss.toFixed(3)}.keras`));
    // The loss shrinks, so with mode max only the first is better than before.
    expect(readdirSync(best)).toEqual(["01.weights.h5"]);
  });
});

describe("ModelCheckpoint after so many batches", () => {
  it("counts them across epochs", async () => {
    const path = join(folder, "batches");
    await fit(smallModel(), smallX, smallY, {
      epochs: 2,
      batchSize: 4,
      callbacks: new ModelCheckpoint(join(path, "{epoch}-{batch}.keras"), { saveFreq: 2 }),
    });
    // Three batches an epoch: the second, the fourth and the sixth of all.
    expect(readdirSync(path).sort()).toEqual(["1-2.keras", "2-1.keras", "2-3.keras"]);
  });

  it.each([0, 1.5, "batch" as never])("refuses saveFreq %s", (saveFreq) => {
    expect(() => new ModelCheckpoint("a.keras", { saveFreq })).toThrow(
      `ModelCheckpoint: saveFreq must be a whole number from 1. Received: saveFreq = ${typeof saveFreq === "string" ? `"${saveFreq}"` : saveFreq}.`,
    );
  });
});

describe("CSVLogger", () => {
  it("writes epoch and logs by name, with columns for validation as Keras does", async () => {
    const path = join(folder, "log.csv");
    const { history } = await fit(smallModel({ metrics: ["mae"] }), smallX, smallY, {
      epochs: 2,
      callbacks: [new CSVLogger(path)],
    });
    const [header, ...lines] = readFileSync(path, "utf8").trimEnd().split("\r\n");
    expect(header).toBe("epoch,loss,mae,val_loss,val_mae");
    expect(lines).toEqual([0, 1].map((i) => `${i},${history.loss![i]},${history.mae![i]},NA,NA`));
  });

  it("continues the file of a killed run without doubling lines", async () => {
    const path = join(folder, "resumed.csv");
    const checkpoint = { path: join(folder, "csv-run"), everyEpochs: 2 };
    const start = (epochs: number, stopAt?: number) => {
      const logger = new CSVLogger(path);
      const dies = {
        onEpochEnd: (epoch: number) =>
          Promise.reject(epoch === stopAt ? new Error("killed") : undefined).catch((e) => {
            if (e) throw e;
          }),
      };
      return fit(smallModel(), smallX, smallY, {
        epochs,
        seed: 3,
        callbacks: [logger, dies],
        checkpoint,
        resume: true,
        print: quiet,
      });
    };
    await expect(start(5, 2)).rejects.toThrow("killed");
    const { history } = await start(5);
    const lines = readFileSync(path, "utf8").trimEnd().split("\r\n").slice(1);
    expect(lines.map((line) => line.split(",")[1])).toEqual(history.loss!.map(String));
  });
});

describe("TensorBoard", () => {
  it("has Castagnoli's checksums", () => {
    // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and 0 to 31.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    // crc32c("foo") = 0xcfc4ae1d; turned right by 15 bits it is 0x5c3b9f89; plus 0xa282ead8 it is 0xfebe8a61.
    expect(maskedCrc(new TextEncoder().encode("foo"))).toBe(0xfebe8a61);
  });

  it("writes records whose checksums and scalars can be read back", async () => {
    const logs = join(folder, "logs");
    const { history } = await fit(smallModel(), smallX, smallY, {
      epochs: 2,
      validationSplit: 0.2,
      callbacks: [new TensorBoard(logs)],
    });
    const train = readEvents(join(logs, "train"));
    expect(train[0]).toMatchObject({ version: "brain.Event:2" });
    expect(train.slice(1).map(({ step, scalars }) => [step, scalars?.epoch_loss])).toEqual([
      [0, Math.fround(history.loss![0]!)],
      [1, Math.fround(history.loss![1]!)],
    ]);
    expect(train[1]?.scalars?.epoch_learning_rate).toBe(Math.fround(0.001));
    const validation = readEvents(join(logs, "validation"));
    expect(validation[2]?.scalars?.epoch_loss).toBe(Math.fround(history.val_loss![1]!));
  });
});

describe("files that cannot be written", () => {
  it.each([
    [
      "CSVLogger",
      "no/log.csv",
      (path: string) => new CSVLogger(path),
      "the file must be writable. Received: there is no such file or folder. Make its folder first, or give another path.",
    ],
    [
      "CSVLogger",
      "a-folder",
      (path: string) => new CSVLogger(path, { append: true }),
      "the file must be writable. Received: it is a folder. Give the path of a file.",
    ],
    [
      "TensorBoard",
      "a-file",
      (path: string) => new TensorBoard(path),
      "the folder must be writable. Received: a part of its path is a file. Give another path.",
    ],
  ])("%s says of %s what to do, before a step of training", async (_, name, make, message) => {
    mkdirSync(join(folder, "a-folder"), { recursive: true });
    writeFileSync(join(folder, "a-file"), "precious");
    const net = smallModel();
    const before = net.getWeights();
    const error = await fit(net, smallX, smallY, { callbacks: make(join(folder, name)) }).catch((one) => one);
    expect(error).toBeInstanceOf(UnrollError);
    expect(error.message).toContain(join(folder, name));
    expect(error.message).toContain(message);
    expect(net.getWeights()).toEqual(before);
    expect(readFileSync(join(folder, "a-file"), "utf8")).toBe("precious");
  });

  it("are told by ModelCheckpoint with the folder that it would have made", async () => {
    writeFileSync(join(folder, "a-file"), "precious");
    const callbacks = new ModelCheckpoint(join(folder, "a-file", "m.keras"));
    await expect(fit(smallModel(), smallX, smallY, { callbacks })).rejects.toThrow(
      `${join(folder, "a-file")}: the folder must be writable. Received: there is a file of that name. Give another path.`,
    );
  });
});

interface Event {
  version?: string;
  step?: number;
  scalars?: Record<string, number>;
}

/** A reader of its own: records, checksums, and the few fields of the messages. */
function readEvents(directory: string): Event[] {
  const [name] = readdirSync(directory);
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  const bytes = new Uint8Array(readFileSync(join(directory, name!)));
  const view = new DataView(bytes.buffer);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc(data));
    events.push(readEvent(data));
    at += 16 + length;
  }
  return events;
}

function readEvent(bytes: Uint8Array): Event {
  const event: Event = {};
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 2) event.step = value as number;
    if (field === 3) event.version = new TextDecoder().decode(value as Uint8Array);
    if (field === 5) {
      event.scalars = Object.fromEntries(
        fieldsOf(value as Uint8Array).map(([, one]) => {
          const parts = new Map(fieldsOf(one as Uint8Array));
          return [new TextDecoder().decode(parts.get(1) as Uint8Array), parts.get(2) as number];
        }),
      );
      event.step ??= 0;
    }
  }
  return event;
}

function fieldsOf(bytes: Uint8Array): [number, number | Uint8Array][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) fields.push([field, varint()]);
    else if (wire === 1) {
      fields.push([field, view.getFloat64(at, true)]);
      at += 8;
    } else if (wire === 5) {
      fields.push([field, view.getFloat32(at, true)]);
      at += 4;
    } else {
      const length = varint();
      fields.push([field, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}
