/** Ctrl-C while a model trains: the first lets the batch end, the second leaves at once. */

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C back its usual meaning. */
  release(): void;
}

/** Listens until `release`. `onFirst` is told once. */
export function listenForInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  // Nobody listens after the first signal, so the system itself ends the process at the second, even within a batch.
  const release = (): void => {
    for (const name of names) process.removeListener(name, stop);
  };
  const stop = (): void => {
    release();
    onFirst();
    controller.abort();
  };
  for (const name of names) process.on(name, stop);
  return { signal: controller.signal, release };
}
