export type { Blueprint, BlueprintNode, BlueprintRow, BlueprintSource } from "./blueprint.ts";
export { callBlueprint, stackBlueprint } from "./blueprint.ts";
export type { ModelEdit } from "./edits.ts";
export { editToText, repairHint, repairsToText } from "./repair-text.ts";
export { type Repair, type ShapeTrouble, shapeTrouble } from "./repairs.ts";
