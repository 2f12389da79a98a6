/** What a trace of Chromium tells about the page's own thread: its tasks, and what each frame cost it. */

/** Tasks of the busiest page thread in the trace, in order; times in ms. */
export function tasksOf(events) {
  const threads = new Map();
  for (const { name, ph, pid, tid, args } of events) {
    if (ph === "M" && name === "thread_name" && args.name === "CrRendererMain") threads.set(`${pid} ${tid}`, []);
  }
  for (const { name, ph, pid, tid, ts, dur = 0, tdur = 0 } of events) {
    if (ph !== "X" || name !== "RunTask") continue;
    threads.get(`${pid} ${tid}`)?.push({ start: ts / 1000, clock: dur / 1000, processor: tdur / 1000, thread: tid });
  }
  const workOf = (tasks) => tasks.reduce((sum, { processor }) => sum + processor, 0);
  const [busiest = []] = [...threads.values()].sort((a, b) => workOf(b) - workOf(a));
  return busiest.sort((a, b) => a.start - b.start);
}

/** Processor time of each animation frame and of all tasks up to the next, in ms. */
export function framesOf(events) {
  const tasks = tasksOf(events);
  const starts = events
    .filter(({ name, tid }) => name === "FireAnimationFrame" && tid === tasks[0]?.thread)
    .map(({ ts }) => ts / 1000)
    .sort((a, b) => a - b);
  const times = starts.map(() => 0);
  let frame = -1;
  for (const { start, clock, processor } of tasks) {
    while (frame + 1 < starts.length && starts[frame + 1] < start + clock) frame++;
    if (frame >= 0) times[frame] += processor;
  }
  // The first and the last are cut off.
  return times.slice(1, -1);
}
