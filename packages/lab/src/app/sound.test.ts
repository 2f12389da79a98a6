import { expect, it } from "vitest";
import { pitchOf, spikesIn } from "./sound.ts";

it("puts the lowest value at 220 Hz, the highest two octaves above, the middle one octave above", () => {
  expect([-1, 0, 1].map((value) => pitchOf(value, -1, 1))).toEqual([220, 440, 880]);
});

it("gives a flat series the middle", () => {
  expect(pitchOf(5, 5, 5)).toBe(440);
});

it("clicks where a value stands out from both neighbours, not at steps or turns", () => {
  const calm = Array.from({ length: 40 }, (_, t) => Math.sin(t / 4));
  expect(spikesIn(calm)).toEqual([]);
  expect(spikesIn(calm.map((value, t) => value + (t === 17 ? 5 : t === 30 ? -5 : 0)))).toEqual([17, 30]);
  expect(spikesIn(calm.map((value, t) => (t < 20 ? value : value + 9)))).toEqual([]);
  expect(spikesIn([])).toEqual([]);
});
