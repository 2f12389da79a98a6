import { describe, expect, test } from "vitest";
import { openModelFile } from "./open.ts";
import { errorOf } from "./testing.ts";
import { writeZip } from "./zip.ts";

const text = (value: string) => new TextEncoder().encode(value);
const message = async (bytes: Uint8Array, name = "model.keras") =>
  (await errorOf(() => openModelFile(bytes, { name }))).message;

describe("a file that is something else is told by name", () => {
  test.each([
    [
      "a web page",
      text("\n<!DOCTYPE html><html>404</html>"),
      "this is a web page, not the file. Download the file itself.",
    ],
    [
      "a pointer of Git LFS",
      text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
      "this is a pointer of Git LFS, not the file. Fetch the file with git lfs pull.",
    ],
    ["a pickle", Uint8Array.of(0x80, 4, 0x95, 0, 0, 0), "a pickle is a program, which is never run."],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), "the file must not be packed with gzip. Unpack it first: gunzip FILE."],
    ["TensorFlow Lite", text("\0\0\0\0TFL3"), "TensorFlow Lite files are not read."],
    ["PyTorch", writeZip({ "archive/data.pkl": Uint8Array.of(0x80, 2) }), "a PyTorch file holds a pickle"],
    [
      "an archive with a folder around",
      writeZip({ "model/config.json": text("{}") }),
      "config.json must lie at the top of the archive. Received: entry = model/config.json. Pack the files",
    ],
  ])("%s", async (_, bytes, expected) => {
    expect(await message(bytes)).toContain(`model.keras: ${expected}`);
  });

  test.each([
    ["saved_model.pb", "a TensorFlow SavedModel is not read. Open it in Python"],
    ["model.pt", "a PyTorch file holds a pickle, and a pickle is a program, which is never run. Copy its arrays into"],
    ["model.ckpt", "a TensorFlow checkpoint is not read."],
    ["variables.data-00000-of-00001", "a TensorFlow checkpoint is not read."],
    ["model.onnx", ".onnx and .ts can be written, but not read. Open the model that it was made of."],
    ["model.plain.ts", ".onnx and .ts can be written, but not read. Open the model that it was made of."],
    ["w.safetensors", "a .safetensors file must begin with the length of its header"],
  ])("%s, by its name", async (name, expected) => {
    expect(await message(Uint8Array.of(8, 1, 18, 5), name)).toContain(`${name}: ${expected}`);
  });

  test("an old PyTorch file, which is a pickle, by both", async () => {
    expect(await message(Uint8Array.of(0x80, 2, 0x8a, 10), "old.pth")).toContain(
      "old.pth: a PyTorch file holds a pickle",
    );
  });

  test("anything else is shown by its first bytes", async () => {
    expect(await message(text("hello there"))).toContain('Received: first bytes = "hello there"');
  });
});
