import { expect, it } from "vitest";
import { newRun, readRun, writeRun } from "./run-settings.ts";

it("writes what differs from a new page, and reads it back", () => {
  const settings = { ...newRun, epochs: 30, learningRate: 0.005, optimizer: "SGD" as const, horizon: 3 };
  expect(writeRun(newRun)).toBe("");
  expect(writeRun(settings)).toBe("e30,r0.005,h3,oSGD");
  expect(readRun(writeRun(settings))).toEqual(settings);
});

it("leaves out what is none of its settings or out of bounds", () => {
  expect(readRun("e0,b16.5,r-1,oLion,l12,h1e9,x7,,e")).toEqual(newRun);
});

it("writes and reads against what this device begins with", () => {
  const phone = { ...newRun, epochs: 30 };
  expect(writeRun(phone, phone)).toBe("");
  expect(readRun("b8", phone)).toEqual({ ...phone, batchSize: 8 });
  expect(writeRun(newRun, phone)).toBe("e60");
});
