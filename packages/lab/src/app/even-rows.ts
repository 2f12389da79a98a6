/** Rows that come out even: six boxes where five would fit are two rows of three, not five and one. */

/** How many columns `count` boxes stand in, where each is at least so wide. All sizes in one unit. */
export function evenColumns(count: number, { width, least, gap }: Record<"width" | "least" | "gap", number>): number {
  const fit = Math.max(1, Math.floor((width + gap) / (least + gap)));
  return Math.max(1, Math.ceil(count / Math.max(1, Math.ceil(count / fit))));
}
