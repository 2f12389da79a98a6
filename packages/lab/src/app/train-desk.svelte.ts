/** What lies on the desk of the Train screen: the chosen series, how it is cut, and what the run on screen was started with. It stays while other screens are looked at. */
import type { CutView, InputColumn, SeriesRequest } from "../worker/protocol.ts";
import { lab, type ModelLink } from "./lab.svelte.ts";
import { type bounds, newRun, type RunSettings, readRun, writeRun } from "./run-settings.ts";
import { type Source, seriesOf } from "./series-of.ts";

export interface StartedRun {
  /** Whose run it is, whatever is opened later. */
  readonly model: ModelLink;
  /** Of the data, to know whether it is still the one that is chosen. */
  readonly key: string;
  readonly request: SeriesRequest;
  readonly cut: CutView;
  readonly data: string;
  readonly seed: number;
  /** The windows of the run among them. */
  readonly settings: RunSettings;
}

const empty: Source = { series: [] };
/** A phone trains less at first. */
const initial: RunSettings = matchMedia("(max-width: 40rem)").matches ? { ...newRun, epochs: 30 } : newRun;

export const runInLink = (settings: RunSettings): string => writeRun(settings, initial);
export const dataInLink = (id: string): string => (id === "sine" ? "" : id);

/** What a reload of this tab loses. */
const keptLoss = "unroll-trained";

class TrainDesk {
  /** Epochs that a reload has lost. */
  readonly lost = takeLoss();
  /** The user's own, and how often it has changed. */
  own = $state.raw<Source>(empty);
  #ownChanges = $state(0);
  cut = $state.raw<CutView | undefined>();
  /** Why it cannot be cut. */
  refusal = $state("");
  started = $state.raw<StartedRun | undefined>();
  /** The model for which a run was asked, of which nothing may be told as yet: how many had been opened then. */
  askedFor = $state<number | undefined>();
  /** A run of the open model goes on, or waits; before its first epoch has ended too, when nothing is told of it. */
  readonly isRunning = $derived.by(() => {
    if (lab.training !== undefined) return !lab.training.done;
    return this.askedFor === lab.openings;
  });
  log = $state(false);
  /** Say it when the loss stops falling. */
  tells = $state(false);
  readonly id = $derived(lab.route.data || "sine");
  readonly settings = $derived(readRun(lab.route.run, initial));
  /** The model's own number of timesteps, if it has one. */
  readonly declared = $derived(lab.model?.inputShape.length === 3 ? (lab.model.inputShape[1] ?? undefined) : undefined);
  readonly lookback = $derived(this.declared ?? this.settings.lookback);
  readonly key = $derived(
    [this.id, lab.route.seed, this.lookback, this.settings.horizon, this.id === "own" ? this.#ownChanges : 0].join(" "),
  );
  readonly source: Source = $derived(
    this.id === "own" ? this.own : (seriesOf(this.id, lab.route.seed, this.lookback) ?? empty),
  );
  readonly request: SeriesRequest = $derived({
    ...this.source,
    lookback: this.lookback,
    horizon: this.settings.horizon,
  });
  /** How the run on screen was started; undefined where there is none, or its data is no longer the one that is chosen. */
  readonly shownRun = $derived(lab.training !== undefined && this.started?.key === this.key ? this.started : undefined);

  choose(id: string): void {
    lab.go({ data: dataInLink(id) }, { replace: true });
  }

  set(change: Partial<RunSettings>): void {
    lab.go({ run: runInLink({ ...this.settings, ...change }) }, { replace: true });
  }

  /** A number out of a box; the box says what it cannot be. */
  take(name: keyof typeof bounds, box: HTMLInputElement): void {
    if (box.reportValidity()) this.set({ [name]: box.valueAsNumber });
  }

  takeOwn(series: ArrayLike<number>, inputs?: readonly InputColumn[]): void {
    this.own = inputs === undefined ? { series } : { series, inputs };
    this.#ownChanges += 1;
  }
}

export const desk = new TrainDesk();

addEventListener("beforeunload", (event) => {
  // The browser asks whether to leave.
  if (lab.training?.done === false) event.preventDefault();
});
addEventListener("pagehide", () => {
  try {
    const epochs = lab.training?.epoch ?? 0;
    if (epochs > 0) sessionStorage.setItem(keptLoss, String(epochs));
  } catch {
    // Without storage nothing is said about it.
  }
});

function takeLoss(): number | undefined {
  try {
    const epochs = Number(sessionStorage.getItem(keptLoss) ?? Number.NaN);
    sessionStorage.removeItem(keptLoss);
    return epochs > 0 ? epochs : undefined;
  } catch {
    return undefined;
  }
}
