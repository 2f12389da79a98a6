/**
 * The functions that equations use and machines lack, as float32x4 code: exp, log, tanh, sigmoid, erf, sin, cos, sign, pow.
 * Each takes code and gives code, setting locals of the function being written. Errors are a few units in the last place
 * (vector-math.test.ts sweeps them); infinities, overflow and not-a-number behave as in Math.
 */
import { type FunctionBuilder, f32x4, f64x2, i32x4, lanewise, type V128, v128 } from "./assembler.ts";

/** ln 2 in two parts; the first has so few digits that its multiples by an exponent are exact. */
const ln2High = 0.693359375;
const ln2Low = -2.1219444005469057e-4;
/** Adding it to |x| < 2^22 rounds x to a whole number, which is then in the low bits. */
const roundingMagic = 12582912;

/** c[0] + c[1]·x + c[2]·x² ... */
function polynomial(f: FunctionBuilder, x: V128, coefficients: readonly number[]): V128 {
  let sum: V128 = f.splat(coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f.madd(sum, x, f.splat(coefficients[i]!));
  return sum;
}

/**
 * e^x, or e^-x with `negate` at no extra cost. Overflows to infinity, underflows to 0.
 * Source: Cephes expf (Moshier), range reduction by ln 2 and a polynomial of degree 6 on ±ln 2 / 2.
 */
export function exp(f: FunctionBuilder, x: V128, negate = false): V128 {
  const sign = negate ? -1 : 1;
  const [low, high] = negate ? [-88.8, 88] : [-88, 88.8];
  const clamped = f.let(f32x4.pmin(f32x4.pmax(x, f.splat(low)), f.splat(high)));
  // Beyond 127 the exponent would no longer be a number's; the polynomial then reaches the rest of the way to infinity.
  const rounded = f.let(
    f32x4.pmin(f.madd(clamped, f.splat(sign * Math.LOG2E), f.splat(roundingMagic)), f.splat(roundingMagic + 127)),
  );
  const n = f.let(f32x4.sub(rounded, f.splat(roundingMagic)));
  // With `negate` this is minus the remainder, and odd coefficients change their sign instead.
  const partly = f.madd(n, f.splat(-sign * ln2High), clamped);
  const r = f.let(f.madd(n, f.splat(-sign * ln2Low), partly));
  const tail = polynomial(f, r, [
    5.0000001201e-1,
    sign * 1.6666665459e-1,
    4.1665795894e-2,
    sign * 8.3334519073e-3,
    1.3981999507e-3,
    sign * 1.98756915e-4,
  ]);
  const square = f32x4.mul(r, r);
  const mantissa = f32x4.add(f.madd(tail, square, sign === 1 ? r : f32x4.neg(r)), f.splat(1));
  const scale = i32x4.add(i32x4.shl(rounded, 23), f.splatI32(0x3f800000));
  return f32x4.mul(mantissa, scale);
}

/**
 * 1 / (1 + e^-x), as 1 / (1 + 2^t) with t = -x · log2(e). Its relative error grows with |x| as that of rounding x does, so one
 * part of log2(e) is enough. The magic number carries the exponent's bias: shifted, the sum is 2^n, or infinity for n = 128.
 * Source: a polynomial of degree 5 for 2^r on ±½ with the least relative error, 1.1e-7.
 */
export function sigmoid(f: FunctionBuilder, x: V128): V128 {
  const magic = f.splat(roundingMagic + 127);
  const clamped = f.let(f32x4.pmin(f32x4.pmax(x, f.splat(-89)), f.splat(88)));
  const biased = f.let(f.madd(clamped, f.splat(-Math.LOG2E), magic));
  const r = f.let(f.madd(clamped, f.splat(-Math.LOG2E), f32x4.sub(magic, biased)));
  const power = polynomial(
    f,
    r,
    [1, 0.6931470036506653, 0.24022242426872253, 0.05550733581185341, 0.009671512991189957, 0.001326472731307149],
  );
  return f32x4.div(f.splat(1), f.madd(power, i32x4.shl(biased, 23), f.splat(1)));
}

/** A rational of degrees 13 and 6 that reaches exactly ±1 at its clamp, which depends on how sums are rounded. Source: the coefficients of Eigen's fast float tanh. */
export function tanh(f: FunctionBuilder, x: V128): V128 {
  return oddRational(
    f,
    x,
    f.machine.fused ? 7.998811721801758 : 7.905311107635498,
    [
      4.89352455891786e-3, 6.37261928875436e-4, 1.48572235717979e-5, 5.12229709037114e-8, -8.60467152213735e-11,
      2.00018790482477e-13, -2.76076847742355e-16,
    ],
    [4.89352518554385e-3, 2.268434632439e-3, 1.18534705686654e-4, 1.19825839466702e-6],
  );
}

/** The error function as a rational of degrees 13 and 8. Source: the coefficients of Eigen's float erf before version 3.5. */
export function erf(f: FunctionBuilder, x: V128): V128 {
  const ratio = oddRational(
    f,
    x,
    4,
    [
      -1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6,
      2.77068142495902e-8, -2.72614225801306e-10,
    ],
    [-1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5],
  );
  // Its last bit may lie beyond 1.
  return f32x4.pmin(f32x4.pmax(ratio, f.splat(-1)), f.splat(1));
}

/** x · P(x²) / Q(x²), with x kept within ±limit. */
function oddRational(
  f: FunctionBuilder,
  x: V128,
  limit: number,
  numerator: readonly number[],
  denominator: readonly number[],
): V128 {
  const clamped = f.let(f32x4.pmin(f32x4.pmax(x, f.splat(-limit)), f.splat(limit)));
  const square = f.let(f32x4.mul(clamped, clamped));
  return f32x4.div(f32x4.mul(clamped, polynomial(f, square, numerator)), polynomial(f, square, denominator));
}

/** x = mantissa · 2^exponent with the mantissa in [√½, √2), for x > 0, subnormal numbers too. The exponent is a whole-number vector. */
function splitExponent(f: FunctionBuilder, x: V128): { mantissa: V128; exponent: V128 } {
  const value = f.let(x);
  const tiny = f.let(f32x4.lt(value, f.splat(1.17549435e-38)));
  const bits = f.let(v128.bitselect(f32x4.mul(value, f.splat(33554432)), value, tiny));
  const exponent = f.let(i32x4.shrS(i32x4.sub(bits, f.splatI32(0x3f3504f3)), 23));
  const mantissa = i32x4.sub(bits, i32x4.shl(exponent, 23));
  return { mantissa, exponent: i32x4.sub(exponent, v128.and(tiny, f.splatI32(25))) };
}

/**
 * Natural logarithm; log(0) = -∞, not a number below.
 * Source: Cephes logf, a polynomial of degree 9 on the mantissa in [√½, √2).
 */
export function log(f: FunctionBuilder, x: V128): V128 {
  const value = f.let(x);
  const { mantissa, exponent } = splitExponent(f, value);
  const e = f.let(f32x4.convertI32x4(exponent));
  const m = f.let(f32x4.sub(mantissa, f.splat(1)));
  const square = f.let(f32x4.mul(m, m));
  const tail = polynomial(
    f,
    m,
    [
      3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
      1.167699874e-1, -1.151461031e-1, 7.0376836292e-2,
    ],
  );
  const low = f.madd(e, f.splat(ln2Low), f32x4.mul(f32x4.mul(tail, m), square));
  const rest = f.madd(square, f.splat(-0.5), low);
  const result = f.let(f.madd(e, f.splat(ln2High), f32x4.add(m, rest)));
  // +∞ and not-a-number are their own logarithms; 0 gives -∞; what lies below gives not-a-number.
  const finite = f.let(f32x4.lt(value, f.splat(Number.POSITIVE_INFINITY)));
  const atZero = v128.bitselect(f.splat(Number.NEGATIVE_INFINITY), f.splat(Number.NaN), f32x4.eq(value, f.splat(0)));
  const special = v128.bitselect(atZero, value, finite);
  return v128.bitselect(result, special, v128.and(finite, f32x4.gt(value, f.splat(0))));
}

/** -1, 0, 1, or not a number. */
export function sign(f: FunctionBuilder, x: V128): V128 {
  const value = f.let(x);
  const signed = v128.or(v128.and(value, f.splat(-0)), f.splat(1));
  return v128.bitselect(signed, value, f32x4.gt(f32x4.abs(value), f.splat(0)));
}

export function sin(f: FunctionBuilder, x: V128): V128 {
  if (f.machine.target === "c") return lanewise.sin(x);
  return circular(f, x, 0);
}

export function cos(f: FunctionBuilder, x: V128): V128 {
  if (f.machine.target === "c") return lanewise.cos(x);
  return circular(f, x, 1);
}

/**
 * sin(x + shift · π/2). The range is reduced in float64, so that arguments up to a million keep full float32 accuracy.
 * Source: the kernels of Cephes sinf and cosf; π/2 in two parts as in fdlibm's __ieee754_rem_pio2.
 */
function circular(f: FunctionBuilder, x: V128, shift: 0 | 1): V128 {
  const value = f.let(x);
  const half = (words: V128): { rest: V128; quadrant: V128 } => {
    const wide = f.let(f64x2.promoteLow(words));
    const turns = f.let(f64x2.nearest(f64x2.mul(wide, f.splatF64(2 / Math.PI))));
    const partly = f64x2.sub(wide, f64x2.mul(turns, f.splatF64(1.5707963267341256)));
    return {
      rest: f64x2.demoteZero(f64x2.sub(partly, f64x2.mul(turns, f.splatF64(6.077100506506192e-11)))),
      quadrant: f64x2.truncSatZero(turns),
    };
  };
  const low = half(value);
  const high = half(v128.shuffle(value, value, [2, 3, 2, 3]));
  const join = (a: V128, b: V128): V128 => v128.shuffle(a, b, [0, 1, 4, 5]);
  const r = f.let(join(low.rest, high.rest));
  const quadrant = f.let(i32x4.add(join(low.quadrant, high.quadrant), f.splatI32(shift)));
  const square = f.let(f32x4.mul(r, r));
  const sine = f.madd(
    f32x4.mul(polynomial(f, square, [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4]), square),
    r,
    r,
  );
  const cosine = f.madd(
    polynomial(f, square, [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5]),
    f32x4.mul(square, square),
    f.madd(square, f.splat(-0.5), f.splat(1)),
  );
  const odd = i32x4.eq(v128.and(quadrant, f.splatI32(1)), f.splatI32(1));
  const magnitude = v128.bitselect(cosine, sine, odd);
  const flip = i32x4.shl(v128.and(quadrant, f.splatI32(2)), 30);
  return v128.xor(magnitude, flip);
}

/**
 * x^y with Math.pow's special cases (but 1^y = 1 for every y, as NumPy). The logarithm is taken in float64, so that large
 * results stay accurate; constant exponents that products or roots can do never come here.
 */
export function pow(f: FunctionBuilder, x: V128, y: V128): V128 {
  if (f.machine.target === "c") return lanewise.pow(x, y);
  const base = f.let(x);
  const power = f.let(y);
  const size = f.let(f32x4.abs(base));
  const { mantissa, exponent } = splitExponent(f, size);
  const m = f.let(mantissa);
  const e = f.let(exponent);
  const half = (words: (v: V128) => V128): { fraction: V128; whole: V128 } => {
    const wide = f.let(f64x2.promoteLow(words(m)));
    const s = f.let(f64x2.div(f64x2.sub(wide, f.splatF64(1)), f64x2.add(wide, f.splatF64(1))));
    const square = f.let(f64x2.mul(s, s));
    const series = polynomialF64(
      f,
      square,
      [0, 1, 2, 3, 4, 5, 6, 7].map((k) => (2 * Math.LOG2E) / (2 * k + 1)),
    );
    const log2 = f64x2.add(f64x2.convertLowI32x4(words(e)), f64x2.mul(s, series));
    const product = f64x2.mul(log2, f64x2.promoteLow(words(power)));
    const t = f.let(f64x2.pmin(f64x2.pmax(product, f.splatF64(-300)), f.splatF64(300)));
    const n = f.let(f64x2.nearest(t));
    const r = f.let(f64x2.sub(t, n));
    let factorial = 1;
    const twoToR = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((k) => {
      if (k > 0) factorial *= k;
      return Math.LN2 ** k / factorial;
    });
    return { fraction: f64x2.demoteZero(polynomialF64(f, r, twoToR)), whole: f64x2.truncSatZero(n) };
  };
  const low = half((v) => v);
  const high = half((v) => v128.shuffle(v, v, [2, 3, 2, 3]));
  const join = (a: V128, b: V128): V128 => v128.shuffle(a, b, [0, 1, 4, 5]);
  const n = f.let(join(low.whole, high.whole));
  // 2^n as a product of three, so that subnormal results and overflow come out right.
  const third = f.let(i32x4.shrS(i32x4.mul(n, f.splatI32(21846)), 16));
  const powerOfTwo = (k: V128): V128 => i32x4.shl(i32x4.add(k, f.splatI32(127)), 23);
  const scale = f.let(powerOfTwo(third));
  const last = powerOfTwo(i32x4.sub(n, i32x4.shl(third, 1)));
  const computed = f32x4.mul(f32x4.mul(f32x4.mul(join(low.fraction, high.fraction), last), scale), scale);

  const infinity = f.splat(Number.POSITIVE_INFINITY);
  const nan = f.splat(Number.NaN);
  const rising = f32x4.gt(power, f.splat(0));
  const atZero = v128.bitselect(f.splat(0), infinity, rising);
  const atInfinity = v128.bitselect(infinity, f.splat(0), rising);
  let result: V128 = f.let(computed);
  result = f.let(v128.bitselect(atZero, result, f32x4.eq(size, f.splat(0))));
  result = f.let(v128.bitselect(atInfinity, result, f32x4.eq(size, infinity)));
  // A negative base has a result for whole powers only, and an odd power keeps its sign. Infinite powers count as even.
  const whole = f32x4.eq(f32x4.floor(power), power);
  const halved = f.let(f32x4.mul(power, f.splat(0.5)));
  const odd = v128.andnot(whole, f32x4.eq(f32x4.floor(halved), halved));
  const signed = v128.xor(result, v128.and(v128.and(odd, base), f.splat(-0)));
  const hasNoResult = v128.andnot(v128.and(f32x4.lt(base, f.splat(0)), f32x4.lt(size, infinity)), whole);
  result = f.let(v128.bitselect(nan, signed, hasNoResult));
  const unordered = v128.or(f32x4.ne(base, base), f32x4.ne(power, power));
  result = f.let(v128.bitselect(nan, result, unordered));
  const one = v128.or(f32x4.eq(base, f.splat(1)), f32x4.eq(power, f.splat(0)));
  return v128.bitselect(f.splat(1), result, one);
}

function polynomialF64(f: FunctionBuilder, x: V128, coefficients: readonly number[]): V128 {
  let sum: V128 = f.splatF64(coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f64x2.add(f64x2.mul(sum, x), f.splatF64(coefficients[i]!));
  return sum;
}
