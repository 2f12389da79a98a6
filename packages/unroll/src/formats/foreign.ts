/**
 * Files that people take for a model and that are something else, and formats of other systems that they ask for: told by name, with
 * what to do. Looks at first bytes and names of entries only; nothing is read further.
 */
import type { UnrollError } from "../core/errors.ts";
import { fileError } from "./failure.ts";

export interface Foreign {
  /** A clause that ends a sentence about the file. */
  readonly rule: string;
  readonly hint: string;
}

const toKeras = 'Open it in Python and save the model with model.save("model.keras").';
const pickle: Foreign = {
  rule: "a pickle is a program, which is never run",
  hint: 'Save the model with model.save("model.keras"), or its weights as .safetensors or .npz.',
};

const pytorch: Foreign = {
  rule: `a PyTorch file holds a pickle, and ${pickle.rule}`,
  hint: "Copy its arrays into the same model in Keras (matrices transposed; a GRU's gates are r, z, n there) and save that as .keras; or give Keras's arrays as .npz or .safetensors, with an architecture.",
};

const byBytes: readonly (readonly [(start: string, bytes: Uint8Array) => boolean, Foreign])[] = [
  [
    (start) => /^\s*<(!doctype|html|\?xml|head|body)/i.test(start),
    { rule: "this is a web page, not the file", hint: "Download the file itself." },
  ],
  [
    (start) => start.startsWith("version https://git-lfs"),
    { rule: "this is a pointer of Git LFS, not the file", hint: "Fetch the file with git lfs pull." },
  ],
  [(_, bytes) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5, pickle],
  [
    (_, bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b,
    { rule: "the file must not be packed with gzip", hint: "Unpack it first: gunzip FILE." },
  ],
  [
    (start) => start.startsWith("TFL3", 4),
    { rule: "TensorFlow Lite files are not read", hint: "Take the Keras model that it was made of." },
  ],
];

const byName: readonly (readonly [RegExp, Foreign])[] = [
  [/\.(pt|pth)$/i, pytorch],
  [
    /\.(onnx|ts)$/i,
    { rule: ".onnx and .ts can be written, but not read", hint: "Open the model that it was made of." },
  ],
  [/\.pb$/i, { rule: "a TensorFlow SavedModel is not read", hint: toKeras }],
  [/\.(ckpt|index|data-\d+-of-\d+)$/i, { rule: "a TensorFlow checkpoint is not read", hint: toKeras }],
  [
    /\.safetensors$/i,
    {
      rule: "a .safetensors file must begin with the length of its header, and the header with {",
      hint: "The file is damaged; download or save it again.",
    },
  ],
];

/** The error for a file of no kind that is read, where it is known what it is. */
export function foreignFile(bytes: Uint8Array, file: string): UnrollError | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const bytesSay = byBytes.find(([matches]) => matches(start, bytes))?.[1];
  const nameSays = byName.find(([pattern]) => pattern.test(file))?.[1];
  // Old PyTorch files are pickles and nothing else.
  const found = bytesSay === pickle ? (nameSays ?? pickle) : (bytesSay ?? nameSays);
  return found && fileError("unsupported", file, found.rule, { hint: found.hint });
}

/** The error for an archive without config.json, where its entries tell why. */
export function foreignArchive(names: readonly string[], file: string): UnrollError | undefined {
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name))) {
    return fileError("unsupported", file, pytorch.rule, { hint: pytorch.hint });
  }
  const inside = names.find((name) => /\/config\.json$/.test(name));
  if (inside === undefined) return undefined;
  return fileError("file", file, "config.json must lie at the top of the archive", {
    received: `entry = ${inside}`,
    hint: "Pack the files without the folder around them.",
  });
}

const notWritten: readonly (readonly [RegExp, Foreign])[] = [
  [
    /^(pt|pth)$/i,
    {
      rule: "PyTorch's files are not written: they hold a pickle, which is a program",
      hint: "Write .onnx, which runs without Keras, or .npz or .safetensors, whose arrays (Keras's shapes and gate order) PyTorch can be given.",
    },
  ],
  [
    /^(pkl|pickle|joblib)$/i,
    { rule: "pickles are not written: they are programs", hint: "Write .keras, .npz or .safetensors." },
  ],
  [
    /^(tflite|pb|ckpt)$/i,
    {
      rule: "TensorFlow's own formats are not written",
      hint: "Write .keras, open it in Python and export it there; for TensorFlow.js write model.json.",
    },
  ],
];

/** Why a format of another system is not written and what to write instead; undefined for names that mean nothing. */
export function foreignFormat(ending: string): Foreign | undefined {
  return notWritten.find(([pattern]) => pattern.test(ending))?.[1];
}
