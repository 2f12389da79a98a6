/** Against numbers of IEEE 754: 24 bits of mantissa. */
import { expect, it } from "vitest";
import { float32Step, float32Text, parted } from "./float32.ts";

it("knows how far apart float32 numbers lie", () => {
  expect(float32Step(1)).toBe(2 ** -23);
  expect(float32Step(-1.5)).toBe(2 ** -23);
  expect(float32Step(0.717)).toBe(2 ** -24);
  expect(float32Step(0)).toBe(2 ** -149);
});

it("writes a float32 with the fewest digits that give it back", () => {
  expect(float32Text(Math.fround(0.1))).toBe("0.1");
  expect(float32Text(Math.fround(-0.7171463))).toBe("−0.7171463");
  expect(float32Text(Math.fround(1 / 3))).toBe("0.33333334");
  for (const value of [0.1234567, 3.14159274, 1e-9, 123456.79])
    expect(Math.fround(Number(float32Text(Math.fround(value)).replaceAll("−", "-")))).toBe(Math.fround(value));
  expect(float32Text(Number.NaN)).toBe("NaN");
});

it("finds the first decimal that differs", () => {
  expect(parted(0.7171462, 0.7171463)).toMatchObject({ same: 8, decimal: 7 });
  expect(parted(-0.25, -0.25)).toMatchObject({ decimal: undefined });
  expect(parted(-0.25, -0.25).same).toBe(parted(-0.25, -0.25).a.length);
  // 0.00012345 has its first digit at the fourth decimal.
  expect(parted(0.00012345, 0.00012346).decimal).toBe(8);
  expect(parted(12.5, 13.5).decimal).toBeUndefined();
});
