/** What tests of things kept on the device share. */
import { vi } from "vitest";

/** Puts an empty storage in the place of the browser's, and gives what it keeps, by name. */
export function emptyStorage(): Record<string, string> {
  const kept: Record<string, string> = {};
  const methods = {
    getItem: (name: string) => kept[name] ?? null,
    setItem: (name: string, text: string) => {
      kept[name] = text;
    },
    removeItem: (name: string) => delete kept[name],
  };
  vi.stubGlobal(
    "localStorage",
    new Proxy(methods, {
      ownKeys: () => Object.keys(kept),
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    }),
  );
  return kept;
}
