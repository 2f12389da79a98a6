/** Models of cells that Keras does not have. Code cannot name them, so they are Keras's JSON, which a link holds as well. */

export interface OwnCell {
  readonly id: string;
  readonly className: string;
  readonly code: string;
}

export const ownCellModels: readonly OwnCell[] = [
  stackOf("peephole", "PeepholeLSTM"),
  stackOf("minimal", "MinimalGatedUnit"),
  stackOf("coupled", "CoupledLSTM"),
];

function stackOf(id: string, className: string): OwnCell {
  const layers = [
    { class_name: "InputLayer", config: { batch_shape: [null, 6, 3], name: "input" } },
    { class_name: className, config: { units: 4, name: id } },
    { class_name: "Dense", config: { units: 1, name: "dense" } },
  ];
  return {
    id,
    className,
    code: JSON.stringify({ class_name: "Sequential", config: { name: `${id}_cell`, layers } }, null, 2),
  };
}
