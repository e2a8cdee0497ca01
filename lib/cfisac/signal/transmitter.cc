// SPDX-License-Identifier: GPL-3.0-or-later
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

// Per path: gain · exp(+j2π f τ) · unit-modulus steering, summed over paths.
// gain, delay, cosine [B, N, K, L] → [B, S, N·N_t, K]
at::Tensor sum_of_paths(const Layout& layout,
                        const at::Tensor& gain,
                        const at::Tensor& delay_s,
                        const at::Tensor& cosine)
{
    const auto antennas = layout.scenario.transmit_antennas();
    const auto steering =
        steering_vector(cosine, layout.transmit_spacing.view({1, -1, 1, 1}), antennas) *
        std::sqrt(static_cast<double>(antennas));
    const auto ramp = phasor(delay_s.unsqueeze(-1) * layout.frequency_hz * (2.0 * M_PI));
    const auto channel =
        at::einsum("bnkls,bnkla->bsnak", {gain.unsqueeze(-1) * ramp, steering});
    return channel.reshape({channel.size(0), channel.size(1), -1, channel.size(4)});
}

} // namespace

at::Tensor user_channel(const Layout& layout,
                        const Users& users,
                        const Random& random,
                        at::ScalarType type)
{
    const auto options = at::TensorOptions().dtype(at::kDouble).device(layout.device);
    const auto low = at::tensor(users.area_m.min, at::kDouble).to(layout.device);
    const auto high = at::tensor(users.area_m.max, at::kDouble).to(layout.device);
    const auto position =
        random.uniform(Purpose::user_position, {users.count, low.size(0)}, options) *
            (high - low) +
        low;
    const auto line = rays(layout.transmit_position, layout.transmit_axis, position);
    const auto& loss = layout.scenario.path_loss;
    // No antenna is nearer to a user than the reference distance of the path loss.
    const auto distance = line.distance_m.clamp_min(loss.reference_distance_m);
    const auto amplitude = (distance / loss.reference_distance_m)
                               .pow(-0.5 * loss.exponent)
                               .mul(std::pow(10.0, loss.reference_gain_db / 20.0));

    const std::int64_t paths = users.multipath_components;
    const double factor = std::pow(10.0, users.rician_factor_db / 10.0);
    const double direct_share = paths > 0 ? factor / (factor + 1.0) : 1.0;
    const std::vector<std::int64_t> line_sizes = {layout.transmitters(), users.count, 1};
    const auto carrier_phase =
        random.uniform(Purpose::user_phase, line_sizes, options) * (2.0 * M_PI);
    auto gain = phasor(carrier_phase) * std::sqrt(direct_share);
    auto delay = line.distance_m.unsqueeze(-1) / speed_of_light;
    auto cosine = line.cosine.unsqueeze(-1);
    if (paths > 0) {
        const std::vector<std::int64_t> sizes = {
            layout.transmitters(), users.count, paths};
        const auto scattered =
            random.complex_normal(Purpose::user_multipath_gain, sizes, options) *
            std::sqrt((1.0 - direct_share) / static_cast<double>(paths));
        const auto direction =
            random.uniform(Purpose::user_multipath_direction, sizes, options) * 2.0 - 1.0;
        const auto excess =
            random.uniform(Purpose::user_multipath_delay, sizes, options) *
            (0.25 * layout.scenario.waveform.cyclic_prefix_s);
        gain = at::cat({gain, scattered}, -1);
        cosine = at::cat({cosine, direction}, -1);
        delay = at::cat({delay, delay + excess}, -1);
    }
    return sum_of_paths(layout, gain * amplitude.unsqueeze(-1), delay, cosine)
        .to(at::toComplexType(type));
}

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
    const auto of_frames = [&](const std::vector<double>& values) { // [B or 1, 1, 1, 1]
        return at::tensor(values, at::kDouble).to(channel.device()).view({-1, 1, 1, 1});
    };
    // The channel gains are tiny (path loss): the small system is solved in float64.
    const auto h = channel.to(at::kComplexDouble);
    const auto gram =
        at::matmul(h.mH(), h) + at::eye(users, h.options()) * of_frames(regularisations);
    const auto unscaled = at::matmul(h, at::linalg_inv(gram));
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
    return at::tensor(at::ArrayRef<c10::complex<double>>(points), at::kComplexDouble);
}

at::Tensor payload(const Layout& layout, const Random& random, at::ScalarType type)
{
    const auto& scenario = layout.scenario;
    const auto points = constellation(scenario.waveform.modulation)
                            .to(layout.device, at::toComplexType(type));
    const auto words =
        random.words(Purpose::payload,
                     {scenario.users.count, layout.subcarriers(), layout.symbols()},
                     layout.device);
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
               at::TensorOptions().dtype(type).device(layout.device)) *
           std::sqrt(dbm_to_watt(noise_dbm));
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
