/** The lab's screens, one after the other, as a stranger uses them. What holds on all of them is in lab.test.ts. */
import { describe } from "vitest";
import { compareTests } from "./compare.ts";
import { countTests } from "./count.ts";
import { documentTests } from "./documents.ts";
import { lookTests } from "./looks.ts";
import { modelTests } from "./model.ts";
import { quizTests } from "./quiz.ts";
import { runTests } from "./runs.ts";
import { startTests } from "./start.ts";
import { stepTests } from "./step.ts";
import { stepCostTests } from "./step-cost.ts";
import { stepLightTests } from "./step-light.ts";
import { longStepTests } from "./step-long.ts";
import { stepViewTests } from "./step-views.ts";
import { describeLab } from "./suite.ts";
import { trainTests } from "./train.ts";
import { trainFocusTests } from "./train-focus.ts";

describeLab("the lab's screens", (lab) => {
  describe("Start", () => startTests(lab));
  describe("Model", () => modelTests(lab));
  describe("Documents", () => documentTests(lab));
  describe("Count", () => countTests(lab));
  describe("Compare", () => compareTests(lab));
  describe("Quiz", () => quizTests(lab));
  describe("Step", () => stepTests(lab));
  describe("Step, with every frame", () => stepCostTests(lab));
  describe("Step, what lights together", () => stepLightTests(lab));
  describe("Step, long series", () => longStepTests(lab));
  describe("Views of a step", () => stepViewTests(lab));
  describe("Train", () => trainTests(lab));
  describe("Train, by keyboard", () => trainFocusTests(lab));
  describe("Kept runs", () => runTests(lab));
  describe("Looks", () => lookTests(lab));
});
