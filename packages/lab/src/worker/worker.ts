/** The worker: the library with the model in it, so that the page never waits. */
import { describeModel } from "./describe.ts";
import { failureOf } from "./failure.ts";
import { withFirstTerms } from "./first-terms.ts";
import { forgetModels, keepModel, keptModel, nameModel } from "./kept-models.ts";
import type { Model } from "./library.ts";
import { writeLettersAs } from "./notation.ts";
import type { CutView, Keeping, LabMethods } from "./protocol.ts";
import { serve } from "./rpc.ts";
import { Session } from "./session.ts";
import type { Tracing } from "./tracing.ts";

const session = new Session();

/** Comes when a screen first asks for it, so that counts need not wait. */
let tracing: Promise<Tracing> | undefined;

function trace(): Promise<Tracing> {
  tracing ??= import("./tracing.ts").then(({ Tracing }) => new Tracing());
  return tracing;
}

/** What builds models goes one after another: they draw their weights from the same stream of random numbers. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work);
  last = next.catch(() => undefined);
  return next;
}

/** Comes likewise. */
let training: Promise<typeof import("./training.ts")> | undefined;

function trainer(): Promise<typeof import("./training.ts")> {
  training ??= import("./training.ts");
  return training;
}

/** What is asked of a run that is about to start is asked of it when it has. */
let starting: Promise<unknown> = Promise.resolve();

function start(run: Promise<CutView>): Promise<CutView> {
  starting = run.catch(() => undefined);
  return run;
}

/** The compared model that was trained last, by the number of its run: by the end of it the page may compare others. */
let trainedCompared: { readonly run: number; readonly model: Model } | undefined;

async function keep(id: string, model: Model | undefined): Promise<Keeping> {
  if (model === undefined) return "moved";
  return (await keepModel(id, model, inTurn)) ? "kept" : "large";
}

const methods = {
  open: (request) =>
    inTurn(async () => {
      await starting;
      await (await training)?.endTraining();
      return session.open(request);
    }),
  withWeights: ({ bytes, name }) => inTurn(() => session.withWeights(bytes, name)),
  codeOfSummary: async (text) => (await import("./summary-source.ts")).codeOfSummary(text),
  letters: (style) => {
    writeLettersAs(style);
    return session.model === undefined ? undefined : describeModel(session.model, session.hasWeights);
  },
  whyNot: ({ bytes, name }) =>
    inTurn(async () => (await new Session().open({ source: bytes, name, seed: 0 })).error ?? ""),
  found: () => session.found(),
  audit: () => session.audit(),
  printed: (text) => session.printed(text),
  outline: () => session.outline(),
  change: (change) => session.changed(change),
  repair: (index) => session.repaired(index),
  recount: (timesteps) => session.recount(timesteps),
  async check({ layer, answer }) {
    return (await import("./answers.ts")).checkText(session.need(), layer, answer, session.before);
  },
  async origins(text) {
    return (await import("./origins.ts")).originsOf(session.need(), text);
  },
  async trace({ seed, edits }) {
    return (await trace()).run(await session.prepareTrace(), seed, edits, session.shortened);
  },
  async checkTrace({ seed, edits }) {
    return (await trace()).check(await session.prepareTrace(), seed, edits);
  },
  glance: ({ source, seed }) =>
    inTurn(async () => {
      session.drawWeights();
      const { Tracing } = await import("./tracing.ts");
      const other = new Session();
      await other.open({ source, seed });
      return new Tracing().run(await other.prepareTrace(), seed, [], other.shortened).runs[0];
    }),
  async openValue({ run, step, name, unit, allTerms }) {
    const opened = (await trace()).open(run, step, name, unit);
    return allTerms ? opened : withFirstTerms(opened);
  },
  async resetForms({ run, step, unit }) {
    return (await trace()).resetForms(run, step, unit);
  },
  async openOutput({ output, at }) {
    return (await trace()).openOutput(output, at);
  },
  async engine({ seed, edits, run }) {
    return (await trace()).engine(await session.prepareTrace(), seed, edits, run);
  },
  async memory({ run, step, unit }) {
    return (await trace()).memory(run, step, unit);
  },
  async memories({ run, step, from, count }) {
    const tracer = await trace();
    return Array.from({ length: count }, (_, index) => tracer.memorySizes(run, step, from + index));
  },
  memoryCompared: ({ seed }) => inTurn(async () => (await import("./comparing.ts")).memoryOfCompared(seed)),
  async backward({ seed, edits, run }) {
    const { backwardOf } = await import("./backward.ts");
    const { scan, outputShapes } = (await trace()).scanOf(run);
    return backwardOf(await session.prepareTrace(), { seed, edits }, scan, outputShapes);
  },
  async openGradient({ layer, step, name, unit, allTerms }) {
    const opened = (await import("./backward.ts")).openBack(layer, step, name, unit);
    return allTerms ? opened : withFirstTerms(opened);
  },
  async save(format) {
    return (await import("./saving.ts")).bytesOf(session.need(), format);
  },
  async code(language) {
    return (await import("./saving.ts")).codeOf(session.need(), language);
  },
  async formulas(layer) {
    return (await import("./saving.ts")).formulasOf(session.need(), layer);
  },
  async table({ bytes, name }) {
    return (await import("./own-series.ts")).readTable(bytes, name);
  },
  async columns(names) {
    return (await import("./own-series.ts")).columnsOf(names);
  },
  async cut(request) {
    return (await import("./cut.ts")).cutFor(session.need(), request).view;
  },
  train: (request) =>
    start(
      trainer().then(({ startTraining }) =>
        startTraining(session.need(), request, (progress) => {
          session.weightsChanged();
          emit("train", progress);
        }),
      ),
    ),
  compare: (request) =>
    inTurn(async () => {
      const { compareModels } = await import("./comparing.ts");
      session.drawWeights();
      return compareModels(session.model, session.hasWeights, request);
    }),
  // Not in turn: whatever is asked for next, the weights are those of now.
  async keepRun({ id, epoch, batch }) {
    return keep(id, (await trainer()).restingModel(epoch, batch));
  },
  keepCompared: ({ id, run }) => keep(id, trainedCompared?.run === run ? trainedCompared.model : undefined),
  nameRun: ({ id, name }) => nameModel(id, name),
  takeRun: (id) =>
    inTurn(async () => {
      const model = keptModel(id);
      if (model === undefined) return false;
      await (await trainer()).takeWeights(session.need(), model);
      session.weightsChanged();
      return true;
    }),
  forgetRuns: (ids) => forgetModels(ids),
  quiz: (spec) =>
    inTurn(async () => {
      session.drawWeights();
      return (await import("./quizzing.ts")).startSet(spec);
    }),
  quizNext: () => inTurn(async () => (await import("./quizzing.ts")).nextQuestion()),
  async quizCheck({ number, answer }) {
    return (await import("./quizzing.ts")).checkQuizAnswer(number, answer);
  },
  async quizSolutions() {
    return (await import("./quizzing.ts")).solutions();
  },
  trainCompared: ({ index, id, ...request }) =>
    start(
      Promise.all([import("./comparing.ts"), trainer()]).then(([{ comparedModel }, { startTraining }]) => {
        const model = comparedModel(index);
        trainedCompared = { run: id, model };
        return startTraining(model, request, (progress) => {
          // The open model is one of them.
          session.weightsChanged();
          emit("compare", { id, progress });
        });
      }),
    ),
  async pace(pace) {
    await starting;
    (await trainer()).paceTraining(pace);
  },
  async stop() {
    await starting;
    (await trainer()).stopTraining();
  },
  async useCheckpoint(epoch) {
    (await trainer()).useCheckpoint(epoch);
  },
  async resetWeights() {
    await (await trainer()).resetWeights(session.need());
    session.weightsChanged();
  },
} satisfies LabWorker;

/** The methods, each of which may answer at once or later. */
type LabWorker = {
  [K in keyof LabMethods]: (
    argument: Parameters<LabMethods[K]>[0],
  ) => Awaited<ReturnType<LabMethods[K]>> | Promise<Awaited<ReturnType<LabMethods[K]>>>;
};

const emit = serve(methods, failureOf);
