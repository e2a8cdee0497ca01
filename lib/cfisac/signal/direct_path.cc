// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/direct_path.h>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace cfisac::signal {

namespace {

constexpr double false_paths_per_frame = 1e-4;
constexpr int most_steps = 8;
// The joint fit has converged when no parameter moves by more of its deviation.
constexpr double converged = 1e-3;

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
    const auto own = layout.receive.one(receiver);
    // Rays end at a place: here at the first antenna of the other array.
    const auto departing = rays(layout.transmit, own.position.unsqueeze(0));
    const auto arriving = rays(own, layout.transmit.position.unsqueeze(0));
    const auto all_departing =
        steering_vectors(layout.transmit, departing);          // [1, N, 1, N_t]
    const auto all_arriving = steering_vectors(own, arriving); // [1, 1, N, M_r]
    std::vector<Line> lines;
    for (std::int64_t n = 0; n < layout.transmitters(); n++) {
        const double distance = departing.distance_m[0][n][0].item<double>();
        const double gain =
            std::sqrt(std::pow(10.0, scenario.path_loss.reference_gain_db / 10.0) *
                      std::pow(distance / scenario.path_loss.reference_distance_m,
                               -scenario.path_loss.exponent));
        const double delay = distance / speed_of_light;
        const auto a_t = all_departing[0][n];   // [1, N_t]
        const auto a_r = all_arriving[0][0][n]; // [M_r]
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

// Find one path after the other, the strongest first on what those before leave.
void search(const Layout& layout,
            const std::vector<Line>& lines,
            const at::Tensor& received,
            double search_s,
            std::vector<DirectPath>& paths)
{
    auto rest = received.clone();
    std::vector<bool> found(paths.size(), false);
    for (std::size_t round = 0; round < paths.size(); round++) {
        double strongest = -1.0;
        std::size_t best = 0;
        DirectPath path;
        for (std::size_t n = 0; n < paths.size(); n++) {
            if (found[n] || !paths[n].seen) {
                continue;
            }
            const auto beam = (lines[n].arriving.conj() * rest).sum(0); // [S, T]
            const auto products = beam * lines[n].illumination.conj();
            DirectPath here = paths[n];
            const auto moved =
                coarse(layout, products * ramp(layout, here.offset).conj(), search_s);
            here.offset.timing_s += moved.timing_s;
            here.offset.frequency_hz += moved.frequency_hz;
            const auto sum = (products * ramp(layout, here.offset).conj()).sum();
            const double energy =
                lines[n].illumination.abs().square().sum().item<double>();
            here.gain = sum.item<c10::complex<double>>() / energy;
            const double explained = std::norm(here.gain) * energy;
            if (explained > strongest) {
                strongest = explained;
                best = n;
                path = here;
            }
        }
        if (strongest < 0.0) {
            return;
        }
        found[best] = true;
        paths[best] = path;
        rest -= path_echo(layout, lines[best], path);
    }
}

std::vector<std::size_t> seen_of(const std::vector<DirectPath>& paths)
{
    std::vector<std::size_t> seen;
    for (std::size_t n = 0; n < paths.size(); n++) {
        if (paths[n].seen) {
            seen.push_back(n);
        }
    }
    return seen;
}

// The gains that fit best with the offsets as they are, by least squares.
void fit_gains(const Layout& layout,
               const std::vector<Line>& lines,
               const at::Tensor& received,
               std::vector<DirectPath>& paths)
{
    const auto seen = seen_of(paths);
    if (seen.empty()) {
        return;
    }
    std::vector<at::Tensor> columns;
    for (const std::size_t n : seen) {
        const auto field = lines[n].illumination * ramp(layout, paths[n].offset);
        columns.push_back((lines[n].arriving * field.unsqueeze(0)).flatten());
    }
    const auto fields = at::stack(columns); // [N, M_r S T]
    const auto scale = fields.abs().square().sum(1, true).sqrt();
    const auto unit = fields / scale;
    const auto products = at::matmul(unit.conj(), received.flatten().unsqueeze(1));
    const auto factor = at::linalg_cholesky(at::matmul(unit.conj(), unit.t()));
    const auto gains = (at::cholesky_solve(products, factor) / scale).squeeze(1);
    for (std::size_t k = 0; k < seen.size(); k++) {
        paths[seen[k]].gain =
            gains[static_cast<std::int64_t>(k)].item<c10::complex<double>>();
    }
}

// All paths that were seen at once, by Gauss and Newton: the signals of the access points are
// alike, since they are precoded together, so that one path after the other takes long.
void fit_jointly(const Layout& layout,
                 const std::vector<Line>& lines,
                 const at::Tensor& received,
                 std::vector<DirectPath>& paths)
{
    const c10::complex<double> j(0.0, 1.0);
    const auto seen = seen_of(paths);
    const auto f = layout.frequency_hz.to(at::kComplexDouble).unsqueeze(1);
    const auto t = layout.time_s.to(at::kComplexDouble).unsqueeze(0);
    for (int step = 0; step < most_steps && !seen.empty(); step++) {
        auto rest = received.clone();
        std::vector<at::Tensor> columns; // by real and imaginary gain, timing, frequency
        for (const std::size_t n : seen) {
            const auto field = lines[n].illumination * ramp(layout, paths[n].offset);
            const auto slope = field * (paths[n].gain * j * (2.0 * M_PI));
            for (const auto& each : {field, field * j, -slope * f, slope * t}) {
                columns.push_back((lines[n].arriving * each.unsqueeze(0)).flatten());
            }
            rest -= path_echo(layout, lines[n], paths[n]);
        }
        const auto jacobian = at::view_as_real(at::stack(columns)).flatten(1);
        const auto scale = jacobian.norm(2, {1}, true); // [4 N, 1]
        const auto unit = jacobian / scale;
        const auto error = at::view_as_real(rest).flatten().unsqueeze(1);
        const auto factor = at::linalg_cholesky(at::matmul(unit, unit.t()));
        const auto change =
            (at::cholesky_solve(at::matmul(unit, error), factor) / scale).squeeze(1);
        const double noise = rest.abs().square().mean().item<double>();
        // The bound of parameters of the mean of complex noise: half the inverse.
        const auto deviation =
            (at::cholesky_inverse(factor).diagonal() * (0.5 * noise)).sqrt() /
            scale.squeeze(1);
        const auto* moved = change.data_ptr<double>();
        const auto* spread = deviation.data_ptr<double>();
        for (const std::size_t n : seen) {
            paths[n].gain += c10::complex<double>(moved[0], moved[1]);
            paths[n].offset.timing_s += moved[2];
            paths[n].offset.frequency_hz += moved[3];
            paths[n].deviation = {spread[2], spread[3]};
            moved += 4;
            spread += 4;
        }
        if ((change / deviation).abs().max().item<double>() < converged) {
            break;
        }
    }
}

// Note the strength of every path. Whether none of those seen is too weak; the weakest is no
// longer seen otherwise.
bool reject_weak(const Layout& layout,
                 const std::vector<Line>& lines,
                 const at::Tensor& received,
                 std::vector<DirectPath>& paths)
{
    const auto seen = seen_of(paths);
    auto rest = received.clone();
    for (const std::size_t n : seen) {
        rest -= path_echo(layout, lines[n], paths[n]);
    }
    const double noise = rest.abs().square().mean().item<double>();
    std::size_t weakest = 0;
    double least = detection_snr_db(layout);
    bool all = true;
    for (const std::size_t n : seen) {
        const double energy = lines[n].illumination.abs().square().sum().item<double>();
        paths[n].snr_db = 10.0 * std::log10(std::norm(paths[n].gain) * energy / noise);
        if (!(paths[n].snr_db >= least)) {
            least = paths[n].snr_db;
            weakest = n;
            all = false;
        }
    }
    if (!all) {
        paths[weakest].seen = false;
    }
    return all;
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
    const auto received = echo.to(at::kComplexDouble);
    for (std::size_t n = 0; n < paths.size(); n++) {
        paths[n].offset = expected[n];
        paths[n].seen = (lines[n].illumination.abs() > 0.0).any().item<bool>();
    }
    if (search_s > 0.0) {
        search(layout, lines, received, search_s, paths);
    }
    // Without those that are too weak the others are measured once more.
    for (bool all = false; !all;) {
        fit_gains(layout, lines, received, paths);
        fit_jointly(layout, lines, received, paths);
        all = reject_weak(layout, lines, received, paths);
    }
    for (std::size_t n = 0; n < paths.size(); n++) {
        if (!paths[n].seen) {
            paths[n].offset = expected[n];
            paths[n].gain = 0.0;
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

} // namespace cfisac::signal
