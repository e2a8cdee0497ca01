// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/Parallel.h>
#include <array>
#include <cfisac/signal/random.h>
#include <cmath>
#include <stdexcept>

namespace cfisac::signal {

namespace {

using Words = std::array<std::uint32_t, 4>;

constexpr std::uint32_t multiplier_0 = 0xD2511F53U;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57U;
constexpr std::uint32_t weyl_0 = 0x9E3779B9U;
constexpr std::uint32_t weyl_1 = 0xBB67AE85U;
constexpr int rounds = 10;
constexpr std::int64_t word_mask = 0xFFFFFFFFLL;

Words philox(Words counter, std::uint32_t key_0, std::uint32_t key_1)
{
    for (int round = 0; round < rounds; round++) {
        const std::uint64_t product_0 = std::uint64_t(multiplier_0) * counter[0];
        const std::uint64_t product_1 = std::uint64_t(multiplier_1) * counter[2];
        counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key_0,
                   static_cast<std::uint32_t>(product_1),
                   static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key_1,
                   static_cast<std::uint32_t>(product_0)};
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
    return counter;
}

// Blocks of four words for every frame, in a plain loop: [B, blocks, 4].
at::Tensor words_on_host(std::uint64_t seed,
                         const std::vector<std::int64_t>& frames,
                         std::uint32_t purpose,
                         std::int64_t blocks)
{
    const auto batch = static_cast<std::int64_t>(frames.size());
    auto result = at::empty({batch, blocks, 4}, at::kLong);
    auto* out = result.data_ptr<std::int64_t>();
    at::parallel_for(0, batch * blocks, 4096, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            const auto frame = static_cast<std::uint64_t>(frames[k / blocks]);
            const Words words = philox({static_cast<std::uint32_t>(k % blocks),
                                        purpose,
                                        static_cast<std::uint32_t>(frame),
                                        static_cast<std::uint32_t>(frame >> 32)},
                                       static_cast<std::uint32_t>(seed),
                                       static_cast<std::uint32_t>(seed >> 32));
            for (int w = 0; w < 4; w++) {
                out[4 * k + w] = words[w];
            }
        }
    });
    return result;
}

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
    for (int round = 0; round < rounds; round++) {
        const auto product_0 = counter[0] * std::int64_t(multiplier_0);
        const auto product_1 = counter[2] * std::int64_t(multiplier_1);
        const auto high_0 = product_0.bitwise_right_shift(32).bitwise_and(word_mask);
        const auto high_1 = product_1.bitwise_right_shift(32).bitwise_and(word_mask);
        counter = {high_1.bitwise_xor(counter[1]).bitwise_xor(std::int64_t(key_0)),
                   product_1.bitwise_and(word_mask),
                   high_0.bitwise_xor(counter[3]).bitwise_xor(std::int64_t(key_1)),
                   product_0.bitwise_and(word_mask)};
        key_0 += weyl_0;
        key_1 += weyl_1;
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
at::Tensor to_unit_interval(const at::Tensor& words, at::ScalarType type)
{
    return words.to(type).add(0.5).mul(0x1p-32);
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
    if (!device.is_cpu()) {
        return words_by_tensor_operations(purpose, sizes, device);
    }
    const auto count = product(sizes);
    return first_words(words_on_host(d_seed,
                                     d_frames,
                                     static_cast<std::uint32_t>(purpose),
                                     blocks_for(count)),
                       count)
        .reshape(with_batch(batch(), sizes));
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
    return to_unit_interval(words(purpose, sizes, options.device()), at::kDouble)
        .to(type);
}

at::Tensor Random::complex_normal(Purpose purpose,
                                  at::IntArrayRef sizes,
                                  const at::TensorOptions& options) const
{
    // Box and Muller: a Rayleigh radius and a uniform phase from two words.
    const auto type = c10::typeMetaToScalarType(options.dtype());
    const auto pairs =
        to_unit_interval(words(purpose, {product(sizes), 2}, options.device()), type);
    const auto radius = pairs.select(-1, 0).log().neg_().sqrt_();
    const auto phase = pairs.select(-1, 1).mul(2.0 * M_PI);
    return at::polar(radius, phase).reshape(with_batch(batch(), sizes));
}

at::Tensor Random::normal(Purpose purpose,
                          at::IntArrayRef sizes,
                          const at::TensorOptions& options) const
{
    const auto count = product(sizes);
    const auto pairs =
        at::view_as_real(complex_normal(purpose, {(count + 1) / 2}, options))
            .mul(M_SQRT2);
    return pairs.reshape({batch(), -1})
        .slice(1, 0, count)
        .reshape(with_batch(batch(), sizes));
}

} // namespace cfisac::signal
