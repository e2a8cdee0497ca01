// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_data.h"
#include "parallel.h"
#include "streams.h"
#include "transmitter_kernel.h"
#include <algorithm>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

std::string shape_text(const at::Tensor& tensor)
{
    std::string text = "[";
    for (std::int64_t k = 0; k < tensor.dim(); k++) {
        text += (k ? ", " : "") + std::to_string(tensor.size(k));
    }
    return text + "]";
}

void require_positive(double value, const char* name)
{
    if (!(value > 0.0) || !std::isfinite(value)) {
        throw std::invalid_argument(std::string(name) + " must be positive, got " +
                                    std::to_string(value));
    }
}

bool runs_on_host(const at::Tensor& tensor)
{
    return tensor.device().is_cpu() && at::isComplexType(tensor.scalar_type()) &&
           !(at::GradMode::is_enabled() && tensor.requires_grad());
}

constexpr std::int64_t most_users_on_host = 32; // beyond, a library is faster

// `mmse_precoder` of checked arguments on the processor.
template <typename Real>
at::Tensor mmse_on_host(const at::Tensor& channel,
                        const std::vector<double>& regularisations,
                        const std::vector<double>& power_w,
                        std::int64_t access_points)
{
    const auto batch = channel.size(0);
    const host::UserSizes sizes = {access_points,
                                   channel.size(2) / access_points,
                                   channel.size(3),
                                   0,
                                   channel.size(1)};
    const auto of_frame = [](const std::vector<double>& values, std::int64_t b) {
        return values[values.size() == 1 ? 0 : b];
    };
    const auto h = channel.resolve_conj().contiguous();
    auto result = at::empty(h.sizes(), h.scalar_type());
    const auto* in = complex_data<Real>(h);
    auto* out = complex_data<Real>(result);
    parallel_for(0, batch, [&](std::int64_t begin, std::int64_t end) {
        std::vector<std::complex<double>> unscaled(sizes.coefficients());
        for (std::int64_t b = begin; b < end; b++) {
            std::vector<double> power(access_points);
            for (std::int64_t s = 0; s < sizes.subcarriers; s += host::precoder_lanes) {
                host::mmse_subcarriers(sizes,
                                       in + b * sizes.coefficients(),
                                       of_frame(regularisations, b),
                                       s,
                                       unscaled.data(),
                                       power.data());
            }
            const double strongest = *std::max_element(power.begin(), power.end());
            const double scale = std::sqrt(of_frame(power_w, b) / strongest);
            for (std::int64_t k = 0; k < sizes.coefficients(); k++) {
                out[b * sizes.coefficients() + k] =
                    static_cast<std::complex<Real>>(unscaled[k] * scale);
            }
        }
    });
    return result;
}

// `precode` of complex64 on the processor.
at::Tensor precode_on_host(const at::Tensor& precoder,
                           const at::Tensor& symbols,
                           std::int64_t access_points)
{
    const auto batch = symbols.size(0);
    const host::UserSizes sizes = {access_points,
                                   precoder.size(2) / access_points,
                                   precoder.size(3),
                                   0,
                                   precoder.size(1)};
    const auto count = symbols.size(3);
    const auto w = precoder.resolve_conj().contiguous();
    const auto s = symbols.resolve_conj().contiguous();
    auto result =
        at::empty({batch, access_points, sizes.antennas, sizes.subcarriers, count},
                  at::kComplexFloat);
    const auto* weights = complex_data<float>(w);
    const auto* in = complex_data<float>(s);
    auto* out = complex_data<float>(result);
    const auto matrix = sizes.all_antennas() * sizes.users;
    parallel_for(0, batch * sizes.subcarriers, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            const auto b = k / sizes.subcarriers;
            const auto subcarrier = k % sizes.subcarriers;
            const auto of_precoder = w.size(0) == 1 ? subcarrier : k;
            host::precode_subcarrier(sizes,
                                     count,
                                     subcarrier,
                                     weights + of_precoder * matrix,
                                     in + b * sizes.users * sizes.subcarriers * count,
                                     out + b * sizes.all_antennas() * sizes.subcarriers *
                                               count);
        }
    });
    return result;
}

// The points of constellation().
std::vector<c10::complex<double>> constellation_points(Modulation modulation)
{
    const int bits = static_cast<int>(modulation);
    const int levels = 1 << (bits / 2);
    std::vector<c10::complex<double>> points;
    const auto level = [levels](int word) {
        // Gray code word → position on the axis → odd level.
        int position = 0;
        for (int mask = word; mask != 0; mask >>= 1) {
            position ^= mask;
        }
        return 2.0 * position - (levels - 1);
    };
    // Mean power of the square constellation with odd levels: 2 (levels² - 1) / 3.
    const double scale = std::sqrt(1.5 / (levels * levels - 1.0));
    for (int word = 0; word < (1 << bits); word++) {
        points.emplace_back(scale * level(word >> (bits / 2)),
                            scale * level(word & (levels - 1)));
    }
    return points;
}

} // namespace

at::Tensor mmse_precoder(const at::Tensor& channel,
                         double noise_w,
                         double power_w,
                         std::int64_t access_points)
{
    return mmse_precoder(channel, noise_w, std::vector<double>{power_w}, access_points);
}

at::Tensor mmse_precoder(const at::Tensor& channel,
                         double noise_w,
                         const std::vector<double>& power_w,
                         std::int64_t access_points)
{
    require_positive(noise_w, "noise power of the users in W");
    for (const auto power : power_w) {
        require_positive(power, "transmit power in W");
    }
    if (channel.dim() != 4 || access_points < 1 || channel.size(2) % access_points != 0) {
        throw std::invalid_argument(
            "channel must be [B, S, N·N_t, K] with N = " + std::to_string(access_points) +
            ", got " + shape_text(channel));
    }
    const auto frames = static_cast<std::int64_t>(power_w.size());
    if (frames != 1 && frames != channel.size(0)) {
        throw std::invalid_argument(std::to_string(frames) +
                                    " transmit powers for a channel " +
                                    shape_text(channel));
    }
    const auto subcarriers = channel.size(1);
    const auto users = channel.size(3);
    std::vector<double> regularisations;
    for (const auto power : power_w) {
        regularisations.push_back(users * noise_w * subcarriers /
                                  (access_points * power));
    }
    if (runs_on_host(channel) && users <= most_users_on_host) {
        return channel.scalar_type() == at::kComplexFloat
                   ? mmse_on_host<float>(channel, regularisations, power_w, access_points)
                   : mmse_on_host<double>(
                         channel, regularisations, power_w, access_points);
    }
    const auto of_frames = [&](const std::vector<double>& values) { // [B or 1, 1, 1, 1]
        return at::tensor(values, at::kDouble).to(channel.device()).view({-1, 1, 1, 1});
    };
    // The channel gains are tiny (path loss): the small system is solved in float64.
    const auto h = channel.to(at::kComplexDouble);
    const auto gram =
        at::matmul(h.mH(), h) + at::eye(users, h.options()) * of_frames(regularisations);
    const auto unscaled = at::matmul(h, std::get<0>(at::linalg_inv_ex(gram)));
    const auto power = at::view_as_real(unscaled)
                           .square()
                           .reshape({h.size(0), subcarriers, access_points, -1})
                           .sum({1, 3});
    const auto strongest = power.amax(1).view({-1, 1, 1, 1});
    const auto scale = (strongest.reciprocal() * of_frames(power_w)).sqrt();
    return (unscaled * scale).to(channel.scalar_type());
}

at::Tensor constellation(Modulation modulation)
{
    const auto points = constellation_points(modulation);
    return at::tensor(at::ArrayRef<c10::complex<double>>(points), at::kComplexDouble);
}

at::Tensor payload(const Layout& layout, const Random& random, at::ScalarType type)
{
    const auto& scenario = layout.scenario;
    const std::vector<std::int64_t> sizes = {
        scenario.users.count, layout.subcarriers(), layout.symbols()};
    if (layout.device.is_cpu() && type == at::kFloat) {
        std::vector<c10::complex<float>> points;
        for (const auto& point : constellation_points(scenario.waveform.modulation)) {
            points.emplace_back(point);
        }
        auto result =
            at::empty({random.batch(), sizes[0], sizes[1], sizes[2]}, at::kComplexFloat);
        auto* out = result.data_ptr<c10::complex<float>>();
        for_each_word(random,
                      Purpose::payload,
                      result.numel() / random.batch(),
                      [&](std::uint32_t word, std::int64_t place) {
                          out[place] = points[word & (points.size() - 1)];
                      });
        return result;
    }
    const auto points = constellation(scenario.waveform.modulation)
                            .to(layout.device, at::toComplexType(type));
    const auto words = random.words(Purpose::payload, sizes, layout.device);
    return points.index({words.bitwise_and(points.size(0) - 1)});
}

at::Tensor precode(const at::Tensor& precoder,
                   const at::Tensor& symbols,
                   std::int64_t access_points)
{
    if (precoder.dim() != 4 || symbols.dim() != 4 ||
        precoder.size(3) != symbols.size(1) || precoder.size(1) != symbols.size(2)) {
        throw std::invalid_argument("precoder " + shape_text(precoder) +
                                    " does not fit symbols " + shape_text(symbols));
    }
    if (runs_on_host(precoder) && runs_on_host(symbols) &&
        precoder.scalar_type() == at::kComplexFloat &&
        symbols.scalar_type() == at::kComplexFloat &&
        (precoder.size(0) == 1 || precoder.size(0) == symbols.size(0))) {
        return precode_on_host(precoder, symbols, access_points);
    }
    // [B, S, N·N_t, K] x [B, S, K, T]
    const auto signal = at::matmul(precoder, symbols.permute({0, 2, 1, 3}));
    return signal.permute({0, 2, 1, 3})
        .reshape({signal.size(0),
                  access_points,
                  signal.size(2) / access_points,
                  signal.size(1),
                  signal.size(3)})
        .contiguous();
}

at::Tensor received_at_users(const at::Tensor& channel, const at::Tensor& transmit)
{
    const auto stacked = transmit.flatten(1, 2).permute({0, 2, 1, 3}); // [B, S, N·N_t, T]
    return at::matmul(channel.mH(), stacked).permute({0, 2, 1, 3});
}

at::Tensor user_noise(const Layout& layout,
                      double noise_dbm,
                      const Random& random,
                      at::ScalarType type)
{
    return random.complex_normal(
        Purpose::user_noise,
        {layout.scenario.users.count, layout.subcarriers(), layout.symbols()},
        at::TensorOptions().dtype(type).device(layout.device),
        std::sqrt(dbm_to_watt(noise_dbm)));
}

at::Tensor sinr(const at::Tensor& channel, const at::Tensor& precoder, double noise_w)
{
    const auto gains = at::view_as_real(at::matmul(channel.mH(), precoder))
                           .square()
                           .sum(-1); // [B, S, K, K]
    const auto desired = gains.diagonal(0, -2, -1);
    return desired / (gains.sum(-1) - desired + noise_w);
}

Transmission transmit(const Layout& layout,
                      double power_dbm,
                      const Random& random,
                      at::ScalarType type)
{
    return transmit(layout, std::vector<double>{power_dbm}, random, type);
}

Transmission transmit(const Layout& layout,
                      const std::vector<double>& power_dbm,
                      const Random& random,
                      at::ScalarType type)
{
    std::vector<double> power_w;
    for (const auto power : power_dbm) {
        power_w.push_back(layout.sensed_power_w(power));
    }
    const auto& scenario = layout.scenario;
    Transmission result;
    result.channel = user_channel(layout, scenario.users, random, type);
    result.precoder = mmse_precoder(result.channel,
                                    dbm_to_watt(scenario.users.noise_dbm),
                                    power_w,
                                    layout.transmitters());
    result.symbols = payload(layout, random, type);
    result.signal = precode(result.precoder, result.symbols, layout.transmitters());
    return result;
}

} // namespace cfisac::signal
