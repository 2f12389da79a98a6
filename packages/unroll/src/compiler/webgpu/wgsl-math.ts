/**
 * The functions that equations use, as WGSL: exp, log, tanh, sigmoid, erf, with the polynomials of vector-math.ts. WGSL has most of
 * them, but lets them be off by more than Keras's numbers allow (log by 2⁻²¹ near 1). Nothing here counts on rounding tricks
 * that a driver's freedom to reorder sums would undo.
 */

/** c[0] + c[1]·x + c[2]·x² ... */
function polynomial(x: string, coefficients: readonly number[]): string {
  const [first, ...others] = coefficients;
  return others.length === 0 ? number(first!) : `fma(${polynomial(x, others)}, ${x}, ${number(first!)})`;
}

/** The largest float32. */
const largest = (2 - 2 ** -23) * 2 ** 127;

/**
 * WGSL has no infinities: the largest numbers stand for them, which is the same to the maxima and comparisons that they are
 * written for.
 */
export function finite(value: number): number {
  return Math.min(Math.max(value, -largest), largest);
}

/** A number as WGSL. */
export function number(value: number): string {
  const kept = finite(value);
  if (Object.is(kept, -0)) return "(-0f)";
  return kept < 0 ? `(${kept}f)` : `${kept}f`;
}

function oddRational(limit: number, numerator: readonly number[], denominator: readonly number[]): string {
  return `  let clamped = clamp(x, ${number(-limit)}, ${number(limit)});
  let square = clamped * clamped;
  let ratio = clamped * ${polynomial("square", numerator)} / ${polynomial("square", denominator)};
  return clamp(ratio, -1f, 1f);`;
}

/** By name; each takes and gives one f32. */
const functions: Readonly<Record<string, string>> = {
  unroll_exp: `  let inside = clamp(x, -87.3f, 88.8f);
  let n = min(round(inside * 1.442695f), 127f);
  let r = fma(n, 2.1219444005469057e-4f, fma(n, -0.693359375f, inside));
  let tail = ${polynomial("r", [5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.98756915e-4])};
  let mantissa = fma(tail, r * r, r) + 1f;
  return select(mantissa * bitcast<f32>((i32(n) + 127) << 23u), 0f, x < -87.3f);`,
  unroll_log: `  let tiny = x < 1.17549435e-38f;
  let bits = bitcast<i32>(select(x, x * 33554432f, tiny));
  let exponent = (bits - 0x3f3504f3) >> 23u;
  let e = f32(exponent - select(0, 25, tiny));
  let m = bitcast<f32>(bits - (exponent << 23u)) - 1f;
  let square = m * m;
  let tail = ${polynomial("m", [3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1, 1.167699874e-1, -1.151461031e-1, 7.0376836292e-2])};
  let low = fma(e, -2.1219444005469057e-4f, tail * m * square);
  let result = fma(e, 0.693359375f, m + fma(square, -0.5f, low));
  let special = select(0x7fc00000u, 0xff800000u, x == 0f);
  return bitcast<f32>(select(special, bitcast<u32>(result), x > 0f));`,
  unroll_sigmoid: "  return 1f / (1f + unroll_exp(-clamp(x, -87f, 88f)));",
  unroll_tanh: oddRational(
    7.905311107635498,
    [
      4.89352455891786e-3, 6.37261928875436e-4, 1.48572235717979e-5, 5.12229709037114e-8, -8.60467152213735e-11,
      2.00018790482477e-13, -2.76076847742355e-16,
    ],
    [4.89352518554385e-3, 2.268434632439e-3, 1.18534705686654e-4, 1.19825839466702e-6],
  ),
  unroll_erf: oddRational(
    4,
    [
      -1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6,
      2.77068142495902e-8, -2.72614225801306e-10,
    ],
    [-1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5],
  ),
};

/** The functions that some code calls, and those that they call. */
export function mathIn(code: string): string[] {
  const used = Object.keys(functions).filter((name) => code.includes(`${name}(`));
  const all = used.includes("unroll_sigmoid") && !used.includes("unroll_exp") ? ["unroll_exp", ...used] : used;
  return all.map((name) => `fn ${name}(x: f32) -> f32 {\n${functions[name]}\n}`);
}
