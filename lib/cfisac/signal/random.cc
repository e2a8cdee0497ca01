// SPDX-License-Identifier: GPL-3.0-or-later
#include "random_cuda.h"
#include "streams.h"
#include <array>
#include <cfisac/signal/random.h>
#include <cmath>
#include <stdexcept>

namespace cfisac::signal {

namespace {

constexpr std::int64_t word_mask = 0xFFFFFFFFLL;

// The same words with tensor operations, for any device. A 32 × 32 bit product wraps
// around int64; its bits are right all the same, and the mask after the shift removes the
// sign.
at::Tensor words_on_device(std::uint64_t seed,
                           const std::vector<std::int64_t>& frames,
                           std::uint32_t purpose,
                           std::int64_t blocks,
                           at::Device device)
{
    const auto batch = static_cast<std::int64_t>(frames.size());
    const auto options = at::TensorOptions().dtype(at::kLong).device(device);
    const auto frame =
        at::from_blob(const_cast<std::int64_t*>(frames.data()), {batch, 1}, at::kLong)
            .to(device, at::kLong, /*non_blocking=*/false, /*copy=*/true);
    std::array<at::Tensor, 4> counter = {
        at::arange(blocks, options).unsqueeze(0).expand({batch, blocks}),
        at::full({1, 1}, static_cast<std::int64_t>(purpose), options),
        frame.bitwise_and(word_mask),
        frame.bitwise_right_shift(32).bitwise_and(word_mask)};
    auto key_0 = static_cast<std::uint32_t>(seed);
    auto key_1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < philox_rounds; round++) {
        const auto product_0 = counter[0] * std::int64_t(philox_multiplier_0);
        const auto product_1 = counter[2] * std::int64_t(philox_multiplier_1);
        const auto high_0 = product_0.bitwise_right_shift(32).bitwise_and(word_mask);
        const auto high_1 = product_1.bitwise_right_shift(32).bitwise_and(word_mask);
        counter = {high_1.bitwise_xor(counter[1]).bitwise_xor(std::int64_t(key_0)),
                   product_1.bitwise_and(word_mask),
                   high_0.bitwise_xor(counter[3]).bitwise_xor(std::int64_t(key_1)),
                   product_0.bitwise_and(word_mask)};
        key_0 += philox_weyl_0;
        key_1 += philox_weyl_1;
    }
    for (auto& word : counter) {
        word = word.expand({batch, blocks});
    }
    return at::stack({counter[0], counter[1], counter[2], counter[3]}, -1);
}

std::int64_t product(at::IntArrayRef sizes)
{
    std::int64_t count = 1;
    for (const auto size : sizes) {
        count *= size;
    }
    return count;
}

std::vector<std::int64_t> with_batch(std::int64_t batch, at::IntArrayRef sizes)
{
    std::vector<std::int64_t> all = {batch};
    all.insert(all.end(), sizes.begin(), sizes.end());
    return all;
}

std::int64_t blocks_for(std::int64_t words) { return (words + 3) / 4; }

// [B, blocks, 4] → [B, count]
at::Tensor first_words(const at::Tensor& blocks, std::int64_t count)
{
    return blocks.flatten(1).slice(1, 0, count);
}

// Words to the open interval (0, 1): the middles of 2^32 equal steps.
at::Tensor to_unit_interval(const at::Tensor& words)
{
    return words.to(at::kDouble).add(0.5).mul(0x1p-32);
}

// Box and Muller with tensor operations, for devices without kernels of our own.
at::Tensor to_complex_normal(const at::Tensor& words, double deviation)
{
    const auto pairs = to_unit_interval(words);
    const auto radius = pairs.select(-1, 0).log().neg_().sqrt_().mul_(deviation);
    return at::polar(radius, pairs.select(-1, 1).mul(2.0 * M_PI));
}

template <typename Real>
void fill_complex_normal(const Random& random,
                         Purpose purpose,
                         double deviation,
                         at::Tensor& out)
{
    auto* values = reinterpret_cast<Real*>(out.data_ptr<c10::complex<Real>>());
    parallel_draws(
        random,
        purpose,
        out.numel() / random.batch(),
        [&](const Stream& stream,
            std::int64_t first,
            std::int64_t count,
            std::int64_t place) {
            host::draw_complex_normal(
                stream, first, count, static_cast<Real>(deviation), values + 2 * place);
        });
}

} // namespace

Random::Random(std::uint64_t seed, std::vector<std::int64_t> frames)
    : d_seed(seed), d_frames(std::move(frames))
{
    if (d_frames.empty()) {
        throw std::invalid_argument("random draws need at least one frame, got none");
    }
}

Random Random::range(std::uint64_t seed, std::int64_t first, std::int64_t count)
{
    std::vector<std::int64_t> frames;
    for (std::int64_t k = 0; k < count; k++) {
        frames.push_back(first + k);
    }
    return Random(seed, std::move(frames));
}

at::Tensor Random::words(Purpose purpose, at::IntArrayRef sizes, at::Device device) const
{
    const auto options = at::TensorOptions().dtype(at::kLong).device(device);
    if (device.is_cpu()) {
        auto result = at::empty(with_batch(batch(), sizes), options);
        auto* out = result.data_ptr<std::int64_t>();
        for_each_word(
            *this,
            purpose,
            product(sizes),
            [out](std::uint32_t word, std::int64_t place) { out[place] = word; });
        return result;
    }
    if constexpr (built_with_cuda) {
        if (device.is_cuda()) {
            auto result = at::empty(with_batch(batch(), sizes), options);
            cuda::draw_words(*this, purpose, result);
            return result;
        }
    }
    return words_by_tensor_operations(purpose, sizes, device);
}

at::Tensor Random::words_by_tensor_operations(Purpose purpose,
                                              at::IntArrayRef sizes,
                                              at::Device device) const
{
    const auto count = product(sizes);
    return first_words(words_on_device(d_seed,
                                       d_frames,
                                       static_cast<std::uint32_t>(purpose),
                                       blocks_for(count),
                                       device),
                       count)
        .reshape(with_batch(batch(), sizes));
}

at::Tensor Random::uniform(Purpose purpose,
                           at::IntArrayRef sizes,
                           const at::TensorOptions& options) const
{
    const auto type = c10::typeMetaToScalarType(options.dtype());
    const auto device = options.device();
    if (device.is_cpu()) {
        auto result = at::empty(with_batch(batch(), sizes), at::kDouble);
        auto* out = result.data_ptr<double>();
        for_each_word(*this,
                      purpose,
                      product(sizes),
                      [out](std::uint32_t word, std::int64_t place) {
                          out[place] = unit_interval(word);
                      });
        return result.to(type);
    }
    if constexpr (built_with_cuda) {
        if (device.is_cuda()) {
            auto result =
                at::empty(with_batch(batch(), sizes), options.dtype(at::kDouble));
            cuda::draw_uniform(*this, purpose, result);
            return result.to(type);
        }
    }
    return to_unit_interval(words(purpose, sizes, device)).to(type);
}

at::Tensor Random::complex_normal(Purpose purpose,
                                  at::IntArrayRef sizes,
                                  const at::TensorOptions& options,
                                  double deviation) const
{
    const auto type = at::toComplexType(c10::typeMetaToScalarType(options.dtype()));
    const auto device = options.device();
    if (device.is_cpu()) {
        auto result = at::empty(with_batch(batch(), sizes), type);
        if (type == at::kComplexFloat) {
            fill_complex_normal<float>(*this, purpose, deviation, result);
        } else {
            fill_complex_normal<double>(*this, purpose, deviation, result);
        }
        return result;
    }
    if constexpr (built_with_cuda) {
        if (device.is_cuda()) {
            auto result = at::empty(with_batch(batch(), sizes), options.dtype(type));
            cuda::draw_complex_normal(*this, purpose, deviation, result);
            return result;
        }
    }
    return to_complex_normal(words(purpose, {product(sizes), 2}, device), deviation)
        .to(type)
        .reshape(with_batch(batch(), sizes));
}

at::Tensor Random::normal(Purpose purpose,
                          at::IntArrayRef sizes,
                          const at::TensorOptions& options) const
{
    const auto count = product(sizes);
    return at::view_as_real(complex_normal(purpose, {(count + 1) / 2}, options, M_SQRT2))
        .flatten(1)
        .slice(1, 0, count)
        .reshape(with_batch(batch(), sizes));
}

} // namespace cfisac::signal
