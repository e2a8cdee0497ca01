// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>
#include <cfisac/nn/architecture.h>

#include <cstdint>

namespace cfisac::nn {

/*!
 * Elements of a latent that is not quantized, as words of 16 bits that travel in place of
 * indices: the bits of IEEE 754 binary16, one word for each element, or of binary32, two
 * words, the less significant one first.
 */
class LatentWords
{
public:
    static constexpr int64_t bits = 16;                  //!< of a word
    static constexpr int64_t range = int64_t{1} << bits; //!< every word is below this

    //! \throws std::invalid_argument for `quantized`, which has no words
    explicit LatentWords(Latents type);

    //! Words that an element of a latent takes.
    int64_t words_per_element() const { return d_type == Latents::float16 ? 1 : 2; }

    /*!
     * [B, E] float32 → words [B, E · words_per_element] int64. Exact for float32, to the
     * nearest for float16 (of two equally near to the even one).
     *
     * \throws std::invalid_argument for float16 naming a value that is not within
     * ±65504, the largest of its numbers
     */
    at::Tensor to_words(const at::Tensor& values) const;

    /*!
     * Words [B, E · words_per_element] int64, each in [0, 65536) → [B, E] float32; some
     * words give NaN or infinity.
     */
    at::Tensor from_words(const at::Tensor& words) const;

    //! Whether the words are in range and give finite values.
    bool accepts(const at::Tensor& words) const;

private:
    Latents d_type;
};

} // namespace cfisac::nn
