// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_RANDOM_H
#define INCLUDED_CFISAC_SIGNAL_RANDOM_H

#include <ATen/ATen.h>
#include <cstdint>
#include <vector>

namespace cfisac::signal {

//! What a random value is for. The numbers are part of the generator: never renumber.
enum class Purpose : std::uint32_t {
    payload = 1,
    user_position = 2,
    user_phase = 3,
    user_multipath_gain = 4,
    user_multipath_direction = 5,
    user_multipath_delay = 6,
    user_multipath_azimuth = 7,
    target_position = 16,
    target_velocity = 17,
    target_reflection = 18,
    clutter_position = 24,
    clutter_velocity = 25,
    clutter_reflection = 26,
    timing_offset = 32,
    frequency_offset = 33,
    sensing_noise = 40,
    user_noise = 41,
    training = 64
};

/*! Counter-based random draws: (seed, frame, purpose, position) → value.
 *
 * The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011) with the seed as its key and (position, purpose, frame) as its
 * counter. A draw therefore depends on nothing else: not on the device, the batch a frame
 * is in, the number of threads or earlier draws. float32 and float64 draws are the same
 * values to float32's precision.
 *
 * Every function returns [frame, sizes...] on the device of `options`.
 */
class Random
{
public:
    //! \param frames frame numbers, one for each entry of the batch
    Random(std::uint64_t seed, std::vector<std::int64_t> frames);
    //! The frames first, first + 1, …, first + count - 1.
    static Random range(std::uint64_t seed, std::int64_t first, std::int64_t count);

    //! That everything is drawn from.
    std::uint64_t seed() const { return d_seed; }
    //! Numbers of the frames of the batch.
    const std::vector<std::int64_t>& frames() const { return d_frames; }
    //! B
    std::int64_t batch() const { return static_cast<std::int64_t>(d_frames.size()); }

    //! Uniform 32-bit words, as int64 in [0, 2^32).
    at::Tensor words(Purpose purpose, at::IntArrayRef sizes, at::Device device) const;
    //! The same words by tensor operations alone: what `words` does on other devices than
    //! the processor.
    at::Tensor words_by_tensor_operations(Purpose purpose,
                                          at::IntArrayRef sizes,
                                          at::Device device) const;
    //! Uniform in (0, 1).
    at::Tensor uniform(Purpose purpose,
                       at::IntArrayRef sizes,
                       const at::TensorOptions& options) const;
    //! Gaussian with zero mean and unit variance.
    at::Tensor normal(Purpose purpose,
                      at::IntArrayRef sizes,
                      const at::TensorOptions& options) const;
    //! Circular complex Gaussian with variance `deviation`²; `options` has the real type,
    //! float32 or float64.
    at::Tensor complex_normal(Purpose purpose,
                              at::IntArrayRef sizes,
                              const at::TensorOptions& options,
                              double deviation = 1.0) const;

private:
    std::uint64_t d_seed;
    std::vector<std::int64_t> d_frames;
};

} // namespace cfisac::signal

#endif
