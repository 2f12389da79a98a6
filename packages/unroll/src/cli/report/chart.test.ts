import { describe, expect, it } from "vitest";
import { type Chart, drawChart } from "./chart.ts";

const line = { kind: "line", name: "truth", role: "truth", x: [0, 1, 2, 3], y: [0, 10, 5, 10] } as const;
const plain: Chart = {
  title: "A title",
  description: "What it shows.",
  x: { label: "row", kind: "number" },
  y: { label: "°C", kind: "number" },
  series: [line],
};
const pathOf = (svg: string, role: string): string => new RegExp(`class="line ${role}" d="([^"]*)"`).exec(svg)![1]!;

describe("a chart", () => {
  it("has a title, a description, and names with units on both axes", () => {
    const svg = drawChart(plain);
    for (const words of [
      "<title>A title</title>",
      "<desc>What it shows.</desc>",
      ">row</text>",
      ">°C</text>",
      ">A title</text>",
    ]) {
      expect(svg).toContain(words);
    }
  });

  it("puts values where they belong: the largest on top, the first at the left", () => {
    expect(pathOf(drawChart(plain), "truth")).toBe("M62 276h0L290 54L518 165L746 54");
  });

  it("leaves a gap where a value is missing, and shows a lonely one", () => {
    const svg = drawChart({ ...plain, series: [{ ...line, y: [0, Number.NaN, 10, Number.NaN] }] });
    expect(pathOf(svg, "truth")).toBe("M62 276h0M518 54h0");
  });

  it("has a legend for several series, none for one", () => {
    const two = [line, { ...line, name: "this model", role: "model" } as const];
    expect(drawChart({ ...plain, series: two })).toMatch(/class="legend"[^>]*>this model</);
    expect(drawChart(plain)).not.toContain('class="legend"');
  });

  it("keeps names from outside as text", () => {
    const evil = `<script>alert("1")</script>`;
    const svg = drawChart({
      title: evil,
      description: evil,
      x: { label: evil, kind: "number" },
      y: { label: evil, kind: "number" },
      series: [
        { ...line, name: evil },
        { ...line, name: evil },
      ],
      bands: [{ name: evil, from: 0, to: 1, shade: 0 }],
      marks: [{ x: 1, label: evil }],
    });
    expect(svg).not.toContain("<script");
    expect(svg.split("&lt;script&gt;")).toHaveLength(10);
  });

  it("thins out long lines without losing their peaks", () => {
    const y = Array.from({ length: 100_000 }, (_, i) => (i === 61_803 ? 10 : i === 20_000 ? -10 : Math.sin(i)));
    const svg = drawChart({ ...plain, series: [{ ...line, x: y.map((_, i) => i), y }] });
    expect(svg.length).toBeLessThan(60_000);
    const tops = [...pathOf(svg, "truth").matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, top]) => Number(top));
    expect(Math.min(...tops)).toBe(54);
    expect(Math.max(...tops)).toBe(276);
  });

  it("draws with nothing to draw", () => {
    const svg = drawChart({ ...plain, series: [{ ...line, x: [], y: [] }] });
    expect(svg).not.toContain("NaN");
    expect(
      drawChart({ ...plain, y: { label: "y", kind: "log" }, series: [{ ...line, y: [0, 0, 0, 0] }] }),
    ).not.toContain("NaN");
  });
});
