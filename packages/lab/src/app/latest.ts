/** Questions to the worker about what is on the screen: one at a time, for the screen may move on faster than answers come. */

/**
 * Asks for what is wanted, and again when something else is wanted by the time the answer comes. Whoever calls meanwhile waits for
 * nothing. No answer ends it.
 */
export function latest<Wanted extends readonly unknown[], Answer>(
  wanted: () => Wanted,
  ask: (wanted: Wanted) => Promise<Answer | undefined>,
  take: (answer: Answer, wanted: Wanted) => void,
): () => Promise<void> {
  let isAsking = false;
  return async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      for (;;) {
        const asked = wanted();
        const answer = await ask(asked);
        if (answer === undefined) return;
        take(answer, asked);
        const now = wanted();
        if (asked.every((one, index) => one === now[index])) return;
      }
    } finally {
      isAsking = false;
    }
  };
}
