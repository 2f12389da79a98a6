/** How long the answer checker takes on a model of ten layers, also when there is nothing to find. `node bench/run.mjs answers` */
import { Random } from "../packages/unroll/src/core/random.ts";
import { checkAnswer } from "../packages/unroll/src/explain/answers/check.ts";
import { exerciseModel } from "../packages/unroll/src/explain/quiz/exercise-models.ts";

const random = new Random(5);
let model = exerciseModel(random, 4);
while (model.layers.length < 10) model = exerciseModel(random, 4);
const answers = [
  { total: 1 },
  { layer: model.layers.length - 1, params: 999_983 },
  { layer: model.layers.length - 2, shape: [null, 77, 3] },
];
const rounds = 20;
for (const answer of answers) {
  for (let warm = 0; warm < 5; warm++) checkAnswer(model, answer);
  const started = performance.now();
  for (let round = 0; round < rounds; round++) checkAnswer(model, answer);
  console.log(`${JSON.stringify(answer)}: ${((performance.now() - started) / rounds).toFixed(1)} ms an answer`);
}
