import { describe, expect, it } from "vitest";
import { bytes, float, int, message, packedInts, text } from "./protobuf.ts";

const hex = (field: Uint8Array): string => Buffer.from(field).toString("hex");

/** The worked examples of "Protocol Buffers Documentation: Encoding". */
describe("protobuf fields", () => {
  it("write whole numbers seven bits a byte", () => {
    expect(hex(int(1, 150))).toBe("089601");
  });

  it("write negative numbers as 64 bits", () => {
    expect(hex(int(1, -2))).toBe("08feffffffffffffffff01");
  });

  it("write text and inner messages with their length", () => {
    expect(hex(text(2, "testing"))).toBe("120774657374696e67");
    expect(hex(message(3, [int(1, 150)]))).toBe("1a03089601");
  });

  it("write lists of numbers under one tag", () => {
    expect(hex(packedInts(6, [3, 270, 86942]))).toBe("3206038e029ea705");
  });

  it("write floats as four bytes, the lowest first", () => {
    expect(hex(float(1, 1))).toBe("0d0000803f");
  });

  it("write long bytes with a length of several bytes", () => {
    expect(hex(bytes(1, new Uint8Array(300))).slice(0, 6)).toBe("0aac02");
  });
});
