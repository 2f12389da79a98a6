/** Whether a count or shape that the user worked out is the layer's. */
import { explainModel, formatShape, type Model, UnrollError } from "./library.ts";

export function checkText(model: Model, layer: string, answer: string): { right: boolean; message: string } {
  const explained = explainModel(model).layers.find(({ name }) => name === layer);
  const numbers = answer.match(/none|-?\d[\d,_ ]*/gi) ?? [];
  const isShape = /[([,].*[)\]]|none/i.test(answer.trim());
  if (numbers.length === 0) {
    throw new UnrollError({
      code: "usage",
      path: "answer",
      expected: "the answer must be a count or a shape",
      received: answer,
      hint: "Write 132, or (None, 30, 4).",
    });
  }
  if (isShape) {
    const given = answer.split(/[^0-9a-z]+/i).filter((part) => part !== "");
    const shape = explained?.outputs[0]?.result ?? [];
    const right = given.length === shape.length && shape.every((size, i) => String(size ?? "none") === given[i]!.toLowerCase());
    return { right, message: right ? `Yes: ${formatShape(shape)}.` : `No: ${answer.trim()} is not the shape of ${layer}.` };
  }
  const given = Number(answer.replace(/[^0-9.-]/g, ""));
  const result = explained?.count.result ?? model.countParams();
  const right = given === result;
  return { right, message: right ? `Yes: ${given.toLocaleString("en-US")}.` : `No: ${given.toLocaleString("en-US")} is not the count of ${layer}.` };
}
