// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_DRAWS_H
#define CFISAC_SIGNAL_DRAWS_H

#include "multiversion.h"
#include <cmath>
#include <cstdint>
#include <cstring>

/*! \file
 * Arithmetic of random draws and of phasors, the same on the processor and in CUDA
 * kernels. Written without branches, so that compilers turn loops over it into vector
 * code.
 */

namespace cfisac::signal {

//! What a draw depends on besides its position: one stream of words.
struct Stream {
    std::uint64_t seed;
    std::uint64_t frame;
    std::uint32_t purpose;
};

struct PhiloxWords {
    std::uint32_t w0, w1, w2, w3;
};

constexpr int philox_rounds = 10;
constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53U;
constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57U;
constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9U;
constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85U;

template <int rounds_left>
CFISAC_INLINE PhiloxWords philox_after(PhiloxWords c,
                                       std::uint32_t key_0,
                                       std::uint32_t key_1)
{
    const std::uint64_t product_0 = std::uint64_t(philox_multiplier_0) * c.w0;
    const std::uint64_t product_1 = std::uint64_t(philox_multiplier_1) * c.w2;
    const PhiloxWords next = {static_cast<std::uint32_t>(product_1 >> 32) ^ c.w1 ^ key_0,
                              static_cast<std::uint32_t>(product_1),
                              static_cast<std::uint32_t>(product_0 >> 32) ^ c.w3 ^ key_1,
                              static_cast<std::uint32_t>(product_0)};
    if constexpr (rounds_left == 1) {
        return next;
    } else {
        return philox_after<rounds_left - 1>(
            next, key_0 + philox_weyl_0, key_1 + philox_weyl_1);
    }
}

//! Philox 4x32-10: the four words number 4 `block` to 4 `block` + 3 of a stream.
CFISAC_INLINE PhiloxWords philox(const Stream& stream, std::uint32_t block)
{
    return philox_after<philox_rounds>({block,
                                        stream.purpose,
                                        static_cast<std::uint32_t>(stream.frame),
                                        static_cast<std::uint32_t>(stream.frame >> 32)},
                                       static_cast<std::uint32_t>(stream.seed),
                                       static_cast<std::uint32_t>(stream.seed >> 32));
}

//! Middle of step `word` of 2^32 equal steps over the open interval (0, 1).
CFISAC_INLINE double unit_interval(std::uint32_t word)
{
    return (static_cast<double>(word) + 0.5) * 0x1p-32;
}

CFISAC_INLINE std::uint32_t float_bits(float value)
{
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

CFISAC_INLINE float bits_float(std::uint32_t bits)
{
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/*! -ln(unit_interval(word)), relative error below 3e-7 for every word: near one the
 * distance from one is kept, which the float32 nearest to the number would lose.
 */
CFISAC_INLINE float minus_log(std::uint32_t word)
{
    constexpr std::uint32_t root_half = 0x3F3504F3U; // bits of sqrt(1/2)
    const bool upper = static_cast<std::int32_t>(word) < 0;
    const float to_end =
        (static_cast<float>(static_cast<std::int32_t>(upper ? ~word : word)) + 0.5f) *
        0x1p-32f;
    const float value = upper ? 1.0f - to_end : to_end;
    // value = 2^exponent (1 + f) with 1 + f between sqrt(1/2) and sqrt(2)
    const std::int32_t exponent =
        static_cast<std::int32_t>(float_bits(value) - root_half) >> 23;
    const float mantissa =
        bits_float(float_bits(value) - (static_cast<std::uint32_t>(exponent) << 23));
    const float f = upper && exponent == 0 ? -to_end : mantissa - 1.0f;
    // ln(1 + f) = f - f²/2 + f³ p(f), with p fitted for the least largest error
    float p = -0.078595981f;
    p = p * f + 0.128816500f;
    p = p * f - 0.131287605f;
    p = p * f + 0.141811922f;
    p = p * f - 0.166245535f;
    p = p * f + 0.200022861f;
    p = p * f - 0.250008106f;
    p = p * f + 0.333333164f;
    const float rest = f * f * (p * f - 0.5f);
    constexpr float ln_2 = 0.693147181f;
    return -(f + (rest + static_cast<float>(exponent) * ln_2));
}

struct Phasor {
    float re, im;
};

//! exp(j2π turns) for |turns| ≤ 1/2, within 2e-7.
CFISAC_INLINE Phasor turn_phasor(float turns)
{
    // Adding 1.5 · 2^23 rounds to whole quarters, whose number ends up in the last bits.
    constexpr float magic = 0x1.8p23f;
    const float shifted = turns * 4.0f + magic;
    const std::uint32_t quarter = float_bits(shifted);
    const float a = turns - (shifted - magic) * 0.25f;
    const float z = a * a;
    // sin(2πa) / a and (cos(2πa) - 1) / a², fitted for the least largest error
    const float sine =
        a * (((-75.4020691f * z + 81.5925522f) * z - 41.3416634f) * z + 6.28318548f);
    const float cosine =
        1.0f +
        z * (((59.2459603f * z - 85.4437408f) * z + 64.9393234f) * z - 19.7392082f);
    const bool odd = (quarter & 1U) != 0;
    const std::uint32_t re = float_bits(odd ? sine : cosine);
    const std::uint32_t im = float_bits(odd ? cosine : sine);
    return {bits_float(re ^ (((quarter + 1U) & 2U) << 30)),
            bits_float(im ^ ((quarter & 2U) << 30))};
}

//! exp(j2π turns) of a phase in float64, of which only the fraction counts.
CFISAC_INLINE Phasor turn_phasor(double turns)
{
    constexpr double magic = 0x1.8p52;
    return turn_phasor(static_cast<float>(turns - ((turns + magic) - magic)));
}

//! Circular complex Gaussian with variance `scale`² by Box and Muller: a Rayleigh radius
//! and a uniform phase from two words.
CFISAC_INLINE Phasor complex_gaussian(std::uint32_t radius_word,
                                      std::uint32_t phase_word,
                                      float scale)
{
    const float radius = scale * sqrtf(minus_log(radius_word));
    // As a signed number the word counts turns from -1/2 to 1/2.
    const auto phase = turn_phasor(
        (static_cast<float>(static_cast<std::int32_t>(phase_word)) + 0.5f) * 0x1p-32f);
    return {radius * phase.re, radius * phase.im};
}

} // namespace cfisac::signal

#endif
