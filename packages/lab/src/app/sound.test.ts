import { expect, it } from "vitest";
import { pitchOf } from "./sound.ts";

it("puts the lowest value at 220 Hz, the highest two octaves above, the middle one octave above", () => {
  expect([-1, 0, 1].map((value) => pitchOf(value, -1, 1))).toEqual([220, 440, 880]);
});

it("gives a flat series the middle", () => {
  expect(pitchOf(5, 5, 5)).toBe(440);
});
