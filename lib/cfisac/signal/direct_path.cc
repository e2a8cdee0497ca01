// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/direct_path.h>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace cfisac::signal {

namespace {

constexpr double false_paths_per_frame = 1e-4;
constexpr int most_rounds = 4;
constexpr int most_steps = 8;
// Rows of X with less than this part of the power of the strongest are taken for none.
constexpr double rank_tolerance = 1e-6;

void check(const Layout& layout,
           const at::Tensor& echo,
           const at::Tensor& transmit,
           std::int64_t receiver,
           std::size_t offsets)
{
    const auto require = [](const char* name,
                            const at::Tensor& tensor,
                            const std::vector<std::int64_t>& shape) {
        if (!tensor.defined() || tensor.sizes() != at::IntArrayRef(shape)) {
            std::ostringstream text;
            text << name << " must have shape " << at::IntArrayRef(shape) << ", has "
                 << (tensor.defined() ? tensor.sizes() : at::IntArrayRef());
            throw std::invalid_argument(text.str());
        }
    };
    const auto& scenario = layout.scenario;
    require("echo",
            echo,
            {scenario.receive_antennas(), layout.subcarriers(), layout.symbols()});
    require("transmit",
            transmit,
            {layout.transmitters(),
             scenario.transmit_antennas(),
             layout.subcarriers(),
             layout.symbols()});
    if (receiver < 0 || receiver >= layout.receivers()) {
        throw std::invalid_argument("receive access point " + std::to_string(receiver) +
                                    " does not exist");
    }
    if (offsets != static_cast<std::size_t>(layout.transmitters())) {
        throw std::invalid_argument(std::to_string(offsets) + " offsets for " +
                                    std::to_string(layout.transmitters()) +
                                    " transmit access points");
    }
}

// The line from one transmit to the receive access point.
struct Line {
    double delay_s;
    at::Tensor arriving;     //!< a_r [M_r, 1, 1]
    at::Tensor illumination; //!< sqrt(PL) a_t^H x_n exp(-j2π i Δf d/c), [S, T]
};

std::vector<Line> lines_of(const Layout& layout,
                           const at::Tensor& transmit,
                           std::int64_t receiver)
{
    const auto& scenario = layout.scenario;
    const auto rows = [](const at::Tensor& all, std::int64_t m) {
        return all.slice(0, m, m + 1);
    };
    // Rays end at a place: here at the first antenna of the other array.
    const auto departing = rays(layout.transmit_position,
                                layout.transmit_axis,
                                rows(layout.receive_position, receiver).unsqueeze(0));
    const auto arriving = rays(rows(layout.receive_position, receiver),
                               rows(layout.receive_axis, receiver),
                               layout.transmit_position.unsqueeze(0));
    std::vector<Line> lines;
    for (std::int64_t n = 0; n < layout.transmitters(); n++) {
        const double distance = departing.distance_m[0][n][0].item<double>();
        const double gain =
            std::sqrt(std::pow(10.0, scenario.path_loss.reference_gain_db / 10.0) *
                      std::pow(distance / scenario.path_loss.reference_distance_m,
                               -scenario.path_loss.exponent));
        const double delay = distance / speed_of_light;
        const auto a_t = steering_vector(departing.cosine[0][n],
                                         layout.transmit_spacing[n],
                                         scenario.transmit_antennas()); // [1, N_t]
        const auto a_r = steering_vector(arriving.cosine[0][0][n].unsqueeze(0),
                                         layout.receive_spacing[receiver],
                                         scenario.receive_antennas()); // [1, M_r]
        const auto signal =
            at::matmul(a_t.conj(), transmit[n].to(at::kComplexDouble).flatten(1))
                .view({layout.subcarriers(), layout.symbols()});
        lines.push_back(
            {delay,
             a_r.view({-1, 1, 1}),
             signal * gain *
                 phasor(layout.frequency_hz * (-2.0 * M_PI * delay)).unsqueeze(1)});
    }
    return lines;
}

at::Tensor ramp(const Layout& layout, const ClockOffset& offset)
{
    const auto phase = (layout.time_s * offset.frequency_hz).unsqueeze(0) -
                       (layout.frequency_hz * offset.timing_s).unsqueeze(1);
    return phasor(phase * (2.0 * M_PI)); // [S, T]
}

at::Tensor path_echo(const Layout& layout, const Line& line, const DirectPath& path)
{
    const auto signal = line.illumination * ramp(layout, path.offset) * path.gain;
    return line.arriving * signal.unsqueeze(0); // [M_r, S, T]
}

// Sums that the likelihood and its derivatives consist of, about one point.
struct Moments {
    c10::complex<double> sum, by_f, by_t, by_ff, by_ft, by_tt;
};

Moments moments_of(const Layout& layout,
                   const at::Tensor& products,
                   const ClockOffset& offset)
{
    const auto turned = products * ramp(layout, offset).conj();
    const auto f = layout.frequency_hz.to(at::kComplexDouble);
    const auto t = layout.time_s.to(at::kComplexDouble);
    const auto total = [](const at::Tensor& values) {
        return values.sum().item<c10::complex<double>>();
    };
    const auto over_t = turned.sum(1); // [S]
    const auto over_f = turned.sum(0); // [T]
    return {total(over_t),
            total(over_t * f),
            total(over_f * t),
            total(over_t * f * f),
            total(at::matmul(turned, t.unsqueeze(1)).squeeze(1) * f),
            total(over_f * t * t)};
}

// Newton's method on ln|sum|², with respect to 2π (τ, f): a step and whether it leads upwards.
bool newton_step(const Moments& m, ClockOffset& offset, double f_mean, double t_mean)
{
    const c10::complex<double> j(0.0, 1.0);
    // About the middle of band and interval, where timing and phase do not depend on each other.
    const auto s = m.sum;
    const auto sf = m.by_f - f_mean * s;
    const auto st = m.by_t - t_mean * s;
    const auto sff = m.by_ff - 2.0 * f_mean * m.by_f + f_mean * f_mean * s;
    const auto sft = m.by_ft - f_mean * m.by_t - t_mean * m.by_f + f_mean * t_mean * s;
    const auto stt = m.by_tt - 2.0 * t_mean * m.by_t + t_mean * t_mean * s;
    const auto of = [](const c10::complex<double>& a, const c10::complex<double>& b) {
        return (std::conj(a) * b).real();
    };
    const double g_tau = 2.0 * of(s, j * sf);
    const double g_f = 2.0 * of(s, -j * st);
    const double h_tau = 2.0 * (of(j * sf, j * sf) + of(s, -sff));
    const double h_f = 2.0 * (of(-j * st, -j * st) + of(s, -stt));
    const double h_both = 2.0 * (of(j * sf, -j * st) + of(s, sft));
    const double determinant = h_tau * h_f - h_both * h_both;
    if (!(h_tau < 0.0) || !(determinant > 0.0)) {
        return false; // not near a maximum
    }
    offset.timing_s -= (h_f * g_tau - h_both * g_f) / determinant / (2.0 * M_PI);
    offset.frequency_hz -= (h_tau * g_f - h_both * g_tau) / determinant / (2.0 * M_PI);
    return true;
}

// The entry of a transform of twice the length that is the largest, as offsets.
ClockOffset coarse(const Layout& layout, const at::Tensor& products, double search_s)
{
    const std::int64_t rows = 2 * layout.subcarriers();
    const std::int64_t columns = 2 * layout.symbols();
    const double df =
        layout.subcarriers() > 1 ? layout.frequency_hz[1].item<double>() : 1.0;
    const double dt = layout.symbols() > 1
                          ? (layout.time_s[1] - layout.time_s[0]).item<double>()
                          : layout.time_s[0].item<double>();
    // Delays by the inverse transform over subcarriers, Doppler by the forward one.
    const auto map = at::fft_fft(at::fft_ifft(products, rows, 0), columns, 1).abs();
    const auto delays =
        at::fft_fftfreq(rows, df, map.options().dtype(at::kDouble)); // [rows], s
    const auto frequencies =
        at::fft_fftfreq(columns, dt, map.options().dtype(at::kDouble));
    const auto inside = (delays.abs() <= search_s).to(at::kDouble).unsqueeze(1);
    const auto best = (map * inside).argmax().item<std::int64_t>();
    return {delays[best / columns].item<double>(),
            frequencies[best % columns].item<double>()};
}

// Where the energy of a signal lies on an axis: mean and variance.
std::pair<double, double> spread(const at::Tensor& energy, const at::Tensor& axis)
{
    const double total = energy.sum().item<double>();
    const double mean = (energy * axis).sum().item<double>() / total;
    const double square = (energy * axis * axis).sum().item<double>() / total;
    return {mean, square - mean * mean};
}

// Measure one path on what the others leave; everything but it counts as noise.
DirectPath measure(const Layout& layout,
                   const Line& line,
                   const at::Tensor& rest,
                   const DirectPath& before,
                   const ClockOffset& expected,
                   double search_s)
{
    const auto beam = (line.arriving.conj() * rest).sum(0); // [S, T]
    const auto products = beam * line.illumination.conj();
    const auto energy = line.illumination.abs().square();
    const double total = energy.sum().item<double>();
    DirectPath path;
    path.offset = before.offset;
    if (!(total > 0.0)) {
        path.offset = expected;
        return path; // this access point sends nothing that way
    }
    const auto [f_mean, f_variance] = spread(energy.sum(1), layout.frequency_hz);
    const auto [t_mean, t_variance] = spread(energy.sum(0), layout.time_s);
    if (!before.seen) {
        const auto found =
            coarse(layout, products * ramp(layout, expected).conj(), search_s);
        path.offset = {expected.timing_s + found.timing_s,
                       expected.frequency_hz + found.frequency_hz};
    }
    Moments moments = moments_of(layout, products, path.offset);
    for (int step = 0; step < most_steps; step++) {
        ClockOffset next = path.offset;
        if (!newton_step(moments, next, f_mean, t_mean)) {
            break;
        }
        const Moments there = moments_of(layout, products, next);
        if (!(std::abs(there.sum) > std::abs(moments.sum))) {
            break;
        }
        path.offset = next;
        moments = there;
    }
    path.gain = moments.sum / total;
    const auto remaining = rest - path_echo(layout, line, path);
    const double noise = remaining.abs().square().mean().item<double>();
    const double snr = std::norm(moments.sum) / (total * noise);
    path.snr_db = 10.0 * std::log10(snr);
    path.seen = path.snr_db >= detection_snr_db(layout);
    if (path.seen) {
        const auto deviation = [&](double variance) {
            return 1.0 / (2.0 * M_PI * std::sqrt(2.0 * snr * variance));
        };
        path.deviation = {deviation(f_variance), deviation(t_variance)};
    } else {
        path.offset = expected;
        path.gain = 0.0;
    }
    return path;
}

} // namespace

double detection_snr_db(const Layout& layout)
{
    // Exponential with unit mean at each of the points that are looked at.
    const double points =
        4.0 * static_cast<double>(layout.subcarriers() * layout.symbols());
    return 10.0 * std::log10(std::log(points / false_paths_per_frame));
}

std::vector<DirectPath> measure_direct_paths(const Layout& layout,
                                             const at::Tensor& echo,
                                             const at::Tensor& transmit,
                                             std::int64_t receiver,
                                             const std::vector<ClockOffset>& expected,
                                             double search_s)
{
    check(layout, echo, transmit, receiver, expected.size());
    const auto lines = lines_of(layout, transmit, receiver);
    std::vector<DirectPath> paths(lines.size());
    for (std::size_t n = 0; n < paths.size(); n++) {
        paths[n].offset = expected[n];
    }
    const auto received = echo.to(at::kComplexDouble);
    auto rest = received.clone();
    for (int round = 0; round < most_rounds; round++) {
        double change = 0.0;
        for (std::size_t n = 0; n < paths.size(); n++) {
            const DirectPath before = paths[n];
            if (before.seen) {
                rest += path_echo(layout, lines[n], before);
            }
            paths[n] = measure(layout, lines[n], rest, before, expected[n], search_s);
            if (paths[n].seen) {
                rest -= path_echo(layout, lines[n], paths[n]);
                change = std::max(change,
                                  before.seen ? std::abs(paths[n].offset.timing_s -
                                                         before.offset.timing_s) /
                                                    paths[n].deviation.timing_s
                                              : 1.0);
            }
        }
        if (change < 1e-2) {
            break;
        }
    }
    return paths;
}

at::Tensor direct_echo(const Layout& layout,
                       const at::Tensor& transmit,
                       std::int64_t receiver,
                       const std::vector<DirectPath>& paths)
{
    const auto lines = lines_of(layout, transmit, receiver);
    auto sum = at::zeros(
        {layout.scenario.receive_antennas(), layout.subcarriers(), layout.symbols()},
        transmit.options().dtype(at::kComplexDouble));
    for (std::size_t n = 0; n < paths.size(); n++) {
        if (paths[n].seen) {
            sum += path_echo(layout, lines[n], paths[n]);
        }
    }
    return sum.to(transmit.scalar_type());
}

at::Tensor with_offsets(const Layout& layout,
                        const at::Tensor& transmit,
                        const std::vector<ClockOffset>& offsets)
{
    if (offsets.size() != static_cast<std::size_t>(transmit.size(0))) {
        throw std::invalid_argument(std::to_string(offsets.size()) + " offsets for " +
                                    std::to_string(transmit.size(0)) +
                                    " transmit access points");
    }
    std::vector<at::Tensor> turned;
    for (std::size_t n = 0; n < offsets.size(); n++) {
        turned.push_back(
            transmit[static_cast<std::int64_t>(n)] *
            ramp(layout, offsets[n]).to(transmit.scalar_type()).unsqueeze(0));
    }
    return at::stack(turned);
}

at::Tensor without_static_echo(const at::Tensor& echo, const at::Tensor& transmit)
{
    const auto signal =
        transmit.flatten(0, 1).transpose(0, 1).to(at::kComplexDouble); // [S, A, T]
    const auto rows = echo.transpose(0, 1).to(at::kComplexDouble);     // [S, M_r, T]
    const auto [power, vectors] = at::linalg_eigh(at::matmul(signal, signal.mH()));
    const auto floor = power.amax(1, true) * rank_tolerance;
    const auto weight =
        at::where(power > floor, power.clamp_min(1e-300).rsqrt(), at::zeros_like(power));
    // Orthonormal rows that span those of X, and zero ones.
    const auto basis = at::matmul(
        vectors.mH() * weight.unsqueeze(2).to(at::kComplexDouble), signal); // [S, A, T]
    const auto rest = rows - at::matmul(at::matmul(rows, basis.mH()), basis);
    return rest.transpose(0, 1).to(echo.scalar_type()).contiguous();
}

} // namespace cfisac::signal
