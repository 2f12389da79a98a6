/**
 * Work that can wait until the page is drawn: one piece behind each frame, so that the page answers in between and the browser
 * has laid out by then what the work would otherwise make it lay out at once.
 */

/** A page that nobody sees draws no frames; ms after which a piece is done without one. */
const longestWait = 100;

let waiting: readonly (() => void)[] = [];
let isComing = false;

/** Returns what calls the work off. */
export function afterFrame(work: () => void): () => void {
  // A piece is told from others, also where the same work waits twice.
  const piece = (): void => work();
  waiting = [...waiting, piece];
  if (!isComing) waitForFrame();
  return () => {
    waiting = waiting.filter((one) => one !== piece);
  };
}

function waitForFrame(): void {
  isComing = true;
  let timer = setTimeout(next, longestWait);
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    timer = setTimeout(next);
  });
  function next(): void {
    cancelAnimationFrame(frame);
    const [work, ...others] = waiting;
    waiting = others;
    isComing = false;
    if (others.length > 0) waitForFrame();
    work?.();
  }
}
