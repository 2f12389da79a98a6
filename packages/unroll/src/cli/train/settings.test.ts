import { describe, expect, it } from "vitest";
import { readSettings, resumeCommand } from "./settings.ts";

describe("the command that goes on with a run", () => {
  it("has every flag of the run, quoted for a shell", () => {
    const flags = {
      target: "it's <b>",
      features: ["a", "b c"],
      epochs: 5,
      "learning-rate": 0.01,
      force: true,
      json: false,
    };
    expect(resumeCommand("my data.csv", flags)).toBe(
      `unroll train 'my data.csv' --target 'it'\\''s <b>' --features a --features 'b c' --epochs 5 --learning-rate 0.01 --force --resume`,
    );
  });

  it("is the same once more for a run that goes on already", () => {
    expect(resumeCommand("a.csv", { target: "x", resume: true })).toBe("unroll train a.csv --target x --resume");
  });
});

describe("settings", () => {
  it("name the checkpoint after the model, else after the data, and keep only one that was asked for", () => {
    const of = (flags: Record<string, string>) => {
      const { checkpoint, keepsCheckpoint } = readSettings("folder/a.csv", { target: "x", ...flags });
      return [checkpoint, keepsCheckpoint];
    };
    expect(of({})).toEqual(["a.csv.checkpoint", false]);
    expect(of({ out: "nets/m.keras" })).toEqual(["nets/m.keras.checkpoint", false]);
    expect(of({ out: "m.keras", checkpoint: "run" })).toEqual(["run", true]);
  });

  it.each([
    ["test", 0],
    ["test", 1.5],
    ["validation", -0.1],
    ["validation", 2.5],
  ])("refuse --%s %d", (name, value) => {
    expect(() => readSettings("a.csv", { target: "x", [name]: value })).toThrow(`--${name} must be`);
  });

  it("take shares, numbers of windows, and no validation", () => {
    expect(readSettings("a.csv", { target: "x", validation: 0, test: 12 })).toMatchObject({ validation: 0, test: 12 });
    expect(readSettings("a.csv", { target: "x", test: 0.4 })).toMatchObject({ validation: 0.15, test: 0.4 });
  });
});
