/** How generated code finds a file that lies beside it, from whatever folder it is run. */

/** Python's import that `besidePython` needs. */
export const importPath = "from pathlib import Path\n";

export function besidePython(file: string): string {
  // A notebook's cell has no __file__: there it is the folder that the notebook runs in.
  return `Path(globals().get("__file__", ".")).parent / ${JSON.stringify(file)}`;
}

export function besideTypeScript(file: string): string {
  const path = file.split("/").map(encodeURIComponent).join("/");
  return `new URL(${JSON.stringify(path)}, import.meta.url)`;
}
