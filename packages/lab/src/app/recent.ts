/** The models that were opened last on this device, the newest first: their links, for the start page. Kept here and nowhere else. */
import { forget, keep, readKept } from "./device.ts";

export interface RecentModel {
  /** Its layers: "GRU → Dense". */
  readonly title: string;
  readonly total: number;
  /** The packed source, as a link has it. */
  readonly s: string;
  /** Which of the source's models; the first where it is left out. */
  readonly pick?: number;
}

const place = "unroll-recent";
const most = 8;
const longestTitle = 80;

/** Read with care, for anybody may have written there. */
export function readRecent(): RecentModel[] {
  try {
    const list: unknown = JSON.parse(readKept(place) ?? "[]");
    return Array.isArray(list) ? list.filter(isRecent).slice(0, most) : [];
  } catch {
    return [];
  }
}

/** @param instead the source that this one came of by a change: it takes its place */
export function keepRecent(model: RecentModel, instead: string): void {
  const title = model.title.length > longestTitle ? `${model.title.slice(0, longestTitle - 1)}…` : model.title;
  const others = readRecent().filter(({ s }) => s !== model.s && s !== instead);
  keep(place, JSON.stringify([{ ...model, title }, ...others].slice(0, most)));
}

export function forgetRecent(s: string): void {
  const others = readRecent().filter((one) => one.s !== s);
  if (others.length === 0) forget(place);
  else keep(place, JSON.stringify(others));
}

export function forgetAllRecent(): void {
  forget(place);
}

function isRecent(value: unknown): value is RecentModel {
  const { title, total, s, pick = 0 } = (value ?? {}) as Partial<RecentModel>; // asked field by field
  if (!Number.isInteger(pick)) return false;
  return typeof title === "string" && Number.isFinite(total) && typeof s === "string" && /^u1\.[\w-]{1,8000}$/.test(s);
}
