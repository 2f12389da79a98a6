export type { CountCause, LayerDifference, OptionDifference } from "./compare-layers.ts";
export {
  type ComparedLayer,
  type ComparedPair,
  type CompareOptions,
  compareModels,
  type ModelComparison,
  shareWeights,
  type ValueDifference,
} from "./compare-models.ts";
export { comparisonToText } from "./compare-text.ts";
export { type Evidence, type KerasRelease, kerasReleases, type VersionRule } from "./version-rules.ts";
export {
  type ConcerningRule,
  compareVersions,
  type VersionComparison,
  type VersionedLayer,
  type VersionedModel,
} from "./versions.ts";
export { versionsToText } from "./versions-text.ts";
