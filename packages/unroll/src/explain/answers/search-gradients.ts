/** Which slips give a wrong gradient: factors of the loss, shares of the sum over time, and derivatives left out on the way. */
import { type NamedSlip, namedSlip, ranked } from "./answer.ts";
import type { AskedGradient } from "./asked-gradient.ts";
import { gradientSlips } from "./gradient-slips.ts";
import { mostFindings, type ValueFinding, withRounding } from "./search-values.ts";
import type { SlipId } from "./slip.ts";
import { gives } from "./written-number.ts";

/** A slip and the gradient that it gives, as a factor of any gradient or as a number of its own. */
interface Candidate {
  readonly slips: readonly NamedSlip[];
  readonly plausibility: number;
  readonly value: number;
}

/** Ways to `written`, the most plausible first; two slips only where no single one gives it. */
export function findGradientSlips(asked: AskedGradient, written: number | string): ValueFinding[] {
  const found = toFindings(waysTo(asked, written));
  return ranked(withRounding(found, asked.layer, asked.expected, written, 0), mostFindings);
}

function waysTo(asked: AskedGradient, written: number | string): Candidate[] {
  const factors = factorSlips(asked);
  const paths = pathSlips(asked);
  const scaled = factors.map(({ factor, ...rest }) => ({ ...rest, value: asked.expected * factor }));
  const singles = [...scaled, ...paths, ...entrySlips(asked)].filter(({ value }) => gives(written, value));
  if (singles.length > 0) return singles;
  const pairs = paths.flatMap((path) =>
    factors.map(
      (factor): Candidate => ({
        slips: [...path.slips, ...factor.slips],
        plausibility: path.plausibility * factor.plausibility * 0.6,
        value: path.value * factor.factor,
      }),
    ),
  );
  return pairs.filter(({ value }) => gives(written, value));
}

function toFindings(candidates: readonly Candidate[]): ValueFinding[] {
  return candidates.map(({ slips, plausibility, value }) => ({
    slips,
    plausibility,
    everyStep: false,
    lines: [`= ${value}`],
  }));
}

/** Mistakes that multiply every gradient by one number. */
function factorSlips({ layer, loss: { isSquare, means } }: AskedGradient) {
  const slip = (id: SlipId, factor: number, plausibility: number, detail: string) => ({
    slips: [namedSlip(id, layer, detail)],
    factor,
    plausibility,
  });
  const two = "The derivative of (ŷ − y)² is 2 (ŷ − y).";
  const sign = isSquare
    ? "The derivative by the prediction is 2 (ŷ − y), not 2 (y − ŷ)."
    : "The gradient says where the loss grows; a training step goes the other way.";
  return [
    ...(isSquare ? [slip("loss-factor", 1 / 2, 0.75, two)] : []),
    slip("sign-swapped", -1, 0.65, sign),
    ...means.flatMap(({ count, over }) => {
      const mean = `The loss is a mean over ${over}: its gradient has 1/${count} in it.`;
      const both = {
        slips: [namedSlip("loss-factor", layer, two), namedSlip("loss-mean", layer, mean)],
        factor: count / 2,
        plausibility: 0.6,
      };
      return [slip("loss-mean", count, 0.7, mean), ...(isSquare ? [both] : [])];
    }),
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
