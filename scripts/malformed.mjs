/** Requests that are wrong, of many kinds, drawn with a seed. Each must be answered with 4xx. */
import { postBytes } from "./load-client.mjs";

/** A small generator, so that a failure can be repeated with its seed. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Kinds by name; each gives the bytes to send, and says where the connection must be closed half way. */
function kinds({ model, input, timesteps, features }) {
  const predict = `/v1/models/${model}:predict`;
  const infer = `/v2/models/${model}/infer`;
  const row = Array.from({ length: timesteps }, () => new Array(features).fill(0.5));
  const good = JSON.stringify({ instances: [row] });
  const v1 = (body) => ({ bytes: postBytes(predict, body) });
  const json = (body) => v1(JSON.stringify(body));
  const v2 = (tensor, binary, headers = {}) => {
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: input, datatype: "FP32", ...tensor }] }));
    const body = binary === undefined ? head : Buffer.concat([head, binary]);
    const length = binary === undefined ? {} : { "inference-header-content-length": head.length };
    return { bytes: postBytes(infer, body, { ...length, ...headers }) };
  };
  const shape = [1, timesteps, features];
  const floats = (value) => Buffer.from(new Float32Array(timesteps * features).fill(value).buffer);
  const binary = { shape, parameters: { binary_data_size: timesteps * features * 4 } };
  return {
    "rank 1": (r) => json({ instances: new Array(1 + Math.floor(20 * r())).fill(1) }),
    "rank 5": () => json({ instances: [[[[[1]]]]] }),
    "wrong features": (r) => json({ instances: [row.map(() => new Array(1 + Math.floor(8 * r())).fill(1))] }),
    "wrong timesteps": (r) => json({ instances: [row.slice(0, Math.floor(timesteps * r()))] }),
    ragged: (r) => json({ instances: [row.with(Math.floor(timesteps * r()), [])] }),
    "NaN in JSON": () => v1(good.replace("0.5", "NaN")),
    "Infinity in bytes": () => v2(binary, floats(Number.POSITIVE_INFINITY)),
    "NaN in bytes": () => v2(binary, floats(Number.NaN)),
    "beyond float32": () => v1(good.replace("0.5", "1e300")),
    "null, text, objects": (r) => json({ instances: [[[null, "a", {}][Math.floor(3 * r())]]] }),
    "huge shape": (r) => v2({ shape: [2 ** Math.floor(40 * r() + 10), timesteps, features], data: [] }),
    "negative shape": () => v2({ shape: [-1, timesteps, features], data: [1] }),
    "huge shape in bytes": () => v2({ shape: [1e6, 1e6], parameters: { binary_data_size: 4 } }, Buffer.alloc(4)),
    "too few bytes": (r) => v2(binary, floats(1).subarray(0, Math.floor(r() * timesteps * features * 4))),
    "too many rows": () => json({ instances: new Array(5000).fill(0) }),
    "cut JSON": (r) => v1(good.slice(0, Math.floor(r() * (good.length - 1)))),
    "random bytes": (r) => v1(Buffer.from(Array.from({ length: 200 }, () => Math.floor(256 * r())))),
    "deep nesting": (r) => v1(`{"instances":${"[".repeat(Math.floor(20_000 * r()) + 9)}`),
    "no body": () => v1(""),
    "no such model": () => ({ bytes: postBytes("/v1/models/none:predict", good) }),
    "no such address": () => ({ bytes: postBytes("/v3/models", good) }),
    "bad address": () => ({ bytes: postBytes("/v1/models/%ff:predict", good) }),
    "MLflow without a form": () => ({ bytes: postBytes("/invocations", "{}", { "content-type": "application/json" }) }),
    "MLflow CSV of words": () => ({ bytes: postBytes("/invocations", "a,b\nx,y\n", { "content-type": "text/csv" }) }),
    compressed: () => ({ bytes: postBytes(predict, good, { "content-encoding": "gzip" }) }),
    "too long": () => ({ bytes: postBytes(predict, "", { "content-length": 2 ** 40 }), ends: true }),
    "truncated body": (r) => {
      const { bytes } = v1(good);
      return { bytes: bytes.subarray(0, bytes.length - 1 - Math.floor(r() * good.length)), half: true, ends: true };
    },
    "broken HTTP": () => ({ bytes: Buffer.from("POST nonsense\r\n\r\n"), ends: true }),
    "endless header": () => ({ bytes: Buffer.from(`GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`), ends: true }),
  };
}

/** Endless wrong requests `{ kind, bytes, half, ends }`; `ends`: the connection is of no use behind it. */
export function* malformed(facts, seed) {
  const random = generator(seed);
  const all = Object.entries(kinds(facts));
  for (;;) {
    const [kind, make] = all[Math.floor(all.length * random())];
    yield { kind, half: false, ends: false, ...make(random) };
  }
}
