/**
 * How far training is, on stderr: Keras's bar with the time that is left, redrawn in place, on a terminal; else one line an
 * epoch.
 */
import { epochLine, formatLog, type Progress } from "../../training/fit-options.ts";
import type { Terminal } from "../command.ts";

const barWidth = 20;
const separator = " - ";
/** Between two drawings of a bar, ms. */
const interval = 50;

/** A function for `onProgress`. */
export function showProgress(terminal: Terminal, now: () => number = () => performance.now()): (p: Progress) => void {
  if (terminal.redraws !== true) {
    return (progress) => {
      if (progress.done) terminal.note(`${lineOf(progress, terminal.columns)}\n`);
    };
  }
  let drawn = Number.NEGATIVE_INFINITY;
  let epoch = -1;
  return (progress) => {
    if (progress.epoch !== epoch) {
      terminal.note(`Epoch ${progress.epoch + 1}/${progress.epochs}\n`);
      epoch = progress.epoch;
    }
    if (!progress.done && now() - drawn < interval) return;
    drawn = now();
    terminal.note(`\r${barOf(progress, terminal)}\u001b[K${progress.done ? "\n" : ""}`);
  };
}

/** What does not fit goes on in a line below, set in. */
function lineOf({ epoch, epochs, batch, milliseconds, logs }: Progress, columns: number): string {
  const [first, ...parts] = epochLine(epoch, epochs, batch, milliseconds, logs).split(separator) as [
    string,
    ...string[],
  ];
  const lines = [first];
  for (const part of parts) {
    const longer = `${lines.at(-1)}${separator}${part}`;
    if (longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`  ${part}`);
  }
  return lines.join("\n");
}

/** `12/50 ━━━━━━━━━━━━━━━━━━━━ 3s 80ms/step - loss: 0.1234`, with as many numbers as the terminal has room for: a wrapped line cannot be redrawn. */
export function barOf(progress: Progress, { columns, color }: Pick<Terminal, "columns" | "color">): string {
  const { batch, batches = batch, done, milliseconds, logs } = progress;
  const perStep = milliseconds / Math.max(1, batch);
  const time = done ? milliseconds : perStep * (batches - batch);
  const full = Math.floor((barWidth * batch) / Math.max(1, batches));
  const count = `${String(batch).padStart(String(batches).length)}/${batches}`;
  const numbers = Object.entries(logs).map(([name, value]) => `${name}: ${formatLog(value)}`);
  const room = Math.max(0, columns - count.length - barWidth - 3);
  let shown = `${duration(time)} ${stepTime(perStep)}/step`.slice(0, room);
  for (const number of numbers) {
    if (shown.length + 3 + number.length > room) break;
    shown += ` - ${number}`;
  }
  const paint = (code: number, text: string): string =>
    color && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const [drawn, open] = ["━".repeat(full), "━".repeat(barWidth - full)];
  return `${count} ${color ? paint(32, drawn) + paint(37, open) : drawn.padEnd(barWidth, "─")} ${shown}`;
}

function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds > 60 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${seconds}s`;
}

function stepTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Math.round(milliseconds / 1000)}s`;
  return milliseconds >= 1 ? `${Math.round(milliseconds)}ms` : `${Math.round(milliseconds * 1000)}us`;
}
