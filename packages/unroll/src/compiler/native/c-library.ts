/**
 * What the emitted C stands on: WebAssembly's instructions as small C functions, and the lines that make a file an addon that Node
 * loads. Node-API is declared by hand, five functions of its stable ABI, so that no headers need to be there.
 */

/** Needs LANES, the float32 numbers in a vector. */
export const prelude = `
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef int64_t word;
/* Addresses are numbers: what C says of pointers does not hold for them. */
typedef uintptr_t memory;
typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float loose_float __attribute__((aligned(1), may_alias));
typedef double loose_double __attribute__((aligned(1), may_alias));
typedef int32_t loose_integer __attribute__((aligned(1), may_alias));
#define INLINE static inline __attribute__((always_inline))
#define EACH(result, value) do { for (int l = 0; l < LANES; l++) (result)[l] = (value); } while (0)

INLINE vector splat(float x) { return x - (vector){0}; }
INLINE vector splat_bits(int32_t x) { return (vector)(x - (integers){0}); }

INLINE word i32_load(memory p) { return *(const loose_integer *)p; }
INLINE void i32_store(memory p, word x) { *(loose_integer *)p = (int32_t)x; }
INLINE word i32_eqz(word a) { return a == 0; }
INLINE word i32_eq(word a, word b) { return a == b; }
INLINE word i32_ne(word a, word b) { return a != b; }
INLINE word i32_lt_s(word a, word b) { return a < b; }
INLINE word i32_gt_s(word a, word b) { return a > b; }
INLINE word i32_le_s(word a, word b) { return a <= b; }
INLINE word i32_ge_s(word a, word b) { return a >= b; }
INLINE word i32_lt_u(word a, word b) { return (uint64_t)a < (uint64_t)b; }
INLINE word i32_gt_u(word a, word b) { return (uint64_t)a > (uint64_t)b; }
INLINE word i32_le_u(word a, word b) { return (uint64_t)a <= (uint64_t)b; }
INLINE word i32_ge_u(word a, word b) { return (uint64_t)a >= (uint64_t)b; }
INLINE word i32_add(word a, word b) { return a + b; }
INLINE word i32_sub(word a, word b) { return a - b; }
INLINE word i32_mul(word a, word b) { return a * b; }
INLINE word i32_div_u(word a, word b) { return (word)((uint32_t)a / (uint32_t)b); }
INLINE word i32_rem_u(word a, word b) { return (word)((uint32_t)a % (uint32_t)b); }
INLINE word i32_and(word a, word b) { return a & b; }
INLINE word i32_or(word a, word b) { return a | b; }
INLINE word i32_xor(word a, word b) { return a ^ b; }
INLINE word i32_shl(word a, word b) { return (int32_t)((uint32_t)a << b); }
INLINE word i32_shr_s(word a, word b) { return (int32_t)a >> b; }
INLINE word i32_shr_u(word a, word b) { return (word)((uint32_t)a >> b); }
INLINE word i32_trunc_sat_f32_s(float x) {
  return x != x ? 0 : x >= 2147483648.0f ? INT32_MAX : x < -2147483648.0f ? INT32_MIN : (int32_t)x;
}
INLINE word i32_reinterpret_f32(float x) { int32_t y; memcpy(&y, &x, 4); return y; }
#define select(a, b, condition) ((condition) ? (a) : (b))

INLINE float f32_load(memory p) { return *(const loose_float *)p; }
INLINE void f32_store(memory p, float x) { *(loose_float *)p = x; }
INLINE word f32_eq(float a, float b) { return a == b; }
INLINE word f32_ne(float a, float b) { return a != b; }
INLINE word f32_lt(float a, float b) { return a < b; }
INLINE word f32_gt(float a, float b) { return a > b; }
INLINE word f32_le(float a, float b) { return a <= b; }
INLINE word f32_ge(float a, float b) { return a >= b; }
INLINE float f32_abs(float a) { return fabsf(a); }
INLINE float f32_neg(float a) { return -a; }
INLINE float f32_ceil(float a) { return ceilf(a); }
INLINE float f32_floor(float a) { return floorf(a); }
INLINE float f32_trunc(float a) { return truncf(a); }
INLINE float f32_nearest(float a) { return rintf(a); }
INLINE float f32_sqrt(float a) { return sqrtf(a); }
INLINE float f32_add(float a, float b) { return a + b; }
INLINE float f32_sub(float a, float b) { return a - b; }
INLINE float f32_mul(float a, float b) { return a * b; }
INLINE float f32_div(float a, float b) { return a / b; }
INLINE float f32_min(float a, float b) { return a != a || b != b ? NAN : a < b || (a == b && signbit(a)) ? a : b; }
INLINE float f32_max(float a, float b) { return a != a || b != b ? NAN : a > b || (a == b && signbit(b)) ? a : b; }
INLINE float f32_convert_i32_s(word a) { return (float)(int32_t)a; }
INLINE float f32_demote_f64(double a) { return (float)a; }
INLINE float f32_reinterpret_i32(word a) { int32_t x = (int32_t)a; float y; memcpy(&y, &x, 4); return y; }
INLINE double f64_load(memory p) { return *(const loose_double *)p; }
INLINE void f64_store(memory p, double x) { *(loose_double *)p = x; }
INLINE double f64_add(double a, double b) { return a + b; }
INLINE double f64_sub(double a, double b) { return a - b; }
INLINE double f64_mul(double a, double b) { return a * b; }
INLINE double f64_div(double a, double b) { return a / b; }
INLINE double f64_promote_f32(float a) { return a; }

INLINE void prefetch(memory p) { __builtin_prefetch((const void *)p); }

INLINE vector v128_load(memory p) { return *(const loose *)p; }
INLINE void v128_store(memory p, vector x) { *(loose *)p = x; }
INLINE vector v128_load32_splat(memory p) { return splat(f32_load(p)); }
INLINE vector v128_load32_zero(memory p) { vector x = {0}; x[0] = f32_load(p); return x; }
#define v128_load32_lane(p, into, lane) ({ vector x = (into); x[lane] = f32_load(p); x; })
#define v128_store32_lane(p, value, lane) f32_store(p, (value)[lane])
INLINE vector v128_not(vector a) { return (vector)~(integers)a; }
INLINE vector v128_and(vector a, vector b) { return (vector)((integers)a & (integers)b); }
INLINE vector v128_andnot(vector a, vector b) { return (vector)((integers)a & ~(integers)b); }
INLINE vector v128_or(vector a, vector b) { return (vector)((integers)a | (integers)b); }
INLINE vector v128_xor(vector a, vector b) { return (vector)((integers)a ^ (integers)b); }
INLINE vector v128_bitselect(vector a, vector b, vector mask) {
  return (vector)(((integers)a & (integers)mask) | ((integers)b & ~(integers)mask));
}
INLINE word v128_any_true(vector a) { int32_t any = 0; for (int l = 0; l < LANES; l++) any |= ((integers)a)[l]; return any != 0; }
#define select_v128(a, b, condition) ((condition) ? (a) : (b))

INLINE vector f32x4_splat(float a) { return splat(a); }
#define f32x4_extract_lane(a, lane) ((a)[lane])
INLINE vector f32x4_eq(vector a, vector b) { return (vector)(a == b); }
INLINE vector f32x4_ne(vector a, vector b) { return (vector)(a != b); }
INLINE vector f32x4_lt(vector a, vector b) { return (vector)(a < b); }
INLINE vector f32x4_gt(vector a, vector b) { return (vector)(a > b); }
INLINE vector f32x4_le(vector a, vector b) { return (vector)(a <= b); }
INLINE vector f32x4_ge(vector a, vector b) { return (vector)(a >= b); }
INLINE vector f32x4_abs(vector a) { return v128_and(a, splat_bits(0x7fffffff)); }
INLINE vector f32x4_neg(vector a) { return v128_xor(a, splat(-0.0f)); }
INLINE vector f32x4_add(vector a, vector b) { return a + b; }
INLINE vector f32x4_sub(vector a, vector b) { return a - b; }
INLINE vector f32x4_mul(vector a, vector b) { return a * b; }
INLINE vector f32x4_div(vector a, vector b) { return a / b; }
INLINE vector f32x4_min(vector a, vector b) { vector r; EACH(r, f32_min(a[l], b[l])); return r; }
INLINE vector f32x4_max(vector a, vector b) { vector r; EACH(r, f32_max(a[l], b[l])); return r; }
#if defined(__x86_64__) && LANES == 16 && defined(__AVX512F__)
INLINE vector f32x4_pmin(vector a, vector b) { return (vector)_mm512_min_ps((__m512)b, (__m512)a); }
INLINE vector f32x4_pmax(vector a, vector b) { return (vector)_mm512_max_ps((__m512)b, (__m512)a); }
INLINE vector f32x4_sqrt(vector a) { return (vector)_mm512_sqrt_ps((__m512)a); }
INLINE vector f32x4_floor(vector a) { return (vector)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_ceil(vector a) { return (vector)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_trunc(vector a) { return (vector)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_nearest(vector a) { return (vector)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_convert_i32x4_s(vector a) { return (vector)_mm512_cvtepi32_ps((__m512i)a); }
INLINE vector f32x4_relaxed_madd(vector a, vector b, vector c) { return (vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vector f32x4_relaxed_nmadd(vector a, vector b, vector c) { return (vector)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif defined(__x86_64__) && LANES == 8 && defined(__AVX2__) && defined(__FMA__)
INLINE vector f32x4_pmin(vector a, vector b) { return (vector)_mm256_min_ps((__m256)b, (__m256)a); }
INLINE vector f32x4_pmax(vector a, vector b) { return (vector)_mm256_max_ps((__m256)b, (__m256)a); }
INLINE vector f32x4_sqrt(vector a) { return (vector)_mm256_sqrt_ps((__m256)a); }
INLINE vector f32x4_floor(vector a) { return (vector)_mm256_floor_ps((__m256)a); }
INLINE vector f32x4_ceil(vector a) { return (vector)_mm256_ceil_ps((__m256)a); }
INLINE vector f32x4_trunc(vector a) { return (vector)_mm256_round_ps((__m256)a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_nearest(vector a) { return (vector)_mm256_round_ps((__m256)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vector f32x4_convert_i32x4_s(vector a) { return (vector)_mm256_cvtepi32_ps((__m256i)a); }
INLINE vector f32x4_relaxed_madd(vector a, vector b, vector c) { return (vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vector f32x4_relaxed_nmadd(vector a, vector b, vector c) { return (vector)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#else
INLINE vector f32x4_pmin(vector a, vector b) { return v128_bitselect(b, a, f32x4_lt(b, a)); }
INLINE vector f32x4_pmax(vector a, vector b) { return v128_bitselect(b, a, f32x4_lt(a, b)); }
INLINE vector f32x4_sqrt(vector a) { vector r; EACH(r, sqrtf(a[l])); return r; }
INLINE vector f32x4_floor(vector a) { vector r; EACH(r, floorf(a[l])); return r; }
INLINE vector f32x4_ceil(vector a) { vector r; EACH(r, ceilf(a[l])); return r; }
INLINE vector f32x4_trunc(vector a) { vector r; EACH(r, truncf(a[l])); return r; }
INLINE vector f32x4_nearest(vector a) { vector r; EACH(r, rintf(a[l])); return r; }
INLINE vector f32x4_convert_i32x4_s(vector a) { vector r; EACH(r, (float)((integers)a)[l]); return r; }
#if defined(__FP_FAST_FMAF)
INLINE vector f32x4_relaxed_madd(vector a, vector b, vector c) { vector r; EACH(r, fmaf(a[l], b[l], c[l])); return r; }
INLINE vector f32x4_relaxed_nmadd(vector a, vector b, vector c) { vector r; EACH(r, fmaf(-a[l], b[l], c[l])); return r; }
#else
INLINE vector f32x4_relaxed_madd(vector a, vector b, vector c) { return a * b + c; }
INLINE vector f32x4_relaxed_nmadd(vector a, vector b, vector c) { return c - a * b; }
#endif
#endif

#define WHOLE(name, expression) INLINE vector name(vector p, vector q) { integers a = (integers)p, b = (integers)q; return (vector)(expression); }
WHOLE(i32x4_eq, a == b)
WHOLE(i32x4_lt_s, a < b)
WHOLE(i32x4_gt_s, a > b)
WHOLE(i32x4_add, a + b)
WHOLE(i32x4_sub, a - b)
WHOLE(i32x4_mul, a * b)
INLINE vector i32x4_splat(word a) { return splat_bits((int32_t)a); }
INLINE vector i32x4_shl(vector a, word n) { return (vector)((integers)a << (int)n); }
INLINE vector i32x4_shr_s(vector a, word n) { return (vector)((integers)a >> (int)n); }
#define i32x4_extract_lane(a, lane) ((word)((integers)(a))[lane])
INLINE vector i32x4_trunc_sat_f32x4_s(vector a) { integers r; EACH(r, (int32_t)i32_trunc_sat_f32_s(a[l])); return (vector)r; }

INLINE float lanes_sum(vector a) {
  for (int width = LANES / 2; width > 0; width /= 2) for (int l = 0; l < width; l++) a[l] += a[l + width];
  return a[0];
}
INLINE float lanes_max(vector a) { float r = a[0]; for (int l = 1; l < LANES; l++) r = f32_max(r, a[l]); return r; }
INLINE vector lanes_sin(vector a) { vector r; EACH(r, (float)sin(a[l])); return r; }
INLINE vector lanes_cos(vector a) { vector r; EACH(r, (float)cos(a[l])); return r; }
/* NumPy's 1 for 1^nan and x^0 is also C's. */
INLINE vector lanes_pow(vector a, vector b) { vector r; EACH(r, (float)pow(a[l], b[l])); return r; }
INLINE void lanes_store_first(memory p, vector x, word count) { memcpy((void *)p, &x, 4 * (size_t)count); }
INLINE vector lanes_gather(memory p, word stride, word count) {
  vector r = {0};
  for (word l = 0; l < count; l++) r[l] = f32_load(p + l * stride);
  return r;
}
INLINE void lanes_scatter(memory p, vector x, word stride, word count) {
  for (word l = 0; l < count; l++) f32_store(p + l * stride, x[l]);
}
`;

/**
 * The end of the file: Node-API's entry, `allocate(bytes)` and `addressOf(what it gives)` beside the exported functions, which
 * take an address: any thread of the process may call them.
 */
export function addon(exported: readonly { readonly name: string; readonly callee: string }[]): string {
  return `
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
typedef void (*napi_finalize)(napi_env, void *, void *);
int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
int napi_get_value_double(napi_env, napi_value, double *);
int napi_create_double(napi_env, double, napi_value *);
int napi_get_arraybuffer_info(napi_env, napi_value, void **, size_t *);
int napi_create_external_arraybuffer(napi_env, void *, size_t, napi_finalize, void *, napi_value *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

static napi_value argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value = NULL;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  return value;
}
static void release(napi_env env, void *data, void *hint) { free(data); }
/* Zeros from a cache line on; undefined where there is not so much memory. */
static napi_value allocate(napi_env env, napi_callback_info info) {
  double bytes = 0;
  napi_value buffer = NULL;
  napi_get_value_double(env, argument(env, info), &bytes);
  size_t size = ((size_t)bytes + 63) / 64 * 64;
  void *data = aligned_alloc(64, size);
  if (data == NULL) return NULL;
  memset(data, 0, size);
  fill((memory)data);
  napi_create_external_arraybuffer(env, data, size, release, NULL, &buffer);
  return buffer;
}
/* Addresses of processes have 47 bits, or 56: a double holds those exactly, for they are multiples of 64. */
static napi_value address_of(napi_env env, napi_callback_info info) {
  void *data = NULL;
  size_t size;
  napi_value address = NULL;
  napi_get_arraybuffer_info(env, argument(env, info), &data, &size);
  napi_create_double(env, (double)(memory)data, &address);
  return address;
}
static memory memory_of(napi_env env, napi_callback_info info) {
  double address = 0;
  napi_get_value_double(env, argument(env, info), &address);
  return (memory)address;
}
${exported
  .map(
    ({ name, callee }) =>
      `static napi_value call_${name}(napi_env env, napi_callback_info info) { ${callee}(memory_of(env, info)); return NULL; }`,
  )
  .join("\n")}
static void give(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function = NULL;
  napi_create_function(env, name, strlen(name), callback, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}
__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  give(env, exports, "allocate", allocate);
  give(env, exports, "addressOf", address_of);
${exported.map(({ name }) => `  give(env, exports, "${name}", call_${name});`).join("\n")}
  return exports;
}
`;
}
