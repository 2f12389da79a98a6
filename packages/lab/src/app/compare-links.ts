/** The models of a comparison as the link has them; what they are is read elsewhere (compared.ts). */

export const mostCompared = 4;

/** Between `~` in the link's `with`. */
export function comparedLinks(list: string): string[] {
  return list === "" ? [] : list.split("~");
}
