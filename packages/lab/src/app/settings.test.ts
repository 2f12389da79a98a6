import { beforeEach, expect, it } from "vitest";
import { forgetAll } from "./device.ts";
import { readSettings, writeSettings } from "./settings.ts";
import { emptyStorage } from "./testing.ts";

let kept: Record<string, string> = {};
beforeEach(() => {
  kept = emptyStorage();
});

it("starts with keys and sound on and the system's theme", () => {
  expect(readSettings()).toEqual({
    theme: "auto",
    digits: 3,
    numbers: "language",
    letters: "own",
    motion: "auto",
    sound: true,
    keys: true,
    plainText: false,
  });
});

it("gives back what was set", () => {
  const set = { ...readSettings(), theme: "contrast", digits: 17, letters: "papers", keys: false } as const;
  writeSettings(set);
  expect(readSettings()).toEqual(set);
});

it.each(["null", "[1]", "no JSON", '{"theme":"pink","digits":4,"keys":"yes"}'])("reads %s as a new device", (text) => {
  const fresh = readSettings();
  kept.unroll = text;
  expect(readSettings()).toEqual(fresh);
});

it("forgets all of its own and nothing of others", () => {
  Object.assign(kept, { unroll: "{}", "unroll-quiz": "[]", other: "1" });
  forgetAll();
  expect(kept).toEqual({ other: "1" });
});
