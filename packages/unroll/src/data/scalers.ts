/**
 * Either scaler from its JSON, for programs that keep one beside a model.
 */
import { UnrollError } from "../core/index.ts";
import { MinMaxScaler, type MinMaxScalerJSON } from "./min-max-scaler.ts";
import { StandardScaler, type StandardScalerJSON } from "./standard-scaler.ts";

/** A scaler of either kind. */
export type Scaler = MinMaxScaler | StandardScaler;
/** What a scaler is kept as. */
export type ScalerJSON = MinMaxScalerJSON | StandardScalerJSON;

/** The scaler whose toJSON gave this. @throws UnrollError `format` for anything else. */
export function scalerFromJSON(json: ScalerJSON): Scaler {
  if (json?.kind === "MinMaxScaler") return MinMaxScaler.fromJSON(json);
  if (json?.kind === "StandardScaler") return StandardScaler.fromJSON(json);
  throw new UnrollError({
    code: "format",
    path: "scaler",
    expected: "kind must be MinMaxScaler or StandardScaler",
    received: `kind = ${String((json as { kind?: unknown } | null)?.kind)}`,
  });
}
