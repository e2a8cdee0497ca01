// SPDX-License-Identifier: GPL-3.0-or-later
#include "reception.h"
#include "complex_loops.h"
#include "sample_ring.h"
#include "scenario/hash.h"
#include "signal/random_kernel.h"
#include <algorithm>
#include <cfisac/signal/random.h>
#include <cmath>

namespace cfisac::radio {

namespace {

// Nearer than this nothing comes to an array, m: the path loss is not meant for it.
constexpr double least_distance_m = 0.1;
constexpr double ppm = 1e-6;
// Samples of a stream of random numbers.
constexpr std::int64_t noise_stream = std::int64_t{1} << 20;

std::int64_t floor_divide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

// exp(j2π turns)
std::complex<double> phasor(double turns)
{
    return std::polar(1.0, 2.0 * M_PI * std::remainder(turns, 1.0));
}

// The way from an array to a place.
struct Ray {
    double length_m;
    double cosine;
    std::vector<double> direction;
};

Ray ray(const AccessPoint& point, const std::vector<double>& place)
{
    Ray ray{0.0, 0.0, place};
    for (std::size_t d = 0; d < place.size(); d++) {
        ray.direction[d] -= point.position_m[d];
        ray.length_m += ray.direction[d] * ray.direction[d];
    }
    ray.length_m = std::max(std::sqrt(ray.length_m), least_distance_m);
    for (std::size_t d = 0; d < place.size(); d++) {
        ray.direction[d] /= ray.length_m;
        ray.cosine += ray.direction[d] * point.axis[d];
    }
    return ray;
}

double amplitude(const PathLoss& loss, double length_m)
{
    return std::pow(10.0, loss.reference_gain_db / 20.0) *
           std::pow(length_m / loss.reference_distance_m, -loss.exponent / 2.0);
}

// Element a of a steering vector (1), (2).
std::complex<double> steering(const AccessPoint& point, double cosine, int a)
{
    return phasor(-a * point.spacing_wavelengths * cosine) /
           std::sqrt(static_cast<double>(point.antennas));
}

} // namespace

Reception::Reception(Radio& radio)
    : d_radio(radio),
      d_receiver(radio.arguments.access_point()),
      d_scenes(radio.arguments.scenario, radio.arguments.settings, radio.arguments.index),
      d_rate_hz(radio.timing.sample_rate_hz),
      d_center_hz(radio.timing.center_hz),
      d_clocks(radio.environment.transmitters()),
      d_response(radio.channels(), 1.0f)
{
    const auto& calibration = d_receiver.calibration;
    for (std::size_t a = 0; a < d_response.size() && !calibration.empty(); a++) {
        d_response[a] =
            std::complex<float>(std::pow(10.0, calibration.gain_db[a] / 20.0) *
                                phasor(calibration.phase_deg[a] / 360.0));
    }
    d_sent.resize(block + Interpolator::taps);
    d_combined.resize(d_sent.size());
    d_arrived.resize(block);
    d_noise.resize(block);
}

void Reception::read_clocks()
{
    d_clock = {d_radio.time.offset_s(), d_radio.time.ppm() * ppm};
    for (std::size_t n = 0; n < d_clocks.size(); n++) {
        const auto& slot = d_radio.environment.transmitter(n);
        d_clocks[n] = {slot.clock_offset_s, slot.clock_ppm * ppm};
    }
}

void Reception::receive(std::int64_t start,
                        std::int64_t count,
                        std::vector<Samples>& antennas)
{
    read_clocks();
    for (auto& antenna : antennas) {
        std::fill_n(antenna.begin(), count, std::complex<float>());
    }
    for (std::int64_t done = 0; done < count;) {
        const auto index = floor_divide(start + done, block);
        const auto some = std::min(count - done, (index + 1) * block - (start + done));
        receive_block(
            index, start + done, some, static_cast<std::size_t>(done), antennas);
        done += some;
    }
    add_noise(start, count, antennas);
    for (std::size_t a = 0; a < antennas.size(); a++) {
        if (d_response[a] != 1.0f) {
            turn(d_response[a], 1.0, count, antennas[a].data());
        }
    }
}

void Reception::receive_block(std::int64_t index,
                              std::int64_t from,
                              std::int64_t count,
                              std::size_t place,
                              std::vector<Samples>& antennas)
{
    const auto center = index * block + block / 2;
    const double time_s = d_clock.time_s(static_cast<double>(center) / d_rate_hz);
    for (const auto& path : paths_at(time_s)) {
        add_path(path, time_s, center, from, count, place, antennas);
    }
}

std::vector<Reception::Path> Reception::paths_at(double time_s)
{
    std::vector<Path> paths;
    if (d_radio.arguments.direct_path) {
        add_direct(paths);
    }
    add_reflected(time_s, paths);
    return paths;
}

void Reception::add_direct(std::vector<Path>& paths) const
{
    const auto& scenario = d_radio.arguments.scenario;
    for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
        const auto& transmitter = scenario.transmit[n];
        const auto out = ray(transmitter, d_receiver.position_m);
        const auto in = ray(d_receiver, transmitter.position_m);
        paths.push_back({n,
                         out.length_m,
                         0.0,
                         amplitude(scenario.path_loss, out.length_m),
                         out.cosine,
                         in.cosine});
    }
}

void Reception::add_reflected(double time_s, std::vector<Path>& paths)
{
    const auto& scenario = d_radio.arguments.scenario;
    const double carrier_hz = scenario.waveform.carrier_hz;
    const auto& scene = d_scenes.at(time_s);
    const double elapsed_s = time_s - scene.reference_s;
    const double step_s = static_cast<double>(block) / d_rate_hz;
    for (const auto& reflector : scene.reflectors) {
        const auto now = position_at(reflector, elapsed_s);
        const auto next = position_at(reflector, elapsed_s + step_s);
        const auto in = ray(d_receiver, now);
        const auto in_next = ray(d_receiver, next);
        const auto in_first = ray(d_receiver, reflector.position_m);
        for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
            if (reflector.reflection[n] == 0.0) {
                continue;
            }
            const auto& transmitter = scenario.transmit[n];
            const auto out = ray(transmitter, now);
            const double length = out.length_m + in.length_m;
            const double next_length = ray(transmitter, next).length_m + in_next.length_m;
            const double first_length =
                ray(transmitter, reflector.position_m).length_m + in_first.length_m;
            paths.push_back(
                {n,
                 length,
                 (next_length - length) / step_s,
                 reflector.reflection[n] * amplitude(scenario.path_loss, length) *
                     phasor(carrier_hz * first_length / speed_of_light),
                 out.cosine,
                 in.cosine});
        }
    }
}

void Reception::add_path(const Path& path,
                         double time_s,
                         std::int64_t center,
                         std::int64_t from,
                         std::int64_t count,
                         std::size_t place,
                         std::vector<Samples>& antennas)
{
    const auto& slot = d_radio.environment.transmitter(path.transmitter);
    const auto& transmitter = d_radio.arguments.scenario.transmit[path.transmitter];
    const auto& clock = d_clocks[path.transmitter];
    const double delay_s = path.length_m / speed_of_light;
    const double sent_s = time_s - delay_s;

    // The transmitter's sample that arrives at the centre of the block, and the first one
    // that is needed.
    const double at = clock.count_s(sent_s) * d_rate_hz;
    const double whole = std::floor(at);
    const auto first =
        static_cast<std::int64_t>(whole) + (from - center) - Interpolator::before;
    const auto needed = count + Interpolator::taps - 1;
    if (first + needed <= slot.first || first >= slot.written) {
        return; // silence
    }
    std::fill_n(d_combined.begin(), needed, std::complex<float>());
    for (int a = 0; a < transmitter.antennas; a++) {
        d_radio.counters.lost +=
            static_cast<std::uint64_t>(read_ring(d_radio.environment,
                                                 path.transmitter,
                                                 static_cast<std::size_t>(a),
                                                 first,
                                                 needed,
                                                 d_sent.data()));
        const auto weight = std::conj(steering(transmitter, path.departing, a));
        multiply_add(
            std::complex<float>(weight), d_sent.data(), needed, d_combined.data());
    }
    d_interpolator.interpolate(d_combined.data(), at - whole, count, d_arrived.data());

    // The carrier's phase turns linearly over the block.
    const double turns =
        d_center_hz * (clock.fast * sent_s - d_clock.fast * time_s - delay_s);
    const double delay_rate = path.rate_mps / speed_of_light;
    const double turns_per_sample =
        d_center_hz / d_rate_hz *
        (clock.fast * (1.0 - delay_rate) - d_clock.fast - delay_rate);
    const auto step = phasor(turns_per_sample);
    auto carrier = path.gain * phasor(turns - turns_per_sample * (block / 2));
    // From the start of the block, so that its samples do not depend on `from`.
    for (auto k = center - block / 2; k < from; k++) {
        carrier = product(carrier, step);
    }
    turn(carrier, step, count, d_arrived.data());
    for (int a = 0; a < d_receiver.antennas; a++) {
        multiply_add(std::complex<float>(steering(d_receiver, path.arriving, a)),
                     d_arrived.data(),
                     count,
                     antennas[a].data() + place);
    }
}

void Reception::add_noise(std::int64_t start,
                          std::int64_t count,
                          std::vector<Samples>& antennas)
{
    const auto deviation = static_cast<float>(
        std::sqrt(dbm_to_watt(d_radio.arguments.noise_dbm) * d_radio.timing.fft_size));
    for (std::size_t a = 0; a < antennas.size(); a++) {
        const auto seed = d_radio.arguments.settings.seed ^
                          detail::fnv1a(d_receiver.name + "/" + std::to_string(a));
        for (std::int64_t done = 0; done < count;) {
            const auto index = floor_divide(start + done, noise_stream);
            const auto first = start + done - index * noise_stream;
            const auto some = std::min({count - done, noise_stream - first, block});
            const signal::Stream stream{
                seed,
                static_cast<std::uint64_t>(index),
                static_cast<std::uint32_t>(signal::Purpose::sensing_noise)};
            signal::host::draw_complex_normal(
                stream, first, some, deviation, reinterpret_cast<float*>(d_noise.data()));
            multiply_add(1.0f, d_noise.data(), some, antennas[a].data() + done);
            done += some;
        }
    }
}

} // namespace cfisac::radio
