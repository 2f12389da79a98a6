/**
 * The hash as the page's state: `#/step/lstm_1?t=17&unit=2`. One table says how each property is written; keys that it does
 * not know are kept.
 */

export const screens = ["start", "model", "count", "step", "train", "compare", "quiz"] as const;
export type Screen = (typeof screens)[number];

/** What a link holds besides screen and layer. */
export interface LinkState {
  /** Timestep of the cell picture, in order of processing. */
  readonly t: number;
  readonly unit: number;
  /** The named value that is open. */
  readonly gate: string;
  /** True shows the way back through time. */
  readonly back: boolean;
  /** True shows the engine's float32 numbers. */
  readonly f32: boolean;
  /** Units of a large layer that are drawn, counted from 0: "3,17,40-45"; empty for those around the chosen one. */
  readonly units: string;
  /** Steps of a long series that are shown, counted from 0: "120-179"; empty for the part with the step in it (step-window.ts). */
  readonly view: string;
  readonly seed: number;
  /** An example's name. */
  readonly m: string;
  /** Packed code or config, where the model is no example. */
  readonly s: string;
  /** The place in this page of a model that is neither (files.ts). */
  readonly file: string;
  /** Which of the models that the source builds, from 0. */
  readonly pick: number;
  /** True hides the answer. */
  readonly ask: boolean;
  /** Numbers that the user changed, packed. */
  readonly edits: string;
  /** Models to compare the open one with: examples' names, packed sources and kept runs, between `~`. */
  readonly with: string;
  /** True leaves the open model out of the comparison. */
  readonly only: boolean;
  /** The series of the Train screen, and how it is trained (run-settings.ts). */
  readonly data: string;
  readonly run: string;
  /** Questions of the quiz's set. */
  readonly n: number;
  /** 1 to 4; 0 rises by itself. */
  readonly level: number;
  /** Kinds of questions, between commas; empty for all. */
  readonly kinds: string;
  /** Layers that the quiz draws from, between commas; empty for all. */
  readonly layers: string;
  /** True asks one question after another, aimed at the slips made. */
  readonly practice: boolean;
  /** True shows the quiz's answers. */
  readonly key: boolean;
  /** Parts of the page that a teacher leaves out, and controls that are fixed; between commas. */
  readonly hide: string;
  readonly lock: string;
}

export interface Route extends LinkState {
  readonly screen: Screen;
  readonly layer: string;
  /** Keys that this version does not know, as they came. */
  readonly others: Readonly<Record<string, string>>;
}

interface Property<T> {
  readonly initial: T;
  read(text: string): T | undefined;
  write(value: T): string;
}

const whole = (initial: number, most: number, least = 0): Property<number> => ({
  initial,
  read: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined),
  write: String,
});
const words = (longest: number): Property<string> => ({
  initial: "",
  read: (text) => (text.length <= longest ? text : undefined),
  write: (value) => value,
});
const flag: Property<boolean> = { initial: false, read: (text) => text === "1", write: () => "1" };

const table: { readonly [K in keyof LinkState]: Property<LinkState[K]> } = {
  t: whole(0, 100_000),
  unit: whole(0, 100_000),
  gate: words(80),
  back: flag,
  f32: flag,
  units: words(200),
  view: words(24),
  seed: whole(7, 2 ** 31),
  m: words(80),
  s: words(8000),
  file: words(120),
  pick: whole(0, 9999),
  ask: flag,
  edits: words(4000),
  // Four times the longest source, and settings of runs.
  with: words(36_000),
  only: flag,
  data: words(20),
  run: words(120),
  n: whole(10, 50, 1),
  level: whole(0, 4),
  kinds: words(200),
  layers: words(200),
  practice: flag,
  key: flag,
  hide: words(200),
  lock: words(200),
};

export const startRoute: Route = {
  screen: "start",
  layer: "",
  others: {},
  ...(Object.fromEntries(Object.entries(table).map(([key, { initial }]) => [key, initial])) as unknown as LinkState), // the table's own keys
};

/** Where Step begins with a model, and what it draws of it. */
export const atStart = { t: 0, unit: 0, gate: "", units: "", view: "" } as const;

/** No model in the link: whatever is open stays. */
export const noModel = { m: "", s: "", file: "", pick: 0 } as const;

/** False for a link that is about whatever is open. */
export function namesModel({ m, s, file }: Pick<LinkState, "m" | "s" | "file">): boolean {
  return m !== "" || s !== "" || file !== "";
}

export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first = "", ...rest] = path.split("/");
  const screen = screens.find((name) => name === first) ?? "start";
  const known: Record<string, unknown> = {};
  const others: Record<string, string> = {};
  for (const [key, text] of new URLSearchParams(query)) {
    if (!Object.hasOwn(table, key)) {
      others[key] = text;
      continue;
    }
    const value = table[key as keyof LinkState].read(text); // just asked
    if (value !== undefined) known[key] = value;
  }
  return { ...startRoute, ...known, screen, layer: decoded(rest.join("/")), others };
}

export function writeRoute(route: Route): string {
  const query = new URLSearchParams();
  for (const [key, property] of Object.entries(table)) {
    // Which of its models says nothing where the link names none.
    if (key === "pick" && !namesModel(route)) continue;
    const value = route[key as keyof LinkState];
    // Each property writes its own type.
    if (value !== property.initial) query.set(key, (property.write as (value: unknown) => string)(value));
  }
  for (const [key, text] of Object.entries(route.others)) query.set(key, text);
  const path =
    route.screen === "start" ? "" : `${route.screen}${route.layer === "" ? "" : `/${encodeURIComponent(route.layer)}`}`;
  const text = query.toString();
  return `#/${path}${text === "" ? "" : `?${text}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
