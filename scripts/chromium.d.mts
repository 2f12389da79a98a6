export function findChromium(options?: { readonly windows?: boolean }): string | undefined;
