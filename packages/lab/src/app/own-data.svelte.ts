/** The user's own data on the Train screen: lines pasted, or columns of a table that the worker has read. Nothing leaves the page. */
import type { ColumnsView, TableView } from "../worker/protocol.ts";
import { lab } from "./lab.svelte.ts";
import { pastedNumbers } from "./pasted-numbers.ts";
import { desk } from "./train-desk.svelte.ts";

class OwnData {
  #pasted = $state("");
  table = $state.raw<TableView | undefined>();
  /** The column to predict, and those that are read. */
  target = $state("");
  features = $state.raw<readonly string[]>([]);
  view = $state.raw<ColumnsView | undefined>();
  readonly read = $derived(pastedNumbers(this.#pasted));

  get pasted(): string {
    return this.#pasted;
  }

  set pasted(text: string) {
    this.#pasted = text;
    desk.takeOwn(this.read.numbers);
  }

  async take(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    lab.failure = undefined;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const found = await lab.attempt(() => lab.worker.table({ bytes, name: file.name }));
    if (found === undefined) return;
    // The last column, as with pasted lines.
    const last = found.columns.at(-1)!;
    if (await this.choose(last, [last])) this.table = found;
  }

  async choose(target: string, features: readonly string[]): Promise<boolean> {
    const names = [...new Set([target, ...features])];
    const view = await lab.attempt(() => lab.worker.columns(names));
    if (view === undefined) return false;
    [this.target, this.features, this.view] = [target, features, view];
    const columnOf = (name: string): ColumnsView["columns"][number] => view.columns[names.indexOf(name)]!;
    const isPlain = features.length === 1 && features[0] === target;
    desk.takeOwn(columnOf(target).values, isPlain ? undefined : features.map(columnOf));
    return true;
  }

  /** Reads a column or no longer; one is always read. In the table's order. */
  toggle(name: string): void {
    const isRead = this.features.includes(name);
    const chosen = (this.table?.columns ?? []).filter((one) => (one === name ? !isRead : this.features.includes(one)));
    if (chosen.length > 0) void this.choose(this.target, chosen);
  }

  /** Another column to predict; where it alone was read, so is the other. */
  predict(name: string): void {
    const isPlain = this.features.length === 1 && this.features[0] === this.target;
    void this.choose(name, isPlain ? [name] : this.features);
  }

  forgetTable(): void {
    this.table = undefined;
    desk.takeOwn(this.read.numbers);
  }
}

export const ownData = new OwnData();
