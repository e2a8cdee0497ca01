// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SIMD_H
#define CFISAC_SIGNAL_SIMD_H

#include "multiversion.h"

#include <cstdint>
#include <cstring>

namespace cfisac::signal {

//! Sixteen floats; what a processor does not have as one register the compiler splits.
typedef float Vector16 __attribute__((vector_size(64), aligned(4), may_alias));
constexpr std::int64_t vector_size = 16;

//! The next multiple of vector_size.
constexpr std::int64_t padded(std::int64_t count)
{
    return (count + vector_size - 1) / vector_size * vector_size;
}

CFISAC_INLINE const Vector16& vector_at(const float* values)
{
    return *reinterpret_cast<const Vector16*>(values);
}

CFISAC_INLINE Vector16& vector_at(float* values)
{
    return *reinterpret_cast<Vector16*>(values);
}

/*! combine(…combine(values[0], values[8])…) over all sixteen, halving the vector each time: sums
 * and maxima without sixteen steps that wait for each other.
 */
template <typename Combine>
CFISAC_INLINE float reduce(const Vector16& values, Combine combine)
{
    float half[8];
    for (int k = 0; k < 8; k++) {
        half[k] = combine(values[k], values[k + 8]);
    }
    for (int k = 0; k < 4; k++) {
        half[k] = combine(half[k], half[k + 4]);
    }
    return combine(combine(half[0], half[2]), combine(half[1], half[3]));
}

/*! Natural logarithm of a positive, normal number; relative error below 2e-7 (polynomial in
 * (m - 1) / (m + 1) of the mantissa between 1/sqrt(2) and sqrt(2)). Without branches, so that
 * loops over it are vectorised.
 */
CFISAC_INLINE float logarithm(float value)
{
    std::int32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    constexpr std::int32_t half_root = 0x3f3504f3; // sqrt(1/2)
    const std::int32_t exponent = (bits - half_root) >> 23;
    bits -= exponent * (1 << 23);
    float mantissa;
    std::memcpy(&mantissa, &bits, sizeof mantissa);
    const float z = (mantissa - 1.0f) / (mantissa + 1.0f);
    const float square = z * z;
    const float series =
        2.0f +
        square * (0.6666666667f +
                  square * (0.4f + square * (0.2857142857f + square * 0.2222222222f)));
    return z * series + static_cast<float>(exponent) * 0.6931471806f;
}

} // namespace cfisac::signal

#endif
