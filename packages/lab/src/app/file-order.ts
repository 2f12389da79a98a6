/** What files are by their names, and in which order several are opened: models before the weights that go to them. */

export type FileKind = "code" | "model" | "weights" | "table";

/** Weights may turn out to be a whole model: only their content tells. */
export function kindOf(name: string): FileKind {
  if (/\.(csv|tsv|xlsx|npy|npz)$/i.test(name)) return "table";
  if (/\.(h5|hdf5|safetensors)$/i.test(name)) return "weights";
  return /\.(py|ipynb|md|markdown|txt|json)$/i.test(name) ? "code" : "model";
}

export function inOrder<T extends { readonly name: string }>(files: readonly T[]): T[] {
  const rank = ({ name }: T): number => {
    const kind = kindOf(name);
    if (kind !== "weights") return kind === "table" ? 3 : 0;
    return /\.weights\.h5$|weights|\.safetensors$/i.test(name) ? 2 : 1;
  };
  return [...files].sort((a, b) => rank(a) - rank(b));
}
