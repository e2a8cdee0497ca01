// SPDX-License-Identifier: GPL-3.0-or-later
#include "random_kernel.h"
#include "sample_channel_kernel.h"
#include "sample_paths.h"
#include <algorithm>
#include <cfisac/signal/sample_channel.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

using Rows = host::Row<float>;

constexpr std::int64_t block = SampleChannel::block;
// Paths that are worked out before the samples that they need are read.
constexpr std::int64_t paths_at_a_time = 16384;
constexpr std::int64_t blocks_at_a_time = 32;
// Words of random numbers of the noise, beside those of `Purpose`, which end below.
constexpr std::uint32_t noise_purpose = 1024;
// Samples of the noise from one stream of random numbers.
constexpr int stream_bits = 20;
// Samples by which a path may move in a block and still count as constant: the largest error
// of the phase at the edge of the inner 80 % of the band is 0.8 π/2 times that, -70 dB.
constexpr double still_drift = 2.5e-4;

std::int64_t floor_divide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

host::Row<const float> constant(Rows row) { return {row.re, row.im}; }

Phasor to_phasor(std::complex<double> value)
{
    return {static_cast<float>(value.real()), static_cast<float>(value.imag())};
}

// Antenna `a` of a steering vector (1), (2).
std::complex<double> steering(const AccessPoint& point,
                              const ArrayCosines& cosines,
                              int a)
{
    double phase =
        -2.0 * M_PI * (a % point.antennas) * point.spacing_wavelengths * cosines.first;
    if (point.planar) {
        phase -= 2.0 * M_PI * (a / point.antennas) * point.planar->spacing_wavelengths *
                 cosines.second;
    }
    return std::polar(1.0 / std::sqrt(static_cast<double>(point.total_antennas())),
                      phase);
}

double checked_noise_w(double noise_dbm)
{
    const double watt = dbm_to_watt(noise_dbm);
    if (!std::isfinite(watt) || !(watt > 0.0)) {
        throw std::invalid_argument("noise: " + std::to_string(noise_dbm) +
                                    " dBm is not a power");
    }
    return watt;
}

} // namespace

class SampleChannel::State
{
public:
    State(const Scenario& scenario,
          std::shared_ptr<SceneSource> scenes,
          const SampleChannelOptions& options)
        : paths(scenario, std::move(scenes), options),
          d_seed(options.seed),
          d_sources(scenario.transmit.size())
    {
        set_noise_dbm(options.noise_dbm.value_or(scenario.sensing_noise_dbm));
    }

    void set_noise_dbm(double noise_dbm)
    {
        d_deviation = std::sqrt(paths.timing.fft_size * checked_noise_w(noise_dbm));
    }

    void require(int m, std::int64_t count) const
    {
        if (m < 0 || m >= static_cast<int>(paths.scenario.receive.size())) {
            throw std::invalid_argument(
                "receive access point: " + std::to_string(m) + " is not one of 0 … " +
                std::to_string(paths.scenario.receive.size() - 1));
        }
        if (count < 0) {
            throw std::invalid_argument("number of samples: " + std::to_string(count) +
                                        " is negative");
        }
    }

    void require_transmitter(int n) const
    {
        const auto transmitters = static_cast<int>(paths.scenario.transmit.size());
        if (n < 0 || n >= transmitters) {
            throw std::invalid_argument("transmit access point: " + std::to_string(n) +
                                        " is not one of 0 … " +
                                        std::to_string(transmitters - 1));
        }
    }

    void receive(int m,
                 std::int64_t first,
                 std::int64_t count,
                 SampleSource& sent,
                 std::complex<float>* const* antennas);
    std::pair<std::int64_t, std::int64_t> needs(int m,
                                                int n,
                                                std::int64_t first,
                                                std::int64_t count);

    SamplePaths paths;

private:
    //! Samples of a transmit access point that are at work.
    struct Source {
        std::int64_t first = 0; //!< of the rows
        std::int64_t stride = 0;
        bool silent = true;
        std::vector<float> rows; //!< [antenna, 2, stride]
    };

    //! The first and the one after the last sample that a path needs for some of its own.
    static std::pair<std::int64_t, std::int64_t> span(const SamplePath& path,
                                                      std::int64_t first,
                                                      std::int64_t end)
    {
        return {std::max(path.begin, first) + path.shift - host::samples_before,
                std::min(path.end, end) + path.shift + host::samples_after};
    }
    //! Joins the spans of the paths of n that reach [first, end); equal where there is none.
    std::pair<std::int64_t, std::int64_t> joined_span(int n,
                                                      std::int64_t first,
                                                      std::int64_t end) const;
    void read(int n, std::int64_t first, std::int64_t end, SampleSource& sent);
    void illuminate(const SamplePath& path, std::int64_t start);
    void add_path(int m, const SamplePath& path, std::int64_t start);
    void make_block(int m, std::int64_t index);
    void add_noise(
        int m, std::int64_t first, std::int64_t count, int a, float* out) const;
    Rows sum(int a)
    {
        return {d_sums.data() + 2 * a * block, d_sums.data() + (2 * a + 1) * block};
    }

    std::uint64_t d_seed;
    double d_deviation = 0.0; //!< of the noise of a sample, sqrt(W)
    host::SincTable d_sinc;
    std::vector<SamplePath> d_found;         //!< paths of the blocks at work
    std::vector<std::size_t> d_ends;         //!< [block at work], of its paths
    std::vector<Source> d_sources;           //!< [N]
    std::vector<std::complex<float>> d_read; //!< [antenna, sample]
    std::vector<std::complex<float>*> d_read_antennas;
    std::vector<float> d_sums; //!< [antenna, 2, block]
    float d_source[2][host::source_block];
    float d_arrived[2][block];
    std::size_t d_block = 0; //!< of those at work
};

std::pair<std::int64_t, std::int64_t> SampleChannel::State::joined_span(
    int n, std::int64_t first, std::int64_t end) const
{
    std::pair<std::int64_t, std::int64_t> joined{0, 0};
    for (const auto& path : d_found) {
        if (first >= end || path.transmitter != n || path.begin >= end ||
            path.end <= first) {
            continue;
        }
        const auto own = span(path, first, end);
        joined = joined.first == joined.second
                     ? own
                     : std::pair{std::min(joined.first, own.first),
                                 std::max(joined.second, own.second)};
    }
    return joined;
}

std::pair<std::int64_t, std::int64_t> SampleChannel::State::needs(int m,
                                                                  int n,
                                                                  std::int64_t first,
                                                                  std::int64_t count)
{
    std::pair<std::int64_t, std::int64_t> all{0, 0};
    const std::int64_t end = first + count;
    for (auto index = floor_divide(first, block); index * block < end; index++) {
        d_found.clear();
        paths.add(m, index, d_found);
        const auto own = joined_span(n, first, end);
        if (own.first != own.second) {
            all = all.first == all.second ? own
                                          : std::pair{std::min(all.first, own.first),
                                                      std::max(all.second, own.second)};
        }
    }
    return all;
}

// Rows that hold what whole blocks need; of that, only what [first, end) needs is asked for.
void SampleChannel::State::read(int n,
                                std::int64_t first,
                                std::int64_t end,
                                SampleSource& sent)
{
    auto& source = d_sources[n];
    const auto antennas =
        static_cast<std::size_t>(paths.scenario.transmit[n].total_antennas());
    source.silent = true;
    const auto needed = joined_span(n, first, end);
    if (needed.first == needed.second) {
        return;
    }
    std::int64_t low = needed.first;
    std::int64_t high = needed.second;
    for (const auto& path : d_found) {
        if (path.transmitter == n) {
            const std::int64_t start = floor_divide(path.begin, block) * block;
            low = std::min(low, start + path.shift - host::samples_before);
            high = std::max(
                high, start + path.shift - host::samples_before + host::source_block);
        }
    }
    source.first = low;
    source.stride = high - low;
    const std::int64_t count = needed.second - needed.first;
    source.rows.assign(2 * antennas * source.stride, 0.0f);
    d_read.resize(std::max(d_read.size(), antennas * static_cast<std::size_t>(count)));
    d_read_antennas.clear();
    for (std::size_t a = 0; a < antennas; a++) {
        d_read_antennas.push_back(d_read.data() + a * count);
    }
    sent.read(n, needed.first, count, d_read_antennas.data());
    for (std::size_t a = 0; a < antennas; a++) {
        float* row = source.rows.data() + 2 * a * source.stride + (needed.first - low);
        if (host::split_samples(d_read_antennas[a], count, {row, row + source.stride})) {
            source.silent = false;
        }
    }
}

// a_t^H x with the path's gain.
void SampleChannel::State::illuminate(const SamplePath& path, std::int64_t start)
{
    const auto& source = d_sources[path.transmitter];
    const auto& point = paths.scenario.transmit[path.transmitter];
    const std::int64_t place = start + path.shift - host::samples_before - source.first;
    for (int a = 0; a < point.total_antennas(); a++) {
        const float* row = source.rows.data() + 2 * a * source.stride + place;
        host::combine(
            {d_source[0], d_source[1]},
            {row, row + source.stride},
            to_phasor(path.gain * std::conj(steering(point, path.departing, a))),
            a > 0);
    }
}

void SampleChannel::State::add_path(int m, const SamplePath& path, std::int64_t start)
{
    illuminate(path, start);
    float taps[host::sinc_taps];
    float slope[host::sinc_taps];
    const bool still = std::abs(path.drift) <= still_drift;
    if (still) {
        d_sinc.taps(path.position, taps);
    } else {
        float at_start[host::sinc_taps];
        float at_end[host::sinc_taps];
        d_sinc.taps(path.position - 0.5 * path.drift, at_start);
        d_sinc.taps(path.position + 0.5 * path.drift, at_end);
        for (std::int64_t k = 0; k < host::sinc_taps; k++) {
            taps[k] = 0.5f * (at_start[k] + at_end[k]);
            slope[k] = at_end[k] - at_start[k];
        }
    }
    const Rows arrived{d_arrived[0], d_arrived[1]};
    host::arrive({d_source[0], d_source[1]},
                 taps,
                 still ? nullptr : slope,
                 path.turns,
                 path.step,
                 arrived);
    const auto& receiver = paths.scenario.receive[m];
    const std::int64_t from = path.begin - start;
    for (int a = 0; a < receiver.total_antennas(); a++) {
        host::add_multiple(sum(a).from(from),
                           constant(arrived.from(from)),
                           to_phasor(steering(receiver, path.arriving, a)),
                           path.end - path.begin);
    }
}

void SampleChannel::State::make_block(int m, std::int64_t index)
{
    const auto antennas = paths.scenario.receive[m].total_antennas();
    d_sums.assign(2 * antennas * block, 0.0f);
    const auto begin = d_block == 0 ? 0 : d_ends[d_block - 1];
    for (auto k = begin; k < d_ends[d_block]; k++) {
        if (!d_sources[d_found[k].transmitter].silent) {
            add_path(m, d_found[k], index * block);
        }
    }
}

void SampleChannel::State::add_noise(
    int m, std::int64_t first, std::int64_t count, int a, float* out) const
{
    constexpr std::uint64_t stream_mask = (std::uint64_t{1} << (60 - stream_bits)) - 1;
    const auto channel =
        static_cast<std::uint64_t>(m * paths.scenario.receive_antennas() + a);
    const std::int64_t segment = first >> stream_bits;
    const Stream stream{d_seed,
                        channel << (60 - stream_bits) |
                            (static_cast<std::uint64_t>(segment) & stream_mask),
                        noise_purpose};
    host::draw_complex_normal(stream,
                              first - segment * (std::int64_t{1} << stream_bits),
                              count,
                              static_cast<float>(d_deviation),
                              out);
}

void SampleChannel::State::receive(int m,
                                   std::int64_t first,
                                   std::int64_t count,
                                   SampleSource& sent,
                                   std::complex<float>* const* antennas)
{
    const std::int64_t end = first + count;
    for (std::int64_t next = first; next < end;) {
        const std::int64_t from = next;
        const std::int64_t index = floor_divide(from, block);
        const std::int64_t most = std::clamp<std::int64_t>(
            paths_at_a_time / paths.count(m, index), 1, blocks_at_a_time);
        const std::int64_t until = std::min(end, (index + most) * block);
        d_found.clear();
        d_ends.clear();
        for (std::int64_t k = index; k * block < until; k++) {
            paths.add(m, k, d_found);
            d_ends.push_back(d_found.size());
        }
        for (std::size_t n = 0; n < d_sources.size(); n++) {
            read(static_cast<int>(n), from, until, sent);
        }
        for (d_block = 0; d_block < d_ends.size(); d_block++) {
            const std::int64_t start =
                (index + static_cast<std::int64_t>(d_block)) * block;
            const std::int64_t here = std::min(until, start + block) - next;
            make_block(m, index + static_cast<std::int64_t>(d_block));
            for (int a = 0; a < paths.scenario.receive[m].total_antennas(); a++) {
                auto* out = antennas[a] + (next - first);
                add_noise(m, next, here, a, reinterpret_cast<float*>(out));
                host::add_to_samples(out, constant(sum(a).from(next - start)), here);
            }
            next += here;
        }
    }
}

SampleChannel::SampleChannel(const Scenario& scenario,
                             std::shared_ptr<SceneSource> scenes,
                             const SampleChannelOptions& options)
{
    validate(scenario);
    d_state = std::make_unique<State>(scenario, std::move(scenes), options);
}

SampleChannel::~SampleChannel() = default;

void SampleChannel::receive(int m,
                            std::int64_t first,
                            std::int64_t count,
                            SampleSource& sent,
                            std::complex<float>* const* antennas)
{
    d_state->require(m, count);
    d_state->receive(m, first, count, sent, antennas);
}

std::pair<std::int64_t, std::int64_t> SampleChannel::needs(int m,
                                                           int n,
                                                           std::int64_t first,
                                                           std::int64_t count) const
{
    d_state->require(m, count);
    d_state->require_transmitter(n);
    return d_state->needs(m, n, first, count);
}

std::pair<std::int64_t, std::int64_t> SampleChannel::reach(int m,
                                                           int n,
                                                           std::int64_t k) const
{
    d_state->require(m, 0);
    d_state->require_transmitter(n);
    const auto shifts = d_state->paths.shifts(m, n, floor_divide(k, block));
    return {k + shifts.first - host::samples_before,
            k + 1 + shifts.second + host::samples_after};
}

double SampleChannel::time_s(int m, std::int64_t k) const
{
    d_state->require(m, 0);
    return d_state->paths.time_s(m, k);
}

double SampleChannel::sample_rate_hz() const
{
    return d_state->paths.timing.sample_rate_hz;
}

void SampleChannel::set_noise_dbm(double noise_dbm) { d_state->set_noise_dbm(noise_dbm); }

void SampleChannel::set_direct_path(bool on, double gain_db)
{
    d_state->paths.set_direct_path(on, gain_db);
}

void SampleChannel::set_clocks(const std::vector<RadioClock>& transmit,
                               const std::vector<RadioClock>& receive)
{
    d_state->paths.set_clocks(transmit, receive);
}

void SampleChannel::set_scenes(std::shared_ptr<SceneSource> scenes)
{
    d_state->paths.set_scenes(std::move(scenes));
}

} // namespace cfisac::signal
