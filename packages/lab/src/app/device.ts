/**
 * What stays on this device: texts by name in the browser's storage. A browser may have none, as in some private windows, or
 * none left; then nothing is kept, and everything else works.
 */

/** Names of the lab's own texts begin so. */
const prefix = "unroll";

export function readKept(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** False where it could not be kept. */
export function keep(name: string, text: string): boolean {
  try {
    localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing is kept then.
  }
}

/** Tells when another tab of this browser has written that text, or has cleared everything. */
export function hearKept(name: string, changed: () => void): void {
  addEventListener("storage", (event) => {
    const { key } = event as StorageEvent; // the one of that name
    if (key === name || key === null) changed();
  });
}

/** Forgets everything that the lab keeps on this device. */
export function forgetAll(): void {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(prefix)) localStorage.removeItem(name);
  } catch {
    // Likewise.
  }
}
