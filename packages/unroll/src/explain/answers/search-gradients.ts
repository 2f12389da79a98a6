/** Which slips give a wrong gradient: factors of the loss, shares of the sum over time, and derivatives left out on the way. */
import { type NamedSlip, namedSlip, ranked } from "./answer.ts";
import type { AskedGradient } from "./asked-gradient.ts";
import { gradientSlips } from "./gradient-slips.ts";
import { almost, type ValueFinding } from "./search-values.ts";
import type { SlipId } from "./slip.ts";
import { gives } from "./written-number.ts";

/** A slip and the gradient that it gives, as a factor of any gradient or as a number of its own. */
interface Candidate {
  readonly slips: readonly NamedSlip[];
  readonly plausibility: number;
  readonly value: number;
}

/** Ways to `written`, the most plausible first; two slips only where no single one gives it. */
export function findGradientSlips(numbers: AskedGradient, written: number | string): ValueFinding[] {
  const factors = factorSlips(numbers);
  const paths = pathSlips(numbers);
  const scaled = factors.map(({ factor, ...rest }) => ({ ...rest, value: numbers.expected * factor }));
  const singles = [...scaled, ...paths, ...entrySlips(numbers)].filter(({ value }) => gives(written, value));
  if (singles.length > 0) return toFindings(singles);
  const pairs = paths.flatMap((path) =>
    factors.map(
      (factor): Candidate => ({
        slips: [...path.slips, ...factor.slips],
        plausibility: path.plausibility * factor.plausibility * 0.6,
        value: path.value * factor.factor,
      }),
    ),
  );
  const found = pairs.filter(({ value }) => gives(written, value));
  return found.length > 0 ? toFindings(found) : almost(numbers.layer, numbers.expected, written, 0);
}

function toFindings(candidates: readonly Candidate[]): ValueFinding[] {
  return ranked(candidates, 8).map(({ slips, plausibility, value }) => ({
    slips,
    plausibility,
    everyStep: false,
    lines: [`= ${value}`],
  }));
}

/** Mistakes that multiply every gradient by one number. */
function factorSlips({ layer, rows, elements }: AskedGradient) {
  const slip = (id: SlipId, factor: number, plausibility: number, detail: string) => ({
    slips: [namedSlip(id, layer, detail)],
    factor,
    plausibility,
  });
  const counts = [...new Set([elements, rows])].filter((count) => count > 1);
  const two = "The derivative of (ŷ − y)² is 2 (ŷ − y).";
  const mean = (count: number): string =>
    `The loss is a mean over ${count} numbers: its gradient has 1/${count} in it.`;
  return [
    slip("loss-factor", 1 / 2, 0.75, two),
    slip("sign-swapped", -1, 0.65, "The derivative by the prediction is 2 (ŷ − y), not 2 (y − ŷ)."),
    ...counts.flatMap((count) => [
      slip("loss-mean", count, 0.7, mean(count)),
      {
        slips: [namedSlip("loss-factor", layer, two), namedSlip("loss-mean", layer, mean(count))],
        factor: count / 2,
        plausibility: 0.6,
      },
    ]),
  ];
}

/** Mistakes in what one layer passes back. */
function flowSlips({ layer, expected, passed }: AskedGradient): Candidate[] {
  return passed.flatMap(({ run, withChange }, distance) => {
    const name = distance === 0 ? layer : run.call.call.layer.name;
    return gradientSlips(run).flatMap(({ id, detail, plausibility, result }): Candidate[] => {
      const value = withChange(result);
      if (Math.abs(value - expected) <= 1e-12 * Math.abs(expected)) return [];
      const nearness = distance === 0 ? 1 : 0.9 * 0.98 ** distance;
      return [{ slips: [namedSlip(id, name, detail)], plausibility: plausibility * nearness, value }];
    });
  });
}

/** Mistakes on the way back, and in the sum over time. */
function pathSlips(numbers: AskedGradient): Candidate[] {
  const { layer, shares } = numbers;
  const flows = flowSlips(numbers);
  if (shares.length < 2) return flows;
  const sum = "Every timestep uses the same array: what all of them give is added up.";
  const last = shares.at(-1)!;
  return [
    {
      slips: [namedSlip("time-sum-forgotten", layer, `${sum} That is the last one's share alone.`)],
      plausibility: 0.8,
      value: last.value,
    },
    ...shares.slice(0, -1).map(({ timestep, value }) => ({
      slips: [namedSlip("time-sum-forgotten", layer, `${sum} That is the share of timestep ${timestep} alone.`)],
      plausibility: 0.6,
      value,
    })),
    {
      slips: [namedSlip("time-mean", layer, `${sum} They are not divided by the ${shares.length} timesteps.`)],
      plausibility: 0.6,
      value: numbers.expected / shares.length,
    },
    ...flows,
  ];
}

function entrySlips({ layer, others, mirrored }: AskedGradient): Candidate[] {
  return [
    ...(mirrored === undefined
      ? []
      : [
          {
            slips: [namedSlip("index-swapped", layer, "A row belongs to what comes in, a column to what goes out.")],
            plausibility: 0.7,
            value: mirrored,
          },
        ]),
    ...others.map(({ where, value }) => ({
      slips: [namedSlip("another-value", layer, `That is the gradient of ${where}.`)],
      plausibility: 0.45,
      value,
    })),
  ];
}
