/** The series that the lab brings along, by the name that a link has for each. */
import { addingProblem } from "../data/adding.ts";
import { measuredSeries } from "../data/measured.ts";
import { madeSeries } from "../data/series.ts";
import type { SeriesRequest } from "../worker/protocol.ts";

/** What is predicted, from what. */
export type Source = Pick<SeriesRequest, "series" | "inputs" | "apart">;

/** Undefined for one that it does not bring, such as the user's own. */
export function seriesOf(id: string, seed: number, lookback: number): Source | undefined {
  if (id === "adding") return { ...addingProblem(seed, lookback), apart: true };
  const series =
    measuredSeries.find((one) => one.id === id)?.values ?? madeSeries.find((one) => one.id === id)?.make(seed);
  return series && { series };
}
