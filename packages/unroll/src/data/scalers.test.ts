import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Matrix, MinMaxScaler, type Scaler, StandardScaler, scalerFromJSON } from "./index.ts";

const cell = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const matrices = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 })).chain(([columns, rows]) =>
  fc.array(cell, { minLength: rows * columns, maxLength: rows * columns }).map(
    (data): Matrix => ({
      shape: [rows, columns],
      data: Float64Array.from(data),
    }),
  ),
);
const makers: [string, () => Scaler][] = [
  ["MinMaxScaler", () => new MinMaxScaler({ featureRange: [-1, 3] })],
  ["StandardScaler", () => new StandardScaler()],
];

function expectClose(actual: Float64Array, expected: Float64Array): void {
  const size = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-9 * size);
  });
}

describe.each(makers)("%s", (kind, make) => {
  test("gives the data back after transform and inverse", () => {
    fc.assert(
      fc.property(matrices, (data) => {
        const scaler = make().fit(data);
        expectClose(scaler.inverseTransform(scaler.transform(data)).data, data.data);
      }),
    );
  });

  test("learns the same from pieces as from the whole", () => {
    fc.assert(
      fc.property(matrices, fc.nat(), (data, at) => {
        const columns = data.shape[1];
        const cut = 1 + (at % data.shape[0]);
        const pieces = make();
        for (const [from, to] of [
          [0, cut],
          [cut, data.shape[0]],
        ] as const) {
          if (to > from) {
            pieces.partialFit({ shape: [to - from, columns], data: data.data.slice(from * columns, to * columns) });
          }
        }
        // Near-constant columns may fall on either side of the constant rule, so compare what was learned.
        const [whole, joined] = [make().fit(data).state, pieces.state] as unknown as Record<string, Float64Array>[];
        for (const name of kind === "MinMaxScaler" ? ["dataMin", "dataMax"] : ["mean", "samples"]) {
          expectClose(joined![name]!, whole![name]!);
        }
        if (kind === "StandardScaler") {
          const size = data.data.reduce((most, value) => Math.max(most, value * value), 1);
          joined!.variance!.forEach((value, c) => {
            expect(Math.abs(value - whole!.variance![c]!)).toBeLessThanOrEqual(1e-9 * size);
          });
        }
      }),
    );
  });

  test("leaves its input as it was and transforms later data by what it learned", () => {
    const data = [
      [1, 10],
      [3, 30],
    ];
    const scaler = make().fit(data);
    const before = scaler.transform([[2, 50]]).data;
    scaler.transform([[100, 1000]]);
    expect(scaler.transform([[2, 50]]).data).toEqual(before);
    expect(data).toEqual([
      [1, 10],
      [3, 30],
    ]);
  });

  test("ignores missing values when it learns, and keeps them", () => {
    const scaler = make().fit([[1], [Number.NaN], [5]]);
    const without = make().fit([[1], [5]]);
    expect(scaler.transform([[2], [Number.NaN]]).data).toEqual(
      Float64Array.of(without.transform([[2]]).data[0]!, Number.NaN),
    );
  });

  test("comes back from JSON as it was, NaN columns included", () => {
    const scaler = make().fit([
      [1, Number.NaN],
      [4, Number.NaN],
    ]);
    const copy = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
    expect(copy.toJSON()).toEqual(scaler.toJSON());
    expect(copy.transform([[2, 3]])).toEqual(scaler.transform([[2, 3]]));
    expect(scalerFromJSON(JSON.parse(JSON.stringify(make()))).toJSON()).toEqual(make().toJSON());
  });

  test("gives a scaler of the target column alone", () => {
    const scaler = make().fit([
      [1, 10, 5],
      [3, 50, 9],
    ]);
    const scaled = scaler.transform([[2, 20, 6]]).data;
    expect(scaler.select([1]).inverseTransform([[scaled[1]!]]).data[0]).toBeCloseTo(20, 12);
    expect(() => scaler.select([3])).toThrow(/columns must be whole numbers from 0 to 2/);
  });

  test("says what is wrong with its input", () => {
    const scaler = make();
    expect(() => scaler.transform([[1]])).toThrow(
      `${kind}: must be fitted before it is used. Call fit with the training part first.`,
    );
    expect(() => scaler.fit([])).toThrow(
      `${kind}.fit: needs at least one row and one column. Received: shape = [0, 1].`,
    );
    expect(() => scaler.fit([[1], [Number.POSITIVE_INFINITY]])).toThrow(/finite numbers.*row 1, column 0 = Infinity/);
    expect(() => scaler.fit([[1, 2], [3]])).toThrow(/every row must have 2 numbers/);
    scaler.fit([[1, 2]]);
    expect(() => scaler.transform([[1]])).toThrow(
      `${kind}.transform: must have 2 columns, as when it was fitted. Received: shape = [1, 1]. To scale some of the columns only, take scaler.select([…]).`,
    );
  });
});

test("scalers refuse wrong options and JSON of something else", () => {
  expect(() => new MinMaxScaler({ featureRange: [1, 1] })).toThrow(/featureRange must go from a smaller/);
  expect(() => new MinMaxScaler({ feature_range: [0, 1] } as object)).toThrow(/Did you mean featureRange\?/);
  expect(() => scalerFromJSON({ kind: "Robust" } as never)).toThrow(/kind must be MinMaxScaler or StandardScaler/);
  const broken = { kind: "StandardScaler", options: {}, columns: { mean: [1], variance: "x" } };
  expect(() => scalerFromJSON(broken as never)).toThrow(/StandardScaler\.variance: must be a list of 1 numbers/);
});

test("MinMaxScaler puts the training part between its bounds and later data outside", () => {
  const scaler = new MinMaxScaler();
  expect(scaler.fitTransform([10, 20, 50]).data).toEqual(Float64Array.of(0, 0.25, 1));
  expect(scaler.transform([60, 0]).data).toEqual(Float64Array.of(1.25, -0.25));
});
