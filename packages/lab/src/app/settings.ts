/** What a user sets once: kept on this device, read with care, for anybody may have written there. */
import type { LetterStyle } from "../worker/protocol.ts";
import { hearKept, keep, readKept } from "./device.ts";
import type { NumberStyle } from "./format.ts";

export interface Settings {
  theme: "auto" | "light" | "dark" | "contrast";
  digits: 3 | 5 | 17;
  numbers: NumberStyle;
  letters: LetterStyle;
  motion: "auto" | "none";
  /** Charts can be listened to. */
  sound: boolean;
  /** Single keys do something. */
  keys: boolean;
  /** The editor is a plain text box. */
  plainText: boolean;
}

/** The values of each setting, the first being that of a new device. */
export const choices = {
  theme: ["auto", "light", "dark", "contrast"],
  digits: [3, 5, 17],
  numbers: ["language", "ascii"],
  letters: ["own", "papers", "keras"],
  motion: ["auto", "none"],
  sound: [true, false],
  keys: [true, false],
  plainText: [false, true],
} as const satisfies { readonly [K in keyof Settings]: readonly Settings[K][] };

const place = "unroll";

export function readSettings(): Settings {
  let kept: Partial<Record<keyof Settings, unknown>> = {};
  try {
    kept = JSON.parse(readKept(place) ?? "{}") ?? {};
  } catch {
    // Nothing kept, or nothing that can be read: a new device's settings.
  }
  const read = Object.entries(choices).map(([name, values]) => {
    const all: readonly unknown[] = values;
    return [name, all.find((value) => value === kept[name as keyof Settings]) ?? all[0]];
  });
  return Object.fromEntries(read) as unknown as Settings; // each value is one of its choices
}

/** Tells of settings that another tab of this browser writes. */
export function hearSettings(taken: (settings: Settings) => void): void {
  hearKept(place, () => taken(readSettings()));
}

export function writeSettings(settings: Settings): void {
  keep(place, JSON.stringify(settings));
}

export function applySettings({ theme, motion }: Settings): void {
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.motion = motion;
}
