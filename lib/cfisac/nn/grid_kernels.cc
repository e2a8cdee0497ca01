// SPDX-License-Identifier: GPL-3.0-or-later
#include "grid_kernels.h"

#include "signal/simd.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace cfisac::nn::detail {

namespace {

using signal::Vector16;
using signal::vector_at;
using signal::vector_size;

// bfloat16 as its bits
using Bits = std::uint16_t;

CFISAC_INLINE void put(float value, float& out) { out = value; }

// rounded to the nearest, ties to even; values are finite
CFISAC_INLINE void put(float value, Bits& out)
{
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    out = static_cast<Bits>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

CFISAC_INLINE float get(float value) { return value; }

CFISAC_INLINE float get(Bits value)
{
    const std::uint32_t bits = static_cast<std::uint32_t>(value) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

// Calls run(pointer) with the tensor's memory as float or as bits of bfloat16.
template <typename Run>
void as_stored(const at::Tensor& tensor, Run run)
{
    TORCH_INTERNAL_ASSERT(tensor.is_contiguous());
    if (tensor.scalar_type() == at::kBFloat16) {
        run(static_cast<Bits*>(tensor.data_ptr()));
    } else {
        TORCH_INTERNAL_ASSERT(tensor.scalar_type() == at::kFloat);
        run(static_cast<float*>(tensor.data_ptr()));
    }
}

const float* floats(const at::Tensor& tensor)
{
    TORCH_INTERNAL_ASSERT(tensor.is_contiguous() && tensor.scalar_type() == at::kFloat);
    return static_cast<const float*>(tensor.data_ptr());
}

constexpr float smallest_illumination = 1e-6f; // over its mean
constexpr float largest_illumination = 3.0f;   // of half its logarithm

// `work` has cells (lines + 4) floats
template <typename Out>
CFISAC_INLINE void features_of_plane(const float* power,
                                     const float* illumination,
                                     const float* directions,
                                     std::int64_t cells,
                                     std::int64_t lines,
                                     float* work,
                                     Out* out)
{
    double total = 0.0;
    for (std::int64_t c = 0; c < cells; c++) {
        total += illumination[c];
    }
    const auto mean = std::max(static_cast<float>(total / cells), 1e-37f);
    const auto middle = 0.5f * static_cast<float>(lines - 1);
    const auto step = 2.0f / static_cast<float>(lines);
    Vector16 ramp;
    for (std::int64_t k = 0; k < vector_size; k++) {
        ramp[k] = (static_cast<float>(k) - middle) * step;
    }
    float* const __restrict sum = work;
    float* const __restrict largest = sum + cells;
    float* const __restrict mean_line = largest + cells;
    float* const __restrict relative = mean_line + cells;
    float* const __restrict logarithms = relative + cells;
    for (std::int64_t c = 0; c < cells; c++) {
        const float* cell = power + c * lines;
        Vector16 sums{}, peaks{}, weights{}, moments{}, place = ramp;
        for (std::int64_t f = 0; f < lines; f += vector_size) {
            Vector16 value{};
            if (f + vector_size <= lines) {
                value = vector_at(cell + f);
            } else {
                for (std::int64_t k = 0; k < lines - f; k++) {
                    value[k] = cell[f + k];
                }
            }
            const Vector16 square = value * value;
            sums += value;
            peaks = value > peaks ? value : peaks;
            weights += square;
            moments += square * place;
            place += static_cast<float>(vector_size) * step;
        }
        const auto add = [](float x, float y) { return x + y; };
        sum[c] = signal::reduce(sums, add);
        largest[c] =
            signal::reduce(peaks, [](float x, float y) { return std::max(x, y); });
        mean_line[c] =
            signal::reduce(moments, add) / std::max(signal::reduce(weights, add), 1e-12f);
        relative[c] = std::max(illumination[c] / mean, smallest_illumination);
    }
    // whole arrays, so that the logarithms are vectors
    for (std::int64_t k = 0; k < cells * lines; k++) {
        logarithms[k] = 0.5f * signal::logarithm(1.0f + power[k]);
    }
    for (std::int64_t c = 0; c < cells; c++) {
        sum[c] = 0.5f * signal::logarithm(1.0f + sum[c]);
        largest[c] = 0.5f * signal::logarithm(1.0f + largest[c]);
        relative[c] = 0.5f * signal::logarithm(relative[c]);
    }
    for (std::int64_t c = 0; c < cells; c++) {
        Out* planes = out + c * (lines + 8);
        for (std::int64_t f = 0; f < lines; f++) {
            put(logarithms[c * lines + f], planes[f]);
        }
        planes += lines;
        put(sum[c], planes[0]);
        put(largest[c], planes[1]);
        put(mean_line[c], planes[2]);
        put(std::clamp(relative[c], -largest_illumination, largest_illumination),
            planes[3]);
        for (std::int64_t k = 0; k < 4; k++) {
            put(directions[4 * c + k], planes[4 + k]);
        }
    }
}

#define CFISAC_FEATURES(Out)                                                         \
    CFISAC_MULTIVERSION void features_of(const float* power,                         \
                                         const float* illumination,                  \
                                         const float* directions,                    \
                                         std::int64_t cells,                         \
                                         std::int64_t lines,                         \
                                         float* work,                                \
                                         Out* out)                                   \
    {                                                                                \
        features_of_plane(power, illumination, directions, cells, lines, work, out); \
    }
CFISAC_FEATURES(float)
CFISAC_FEATURES(Bits)
#undef CFISAC_FEATURES

// `work` has 2 channels floats
template <typename In, typename Out>
CFISAC_INLINE void normalise_plane(const In* plane,
                                   std::int64_t cells,
                                   std::int64_t channels,
                                   std::int64_t groups,
                                   const float* weight,
                                   const float* bias,
                                   double epsilon,
                                   float* __restrict work,
                                   Out* __restrict out)
{
    float* __restrict scale = work;
    float* __restrict shift = work + channels;
    const auto size = channels / groups;
    const double count = static_cast<double>(cells * size);
    std::fill(work, work + 2 * channels, 0.0f);
    for (std::int64_t c = 0; c < cells; c++) {
        for (std::int64_t h = 0; h < channels; h++) {
            shift[h] += get(plane[c * channels + h]);
        }
    }
    for (std::int64_t g = 0; g < groups; g++) {
        double sum = 0.0;
        for (std::int64_t h = g * size; h < (g + 1) * size; h++) {
            sum += shift[h];
        }
        std::fill(
            shift + g * size, shift + (g + 1) * size, static_cast<float>(sum / count));
    }
    for (std::int64_t c = 0; c < cells; c++) {
        for (std::int64_t h = 0; h < channels; h++) {
            const float distance = get(plane[c * channels + h]) - shift[h];
            scale[h] += distance * distance;
        }
    }
    for (std::int64_t g = 0; g < groups; g++) {
        double sum = 0.0;
        for (std::int64_t h = g * size; h < (g + 1) * size; h++) {
            sum += scale[h];
        }
        const double gain = 1.0 / std::sqrt(sum / count + epsilon);
        for (std::int64_t h = g * size; h < (g + 1) * size; h++) {
            scale[h] = static_cast<float>(gain) * weight[h];
            shift[h] = bias[h] - shift[h] * scale[h];
        }
    }
    for (std::int64_t c = 0; c < cells; c++) {
        for (std::int64_t h = 0; h < channels; h++) {
            put(std::max(get(plane[c * channels + h]) * scale[h] + shift[h], 0.0f),
                out[c * channels + h]);
        }
    }
}

#define CFISAC_NORMALISE(In, Out)                                              \
    CFISAC_MULTIVERSION void normalise_to(const In* plane,                     \
                                          std::int64_t cells,                  \
                                          std::int64_t channels,               \
                                          std::int64_t groups,                 \
                                          const float* weight,                 \
                                          const float* bias,                   \
                                          double epsilon,                      \
                                          float* work,                         \
                                          Out* out)                            \
    {                                                                          \
        normalise_plane(                                                       \
            plane, cells, channels, groups, weight, bias, epsilon, work, out); \
    }
CFISAC_NORMALISE(float, float)
CFISAC_NORMALISE(float, Bits)
CFISAC_NORMALISE(Bits, float)
CFISAC_NORMALISE(Bits, Bits)
#undef CFISAC_NORMALISE

#define CFISAC_ELEMENTWISE(Type)                                                  \
    CFISAC_MULTIVERSION void add_to(                                              \
        const Type* __restrict term, std::int64_t count, float* __restrict sum)   \
    {                                                                             \
        for (std::int64_t k = 0; k < count; k++) {                                \
            sum[k] += get(term[k]);                                               \
        }                                                                         \
    }                                                                             \
    CFISAC_MULTIVERSION void rectify_to(                                          \
        const float* __restrict values, std::int64_t count, Type* __restrict out) \
    {                                                                             \
        for (std::int64_t k = 0; k < count; k++) {                                \
            put(std::max(values[k], 0.0f), out[k]);                               \
        }                                                                         \
    }
CFISAC_ELEMENTWISE(float)
CFISAC_ELEMENTWISE(Bits)
#undef CFISAC_ELEMENTWISE

CFISAC_MULTIVERSION void lift_profile(const float* __restrict profile,
                                      const std::int32_t* __restrict line,
                                      const float* __restrict first,
                                      const float* __restrict second,
                                      std::int64_t velocities,
                                      float* __restrict out)
{
    for (std::int64_t v = 0; v < velocities; v++) {
        out[v] += first[v] * profile[line[v]] + second[v] * profile[line[v] + 1];
    }
}

CFISAC_MULTIVERSION void norms_of(const float* vectors,
                                  std::int64_t count,
                                  std::int64_t width,
                                  float* norms)
{
    for (std::int64_t k = 0; k < count; k++) {
        Vector16 sum{};
        std::int64_t i = 0;
        for (; i + vector_size <= width; i += vector_size) {
            const Vector16 values = vector_at(vectors + k * width + i);
            sum += values * values;
        }
        float rest = 0.0f;
        for (; i < width; i++) {
            rest += vectors[k * width + i] * vectors[k * width + i];
        }
        norms[k] = rest + signal::reduce(sum, [](float x, float y) { return x + y; });
    }
}

} // namespace

void squared_norms(const at::Tensor& vectors, float* norms)
{
    norms_of(floats(vectors), vectors.size(0), vectors.size(1), norms);
}

void add(const float* values, std::int64_t count, float* out)
{
    add_to(values, count, out);
}

void grid_features(const at::Tensor& power,
                   const at::Tensor& illumination,
                   const at::Tensor& directions,
                   const at::Tensor& out)
{
    const auto planes = power.size(0), cells = power.size(1), lines = power.size(2);
    thread_local std::vector<float> work;
    work.resize(cells * (lines + 4));
    as_stored(out, [&](auto* to) {
        for (std::int64_t p = 0; p < planes; p++) {
            features_of(floats(power) + p * cells * lines,
                        floats(illumination) + p * cells,
                        floats(directions) + p % directions.size(0) * cells * 4,
                        cells,
                        lines,
                        work.data(),
                        to + p * cells * (lines + 8));
        }
    });
}

void normalise(const at::Tensor& planes,
               std::int64_t groups,
               const at::Tensor& weight,
               const at::Tensor& bias,
               double epsilon,
               const at::Tensor& out)
{
    const auto size = planes.size(1) * planes.size(2);
    thread_local std::vector<float> work;
    work.resize(2 * planes.size(2));
    as_stored(planes, [&](const auto* from) {
        as_stored(out, [&](auto* to) {
            for (std::int64_t p = 0; p < planes.size(0); p++) {
                normalise_to(from + p * size,
                             planes.size(1),
                             planes.size(2),
                             groups,
                             floats(weight),
                             floats(bias),
                             epsilon,
                             work.data(),
                             to + p * size);
            }
        });
    });
}

void accumulate(const at::Tensor& sum, const at::Tensor& term)
{
    as_stored(term, [&](const auto* from) {
        add_to(from, sum.numel(), const_cast<float*>(floats(sum)));
    });
}

void rectify(const at::Tensor& values, const at::Tensor& out)
{
    as_stored(out, [&](auto* to) { rectify_to(floats(values), values.numel(), to); });
}

Lift::Lift(const at::Tensor& weights)
    : d_velocities(weights.size(1)), d_lines(weights.size(2))
{
    const auto rows = weights.to(at::kCPU, at::kFloat).flatten(0, 1).contiguous();
    const auto* row = floats(rows);
    for (std::int64_t k = 0; k < rows.size(0); k++, row += d_lines) {
        const auto found =
            std::find_if(row, row + d_lines, [](float weight) { return weight != 0.0f; });
        // The last line has no neighbour above: it is then the second of the two.
        const auto line = std::clamp<std::int64_t>(
            found - row, 0, std::max<std::int64_t>(d_lines - 2, 0));
        TORCH_INTERNAL_ASSERT(std::all_of(row + std::min(line + 2, d_lines),
                                          row + d_lines,
                                          [](float weight) { return weight == 0.0f; }));
        d_line.push_back(static_cast<std::int32_t>(line));
        d_first.push_back(row[line]);
        d_second.push_back(d_lines > 1 ? row[line + 1] : 0.0f);
    }
}

void Lift::add(std::int64_t place,
               const float* profiles,
               std::int64_t count,
               float* out) const
{
    const auto at = place * d_velocities;
    for (std::int64_t k = 0; k < count; k++) {
        lift_profile(profiles + k * d_lines,
                     d_line.data() + at,
                     d_first.data() + at,
                     d_second.data() + at,
                     d_velocities,
                     out + k * d_velocities);
    }
}

} // namespace cfisac::nn::detail
