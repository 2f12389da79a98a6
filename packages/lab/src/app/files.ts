/**
 * Models that no link can hold, because they came as files or their code is too long: kept in this page, under a name that the
 * address has, so that Back and Forward find them. They go with the page.
 */

export interface KeptFile {
  readonly source: string | Uint8Array;
  /** The file's name; empty for pasted code. */
  readonly name: string;
}

const mostFiles = 8;
/** Of all of them, in bytes or letters. */
const mostBytes = 256_000_000;
const longestName = 80;

export class FilesHere {
  readonly #files = new Map<string, KeptFile>();

  /** Its name in addresses. */
  keep(file: KeptFile): string {
    const place = `${Math.random().toString(36).slice(2, 10)}.${file.name.slice(0, longestName)}`;
    this.#files.set(place, file);
    let bytes = [...this.#files.values()].reduce((sum, { source }) => sum + source.length, 0);
    for (const [oldest, { source }] of this.#files) {
      if (oldest === place || (this.#files.size <= mostFiles && bytes <= mostBytes)) break;
      this.#files.delete(oldest);
      bytes -= source.length;
    }
    return place;
  }

  find(place: string): KeptFile | undefined {
    return this.#files.get(place);
  }
}

/** What the file of an address was called; empty for pasted code. */
export function fileNameIn(place: string): string {
  return place.slice(place.indexOf(".") + 1);
}
