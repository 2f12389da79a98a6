/**
 * How the fuzzer damages files: single bytes and numbers, pieces cut off, doubled or moved, values of JSON and words of code
 * replaced by odd ones. Everything is drawn from a seeded generator, so that a file can be made again.
 */
import type { Random } from "../src/core/index.ts";

/** A few changes of single bytes and numbers that overflow; in one file of four also pieces cut off, doubled or moved. */
export function damageBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let damaged = bytes.slice();
  const changes = 1 + random.below(4);
  const kinds = random.below(4) === 0 ? 8 : 5;
  for (let i = 0; i < changes && damaged.length > 0; i++) {
    const at = place(damaged.length, random);
    const length = 1 + random.below(Math.min(64, damaged.length - at));
    switch (random.below(kinds)) {
      case 0:
        damaged[at] = damaged[at]! ^ (1 << random.below(8));
        break;
      case 1:
        damaged[at] = random.below(256);
        break;
      case 2:
        damaged.fill(255, at, at + [1, 2, 4, 8][random.below(4)]!);
        break;
      case 3:
        damaged.fill(0, at, at + length);
        break;
      case 4:
        // A pointer to somewhere else in the file: this is what makes circles.
        new DataView(damaged.buffer).setUint32(
          Math.max(0, Math.min(at, damaged.length - 4)),
          random.below(damaged.length) & ~7,
          true,
        );
        break;
      case 5:
        damaged.copyWithin(at, place(damaged.length, random), damaged.length);
        break;
      case 6:
        damaged = damaged.slice(0, at);
        break;
      default:
        damaged = joined(damaged.subarray(0, at), damaged.subarray(Math.max(0, at - length)));
    }
    if (damaged.length < 4) break;
  }
  return damaged;
}

/** Near the start half of the time, where the structures are. */
function place(length: number, random: Random): number {
  return random.below(2) === 0 ? random.below(length) : random.below(Math.min(length, 2048));
}

const oddValues = [
  "-1",
  "1e308",
  "4294967296",
  "null",
  "true",
  '""',
  '"../x"',
  "[]",
  "{}",
  "NaN",
  "[[[[[[]]]]]]",
  '"__lambda__"',
  "0.5",
  '"constructor"',
];

/** Replaces values of the JSON text by odd ones, or damages its bytes. */
export function damageJson(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(4) === 0) return damageBytes(bytes, random);
  let text = new TextDecoder().decode(bytes);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const values = [...text.matchAll(/(?<=[:[,]\s*)(?:"[^"]*"|-?\d+(?:\.\d+)?|null|true|false)/g)];
    const value = values[random.below(Math.max(1, values.length))];
    if (value === undefined) break;
    const odd =
      random.below(20) === 0 ? "[".repeat(5000) + "]".repeat(5000) : oddValues[random.below(oddValues.length)]!;
    text = text.slice(0, value.index) + odd + text.slice(value.index + value[0].length);
  }
  return new TextEncoder().encode(text);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

const oddCode = [
  ...[
    "10**10**10",
    "1e400",
    "-1",
    "0",
    "None",
    "[0]*10**9",
    "'a'*10**9",
    "range(10**12)",
    "x",
    "self",
    "lambda: 0",
    "...",
  ],
  ...["units=2**40", "(None,)", "while True: pass", "f(f)", "def f(): return f()\n", "for i in range(10**9): x = i\n"],
  ...[
    "import os; os.system('true')\n",
    "__import__('os')",
    "open('/etc/passwd')",
    "eval('1')",
    "{**a}",
    "[*b]",
    ":=",
    "@",
  ],
  ...[
    "%timeit x\n",
    "!ls\n",
    "```",
    '"""',
    "'",
    "\\",
    "\t",
    "\u0000",
    "\ud800",
    "\u202e",
    "é",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
  ],
];

/** Takes words and lines of code away, doubles them, or puts odd ones in their place. */
export function damageCode(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(6) === 0) return damageBytes(bytes, random);
  let text = new TextDecoder().decode(bytes);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const tokens = [...text.matchAll(random.below(3) === 0 ? /[^\n]*\n/g : /\w+|[^\s\w]/g)];
    const token = tokens[random.below(Math.max(1, tokens.length))];
    if (token === undefined) break;
    const other = tokens[random.below(tokens.length)]![0];
    const odd = random.below(30) === 0 ? nested(random) : oddCode[random.below(oddCode.length)]!;
    const next = ["", token[0] + token[0], other, odd][random.below(4)]!;
    text = text.slice(0, token.index) + next + text.slice(token.index + token[0].length);
  }
  return new TextEncoder().encode(text);
}

function nested(random: Random): string {
  const [open, close] = [
    ["(", ")"],
    ["[", "]"],
    ["-", "1"],
    ["not ", "x"],
    ["f(", ")"],
    ["if x:\n ", ""],
  ][random.below(6)] as [string, string]; // each has two
  return open.repeat(3000) + close.repeat(3000);
}

const oddCells = [
  ...[
    '"',
    '""',
    ",",
    ";",
    "\n",
    "\r\n",
    "\t",
    "|",
    "\u0000",
    "\ufeff",
    "é",
    "1e999",
    "NaN",
    "-",
    " ",
    "2024-13-45",
    "1,5",
    "#",
  ],
];

/** Puts odd cells, quotes and separators into a table, or damages its bytes. */
export function damageTable(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(4) === 0) return damageBytes(bytes, random);
  let text = new TextDecoder().decode(bytes);
  for (let i = 1 + random.below(6); i > 0; i--) {
    const at = random.below(text.length + 1);
    const odd = random.below(50) === 0 ? ",".repeat(5000) : oddCells[random.below(oddCells.length)]!;
    text = text.slice(0, at) + odd + text.slice(at + random.below(3));
  }
  return new TextEncoder().encode(text);
}
