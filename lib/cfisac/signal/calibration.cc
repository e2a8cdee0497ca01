// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/calibration.h>
#include <cmath>
#include <optional>
#include <sstream>

namespace cfisac::signal {

namespace {

// A transmit access point with less than this part of the strongest's power is silent.
constexpr double silence = 1e-12;
const double db_per_neper = 20.0 / std::log(10.0);
constexpr double deg_per_rad = 180.0 / M_PI;

// The tensor with a leading axis of frames, as complex128.
at::Tensor frames_of(const char* name,
                     const at::Tensor& tensor,
                     const std::vector<std::int64_t>& shape)
{
    const auto dimensions = static_cast<std::int64_t>(shape.size());
    const auto frames =
        !tensor.defined() || tensor.dim() > dimensions ? tensor : tensor.unsqueeze(0);
    // Sizes of -1 may be any, but 0.
    bool fits = frames.defined() && frames.dim() == dimensions + 1 &&
                frames.is_complex() && frames.numel() > 0;
    for (std::int64_t d = 0; fits && d < dimensions; d++) {
        fits = shape[d] < 0 || frames.size(d + 1) == shape[d];
    }
    if (!fits) {
        std::ostringstream text;
        text << name << " must be complex with shape " << at::IntArrayRef(shape)
             << " or that of several frames, has "
             << (tensor.defined() ? tensor.sizes() : at::IntArrayRef());
        throw std::invalid_argument(text.str());
    }
    const auto wide = frames.to(at::kCPU, at::kComplexDouble);
    if (!at::isfinite(at::view_as_real(wide)).all().item<bool>()) {
        throw std::invalid_argument(std::string(name) +
                                    " has a value that is not finite");
    }
    return wide;
}

// Indices of the subcarriers of [B, antennas, S, T] on which there is anything.
at::Tensor occupied(const at::Tensor& frames)
{
    const auto used = at::view_as_real(frames).abs().sum({0, 1, 3, 4}) > 0.0;
    return used.nonzero().squeeze(1);
}

at::Tensor energy(const at::Tensor& values, at::IntArrayRef axes)
{
    return at::view_as_real(values).square().sum(-1).sum(axes);
}

struct Eigen {
    std::vector<double> values;                //!< ascending
    std::vector<c10::complex<double>> largest; //!< unit norm
};

Eigen eigen_of(const at::Tensor& covariance)
{
    const auto [values, vectors] = at::linalg_eigh(covariance);
    const auto size = values.size(0);
    const auto last = vectors.select(1, size - 1).contiguous();
    const auto* const value = values.data_ptr<double>();
    const auto* const entry = last.data_ptr<c10::complex<double>>();
    return {{value, value + size}, {entry, entry + size}};
}

void require(double snr_db, double least_db, std::size_t channel, const std::string& what)
{
    if (!(snr_db >= least_db)) {
        std::ostringstream text;
        text << "channel " << channel << ": " << what << " is " << snr_db
             << " dB above the noise, must be at least " << least_db << " dB";
        throw CalibrationError(text.str());
    }
}

/* Gains and phases of channels known up to a common factor.
 * `variance` is that of the relative error of each, complex; the errors are independent but
 * for that factor.
 */
CalibrationEstimate normalised(const std::vector<c10::complex<double>>& channels,
                               const std::vector<double>& variance)
{
    const auto count = static_cast<double>(channels.size());
    double mean_neper = 0.0;
    double sum = 0.0;
    double worst = 0.0;
    for (std::size_t a = 0; a < channels.size(); a++) {
        mean_neper += std::log(std::abs(channels[a])) / count;
        sum += variance[a];
        worst = std::max(worst, variance[a]);
    }
    CalibrationEstimate result;
    result.snr_db = -10.0 * std::log10(worst);
    for (std::size_t a = 0; a < channels.size(); a++) {
        const double neper = std::log(std::abs(channels[a])) - mean_neper;
        result.calibration.gain_db.push_back(db_per_neper * neper);
        result.calibration.phase_deg.push_back(
            deg_per_rad * std::arg(channels[a] * std::conj(channels[0])));
        // Half of the variance is along the channel, half across.
        const double along = variance[a] * (1.0 - 2.0 / count) + sum / (count * count);
        const double across = a == 0 ? 0.0 : variance[a] + variance[0];
        result.gain_deviation_db.push_back(db_per_neper * std::sqrt(0.5 * along));
        result.phase_deviation_deg.push_back(deg_per_rad * std::sqrt(0.5 * across));
    }
    return result;
}

// Direct paths to a receive access point.
struct Lines {
    at::Tensor signal;   //!< s [B, N, S, T]
    at::Tensor arriving; //!< a_r [N, M_r]
};

Lines lines_to(const Layout& layout, const at::Tensor& transmit, std::int64_t receiver)
{
    const auto all = layout.transmit.to(at::kCPU);
    const auto own = layout.receive.one(receiver).to(at::kCPU);
    const auto departing = rays(all, own.position.unsqueeze(0));
    const auto arriving = rays(own, all.position.unsqueeze(0));
    const auto a_t = steering_vectors(all, departing)[0].squeeze(1); // [N, N_t]
    const auto delay_s = departing.distance_m.view({-1, 1}) / speed_of_light;
    const auto turn =
        phasor(layout.frequency_hz.to(at::kCPU) * delay_s * (-2.0 * M_PI)); // [N, S]
    const auto signal = (a_t.conj().unsqueeze(-1).unsqueeze(-1) * transmit).sum(2);
    return {signal * turn.unsqueeze(-1), steering_vectors(own, arriving)[0][0]};
}

// Least squares of the antennas of a frame on the direct paths: what one of these brings.
struct Fit {
    at::Tensor factor;  //!< [M_r]
    double information; //!< noise density over the variance of a factor
    at::Tensor noise;   //!< [M_r] power of what remains, per resource element
};

Fit fit(const at::Tensor& antennas, const at::Tensor& signals, std::int64_t wanted)
{
    const auto gram = at::matmul(signals, signals.conj().t()); // [N, N]
    const auto [factor, info] = at::linalg_cholesky_ex(gram);
    // What a signal has of its own beside the others, when it is one of them but for rounding.
    const bool regular = info.item<int>() == 0;
    const auto inverse = regular ? at::cholesky_inverse(factor) : at::Tensor();
    const double variance =
        regular ? at::real(inverse[wanted][wanted]).item<double>() : 0.0;
    const double alone = at::real(gram[wanted][wanted]).item<double>();
    if (!regular || !(variance * alone < 1.0 / silence)) {
        throw CalibrationError(
            "the signals of the transmit access points cannot be told apart");
    }
    const auto factors =
        at::matmul(at::matmul(antennas, signals.conj().t()), inverse); // [M_r, N]
    const auto rest = antennas - at::matmul(factors, signals);
    const auto freedom = antennas.size(1) - signals.size(0);
    if (freedom < 1) {
        throw std::invalid_argument(
            "echo has " + std::to_string(antennas.size(1)) +
            " resource elements with a signal for the direct paths "
            "of " +
            std::to_string(signals.size(0)) + " access points");
    }
    return {factors.select(1, wanted),
            1.0 / variance,
            energy(rest, {1}) / static_cast<double>(freedom)};
}

// The echo of a frame without what the channels do.
at::Tensor calibrated(const at::Tensor& echo, const Calibration& calibration)
{
    std::vector<c10::complex<double>> channels;
    for (std::size_t a = 0; a < calibration.gain_db.size(); a++) {
        channels.emplace_back(channel_response(calibration, a));
    }
    return echo / at::tensor(channels, at::kComplexDouble).view({-1, 1, 1});
}

// Whether a calibration is the one before but for a small part of its deviation.
bool settled(const CalibrationEstimate& before, const CalibrationEstimate& now)
{
    constexpr double part = 0.05;
    constexpr double rounding = 1e-6; // of single precision, dB or degrees
    bool all = true;
    for (std::size_t a = 0; a < now.gain_deviation_db.size(); a++) {
        const double gain = now.calibration.gain_db[a] - before.calibration.gain_db[a];
        const double phase = std::remainder(
            now.calibration.phase_deg[a] - before.calibration.phase_deg[a], 360.0);
        all = all && std::abs(gain) <= part * now.gain_deviation_db[a] + rounding &&
              std::abs(phase) <= part * now.phase_deviation_deg[a] + rounding;
    }
    return all;
}

void check_access_point(const char* side, std::int64_t number, std::int64_t count)
{
    if (number < 0 || number >= count) {
        throw std::invalid_argument(std::string(side) + " access point " +
                                    std::to_string(number) + " does not exist");
    }
}

} // namespace

std::complex<double> channel_response(const Calibration& calibration, std::size_t channel)
{
    return calibration.empty()
               ? std::complex<double>(1.0)
               : std::polar(std::exp(calibration.gain_db.at(channel) / db_per_neper),
                            calibration.phase_deg.at(channel) / deg_per_rad);
}

CalibrationEstimate estimate_calibration(const Layout& layout,
                                         const at::Tensor& echo,
                                         const at::Tensor& transmit,
                                         std::int64_t receiver,
                                         std::int64_t transmitter)
{
    const auto& scenario = layout.scenario;
    check_access_point("receive", receiver, layout.receivers());
    check_access_point("transmit", transmitter, layout.transmitters());
    const std::int64_t antennas = scenario.receive_antennas();
    const auto received =
        frames_of("echo", echo, {antennas, layout.subcarriers(), layout.symbols()});
    const auto sent = frames_of("transmit",
                                transmit,
                                {layout.transmitters(),
                                 scenario.transmit_antennas(),
                                 layout.subcarriers(),
                                 layout.symbols()});
    if (received.size(0) != sent.size(0)) {
        throw std::invalid_argument("echo has " + std::to_string(received.size(0)) +
                                    " frames, transmit has " +
                                    std::to_string(sent.size(0)));
    }
    const auto& name = scenario.transmit[transmitter].name;
    const auto lines = lines_to(layout, sent, receiver);
    const auto used = occupied(received);
    const auto y = received.index_select(2, used);
    const auto s = lines.signal.index_select(2, used);

    auto covariance = at::zeros({antennas, antennas}, received.options());
    auto noise = at::zeros({antennas}, at::kDouble);
    double information = 0.0;
    for (std::int64_t b = 0; b < received.size(0); b++) {
        // Access points that send something in this frame.
        const auto power = energy(s[b], {1, 2});
        const auto active =
            (power > power.max() * silence).nonzero().squeeze(1).contiguous();
        const auto found = (active == transmitter).nonzero();
        if (used.numel() == 0 || found.numel() == 0) {
            throw CalibrationError(used.numel() == 0 ? "the echo is empty"
                                                     : "transmit access point " + name +
                                                           " sends nothing");
        }
        const auto one = fit(y[b].flatten(1),
                             s[b].index_select(0, active).flatten(1),
                             found.item<std::int64_t>());
        covariance +=
            one.information * one.factor.unsqueeze(1) * one.factor.conj().unsqueeze(0);
        noise += one.information * one.noise;
        information += one.information;
    }
    const auto eigen = eigen_of(covariance);
    const auto density = (noise / information).contiguous();
    const auto arriving = lines.arriving[transmitter].contiguous();
    std::vector<c10::complex<double>> channels;
    std::vector<double> variance;
    for (std::size_t a = 0; a < eigen.largest.size(); a++) {
        const auto entry = eigen.largest[a];
        variance.push_back(density.data_ptr<double>()[a] /
                           (eigen.values.back() * std::norm(entry)));
        require(-10.0 * std::log10(variance.back()),
                least_calibration_snr_db,
                a,
                "the direct path of " + name);
        channels.push_back(entry / arriving.data_ptr<c10::complex<double>>()[a]);
    }
    return normalised(channels, variance);
}

CalibrationEstimate estimate_calibration(const Layout& layout,
                                         const at::Tensor& echo,
                                         const at::Tensor& transmit,
                                         std::int64_t receiver,
                                         std::int64_t transmitter,
                                         std::vector<std::vector<ClockOffset>> offsets)
{
    constexpr int most_rounds = 20;
    const auto received = frames_of("echo", echo, {-1, -1, -1});
    const auto sent = frames_of("transmit", transmit, {-1, -1, -1, -1});
    const auto frames = static_cast<std::size_t>(sent.size(0));
    if (offsets.size() != frames || received.size(0) != sent.size(0)) {
        throw std::invalid_argument("echo has " + std::to_string(received.size(0)) +
                                    " frames, transmit has " + std::to_string(frames) +
                                    ", and offsets are of " +
                                    std::to_string(offsets.size()));
    }
    std::optional<CalibrationEstimate> before;
    for (int round = 0; round < most_rounds; round++) {
        std::vector<at::Tensor> clocked;
        for (std::size_t b = 0; b < frames; b++) {
            clocked.push_back(
                with_offsets(layout, sent[static_cast<std::int64_t>(b)], offsets[b]));
        }
        const auto now = estimate_calibration(
            layout, received, at::stack(clocked), receiver, transmitter);
        if (before && settled(*before, now)) {
            return now;
        }
        before = now;
        for (std::size_t b = 0; b < frames; b++) {
            const auto frame = static_cast<std::int64_t>(b);
            const auto paths =
                measure_direct_paths(layout,
                                     calibrated(received[frame], now.calibration),
                                     sent[frame],
                                     receiver,
                                     offsets[b],
                                     0.0);
            for (std::size_t n = 0; n < paths.size(); n++) {
                offsets[b][n] = paths[n].offset;
            }
        }
    }
    throw CalibrationError("calibration and offsets of the clocks do not settle within " +
                           std::to_string(most_rounds) + " rounds");
}

CalibrationEstimate from_loop_back(const at::Tensor& received)
{
    const auto frames = frames_of("received", received, {-1, -1, -1});
    const auto antennas = frames.size(1);
    if (antennas < 2) {
        throw std::invalid_argument("received must have at least two channels, has 1");
    }
    const auto y =
        frames.index_select(2, occupied(frames)).transpose(0, 1).flatten(1); // [M_r, E]
    const auto elements = static_cast<double>(y.size(1));
    if (y.size(1) == 0) {
        throw CalibrationError("all channels are empty");
    }
    const auto eigen = eigen_of(at::matmul(y, y.conj().t()) / elements);
    double noise = 0.0;
    for (std::size_t k = 0; k + 1 < eigen.values.size(); k++) {
        noise += std::max(0.0, eigen.values[k]) / static_cast<double>(antennas - 1);
    }
    const double signal = eigen.values.back() - noise;
    std::vector<double> variance;
    for (std::size_t a = 0; a < eigen.largest.size(); a++) {
        const double power = signal * std::norm(eigen.largest[a]);
        require(
            10.0 * std::log10(power / noise), least_loop_back_snr_db, a, "the loop-back");
        // Anderson, "Asymptotic theory for principal component analysis", Ann. Math.
        // Statist. 34(1), 1963, without what all channels have in common.
        variance.push_back(eigen.values.back() / signal * noise / (elements * power));
    }
    return normalised(eigen.largest, variance);
}

} // namespace cfisac::signal
