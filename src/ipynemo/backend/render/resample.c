/* A plane of bytes drawn at another scale, from any place below one pixel: straight lines between four neighbours.
 *
 * Whole numbers only, so that every compiler and every processor gives the same bytes: across in 64ths of a pixel, down
 * in 32768ths. The places are told by the caller (`native.py`), who also sees to it that nothing outside is read.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>

enum { SIDE = 16, GROUP = 4 }; /* samples a block, and those that one load of 16 bytes gives */

typedef struct {
  int32_t from[SIDE / GROUP];   /* the column that each load begins with */
  uint8_t even[32], odd[32];    /* which bytes are the neighbours of samples 0–3 and 8–11, and of 4–7 and 12–15 */
  int8_t weights[32];           /* of each pair of neighbours, 64 in all */
} Block;

const char *ipynemo_source(void) { return IPYNEMO_SOURCE; }

int ipynemo_can(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}

static void prepare(Block *block, const int32_t *columns, const uint8_t *parts) {
  memset(block->even, 0x80, sizeof block->even); /* 0x80: nothing */
  memset(block->odd, 0x80, sizeof block->odd);
  for (int group = 0; group < SIDE / GROUP; group++) {
    const int32_t first = columns[group * GROUP];
    uint8_t *mask = (group % 2 ? block->odd + 8 : block->even) + (group / 2) * 16;
    block->from[group] = first;
    for (int n = 0; n < GROUP; n++) {
      const int at = group * GROUP + n;
      mask[2 * n] = (uint8_t)(columns[at] - first);
      mask[2 * n + 1] = (uint8_t)(columns[at] - first + 1);
      block->weights[2 * at] = (int8_t)(64 - parts[at]);
      block->weights[2 * at + 1] = (int8_t)parts[at];
    }
  }
}

__attribute__((target("avx2"))) static inline __m256i across(const uint8_t *row, const Block *block) {
  const __m256i even = _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(row + block->from[0]))),
      _mm_loadu_si128((const __m128i *)(row + block->from[2])), 1);
  const __m256i odd = _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(row + block->from[1]))),
      _mm_loadu_si128((const __m128i *)(row + block->from[3])), 1);
  const __m256i pairs =
      _mm256_or_si256(_mm256_shuffle_epi8(even, _mm256_loadu_si256((const __m256i *)block->even)),
                      _mm256_shuffle_epi8(odd, _mm256_loadu_si256((const __m256i *)block->odd)));
  return _mm256_maddubs_epi16(pairs, _mm256_loadu_si256((const __m256i *)block->weights));
}

/* Draw `height` rows of `width` samples, at least 16. Sample (n, m) lies parts[n] / 64 of the way from column
 * columns[n] to the next, and shares[m] / 32768 from row rows[m] to the next. Four columns that follow each other are at
 * most 14 pixels apart, and 16 bytes from each of them can be read. Returns 0, or 1 where there is no memory. */
__attribute__((target("avx2"))) int ipynemo_resample(const uint8_t *source, ptrdiff_t stride, const int32_t *columns,
                                                     const uint8_t *parts, const int32_t *rows, const int16_t *shares,
                                                     int32_t width, int32_t height, uint8_t *out, ptrdiff_t out_stride) {
  const int32_t count = (width + SIDE - 1) / SIDE;
  Block *blocks = malloc((size_t)count * sizeof *blocks);
  if (!blocks) return 1;
  for (int32_t n = 0; n < count; n++) {
    const int32_t first = n + 1 < count ? n * SIDE : width - SIDE; /* the last one may draw some samples once more */
    prepare(blocks + n, columns + first, parts + first);
  }
  const __m256i half = _mm256_set1_epi16(32);
  for (int32_t m = 0; m < height; m++) {
    const uint8_t *above = source + rows[m] * stride, *below = above + stride;
    const __m256i share = _mm256_set1_epi16(shares[m]);
    uint8_t *row = out + m * out_stride;
    for (int32_t n = 0; n < count; n++) {
      const __m256i upper = across(above, blocks + n), lower = across(below, blocks + n);
      const __m256i both = _mm256_add_epi16(upper, _mm256_mulhrs_epi16(_mm256_sub_epi16(lower, upper), share));
      const __m256i whole = _mm256_srai_epi16(_mm256_add_epi16(both, half), 6);
      const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(whole, whole), 0x08);
      _mm_storeu_si128((__m128i *)(row + (n + 1 < count ? n * SIDE : width - SIDE)), _mm256_castsi256_si128(bytes));
    }
  }
  free(blocks);
  return 0;
}

#else

const char *ipynemo_source(void) { return IPYNEMO_SOURCE; }
int ipynemo_can(void) { return 0; }

#endif
