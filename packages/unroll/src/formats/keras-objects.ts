/** Shapes of Keras's JSON that several readers ask for. No meaning, only forms. */
import { type KerasObject, type KerasReadOptions, standInModule } from "./keras-config.ts";

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isKerasObject(value: unknown): value is KerasObject {
  return (
    isRecord(value) && typeof value.class_name === "string" && typeof value.config === "object" && value.config !== null
  );
}

/** The class without the package that registered it: "Sequential" of "package>Sequential". */
export function plainClass({ class_name: name }: KerasObject): string {
  return name.slice(name.lastIndexOf(">") + 1);
}

/** Class names that stand for models. */
const modelClasses: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

export function isModelObject(object: KerasObject): boolean {
  // Of a pretrained network only the sizes may be known.
  return object.module !== standInModule && modelClasses.has(plainClass(object));
}

/** Keras 3 names the module of every object; Keras 2 does not, or says its version. */
export function isKeras2(object: KerasObject, { kerasVersion }: KerasReadOptions): boolean {
  return kerasVersion === undefined ? object.module === undefined : /^[012]\./.test(kerasVersion);
}
