/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ofdm_modulator_impl.h"
#include "checks.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <limits>
#include <volk/volk.h>

namespace gr {
namespace isac {

namespace {

int antennas_of(const cfisac::Scenario& scenario, int access_point)
{
    return checked_access_point(scenario.transmit, access_point).total_antennas();
}

double checked_start(double start_time_s)
{
    if (!std::isfinite(start_time_s)) {
        throw std::invalid_argument("start time: " + std::to_string(start_time_s) +
                                    " s is not a time");
    }
    return start_time_s;
}

//! The mean power of a payload symbol, W: that of the sensed subcarriers.
double symbol_power_w(const cfisac::Scenario& scenario,
                      const std::optional<pmt::pmt_t>& tag)
{
    if (tag && !pmt::is_number(*tag)) {
        throw std::invalid_argument("tag power_dbm: want a number, got " +
                                    pmt::write_string(*tag));
    }
    const double power_dbm = tag ? pmt::to_double(*tag) : scenario.transmit_power_dbm;
    const double watt = cfisac::dbm_to_watt(power_dbm);
    if (!std::isfinite(watt) || watt <= 0.0) {
        throw std::invalid_argument("tag power_dbm: " + std::to_string(power_dbm) +
                                    " dBm is not a power");
    }
    return watt * scenario.waveform.sensed_subcarriers() / scenario.waveform.subcarriers;
}

//! A time of GNU Radio's radios: `start_s` and so many periods more.
pmt::pmt_t time_of(double start_s,
                   std::uint64_t periods,
                   const cfisac::FrameTiming& timing)
{
    // Absolute times have more digits than a double.
    const long double time_s = start_s + static_cast<long double>(periods) *
                                             timing.period / timing.sample_rate_hz;
    const long double whole = std::floor(time_s);
    return pmt::make_tuple(pmt::from_uint64(static_cast<std::uint64_t>(whole)),
                           pmt::from_double(static_cast<double>(time_s - whole)));
}

} // namespace

ofdm_modulator::sptr ofdm_modulator::make(const cfisac::Scenario& scenario,
                                          int access_point,
                                          double full_scale_dbm,
                                          double start_time_s)
{
    return gnuradio::make_block_sptr<ofdm_modulator_impl>(
        scenario, access_point, full_scale_dbm, start_time_s);
}

ofdm_modulator_impl::ofdm_modulator_impl(const cfisac::Scenario& scenario,
                                         int access_point,
                                         double full_scale_dbm,
                                         double start_time_s)
    : gr::block("ofdm_modulator",
                gr::io_signature::make(1,
                                       1,
                                       static_cast<int>(scenario.transmit_frame_size() *
                                                        sizeof(gr_complex))),
                gr::io_signature::make(antennas_of(scenario, access_point),
                                       antennas_of(scenario, access_point),
                                       sizeof(gr_complex))),
      d_timing(scenario),
      d_scenario(scenario),
      d_access_point(access_point),
      d_start_time_s(checked_start(start_time_s)),
      d_preamble(cfisac::signal::preamble(d_timing, access_point)),
      d_symbols(scenario, antennas_of(scenario, access_point)),
      d_full_scale_dbm(full_scale_dbm)
{
    full_scale_amplitude(full_scale_dbm);
    set_tag_propagation_policy(TPP_DONT);
    set_relative_rate(static_cast<std::uint64_t>(d_timing.period), 1);
    // Waking the readers costs more than some hundred samples.
    set_min_output_buffer(32768);
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
}

void ofdm_modulator_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    const auto add = [&](const char* name,
                         std::uint64_t (ofdm_modulator::*count)() const,
                         const char* unit,
                         const char* text) {
        add_rpc_variable(exported_count(alias(), name, count, unit, text));
    };
    add("frames", &ofdm_modulator::frames, "frames", "frames sent");
    add("frames_silent",
        &ofdm_modulator::frames_silent,
        "frames",
        "frames whose numbers were missing");
    add("frames_dropped",
        &ofdm_modulator::frames_dropped,
        "frames",
        "frames whose numbers had passed");
    add("samples_beyond_full_scale",
        &ofdm_modulator::samples_beyond_full_scale,
        "samples",
        "samples that a converter clips");
#endif
}

bool ofdm_modulator_impl::start()
{
    d_current.reset();
    d_last.reset();
    d_failure.clear();
    return true;
}

void ofdm_modulator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    ninput_items_required[0] = 1;
}

void ofdm_modulator_impl::set_full_scale_dbm(double full_scale_dbm)
{
    full_scale_amplitude(full_scale_dbm);
    d_full_scale_dbm = full_scale_dbm;
}

void ofdm_modulator_impl::on_command(message_reader& reader)
{
    const auto full_scale_dbm = reader.number("full_scale_dbm");
    reader.finish();
    if (full_scale_dbm) {
        set_full_scale_dbm(*full_scale_dbm);
    }
}

bool ofdm_modulator_impl::begin(std::uint64_t offset)
{
    std::vector<tag_t> tags;
    get_tags_in_range(tags, 0, offset, offset + 1);
    const std::uint64_t number = frame_number(tags, offset);
    if (d_last && number <= *d_last) {
        d_frames_dropped++;
        if (d_dropped_log.pass()) {
            d_logger->error(
                "frame {:d} dropped: frame {:d} was sent already ({:d} dropped "
                "so far)",
                number,
                *d_last,
                d_frames_dropped.load());
        }
        return false;
    }
    const std::uint64_t missing = d_last ? number - *d_last - 1 : 0;
    if (missing > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() /
                                             d_timing.period)) {
        throw std::invalid_argument("frame " + std::to_string(number) + " after frame " +
                                    std::to_string(*d_last) +
                                    " is further away than samples can be counted");
    }
    const double power_w =
        symbol_power_w(d_scenario, find_tag(tags, offset, names::power_dbm()));
    d_frames_silent += missing;
    d_current = current_frame{
        number, std::sqrt(power_w), static_cast<std::int64_t>(missing) * d_timing.period};
    if (d_access_point == 0) {
        d_header = cfisac::signal::header(d_timing, number);
    }
    d_symbols.restart();
    if (!d_last && d_start_time_s >= 0.0) {
        const auto time = time_of(d_start_time_s, number, d_timing);
        for (unsigned port = 0;
             port < static_cast<unsigned>(output_signature()->max_streams());
             port++) {
            add_item_tag(port, nitems_written(port), names::tx_time(), time);
        }
    }
    return true;
}

void ofdm_modulator_impl::measure()
{
    const auto count =
        static_cast<unsigned>(d_symbols.count() * d_timing.symbol_samples());
    for (const auto& samples : d_symbols.samples()) {
        if (d_level.add(samples.data(), count) && d_beyond_log.pass()) {
            d_logger->warn(
                "{:d} samples beyond full scale so far, which a converter clips: "
                "full_scale_dbm ({:g}) must be some 12 dB above the transmit power",
                d_level.beyond_full_scale(),
                d_full_scale_dbm.load());
        }
    }
}

std::int64_t ofdm_modulator_impl::write_payload(const gr_complex* frame,
                                                std::int64_t at,
                                                std::int64_t most,
                                                gr_vector_void_star& output_items)
{
    const std::int64_t position = d_current->position - d_timing.payload_start();
    const std::int64_t samples = d_timing.symbol_samples();
    const int step = d_scenario.waveform.symbol_step;
    const std::int64_t t = position / samples;
    if (t % step != 0) { // not sensed, up to the next that is
        const std::int64_t end = std::min<std::int64_t>((t / step + 1) * step * samples,
                                                        d_timing.payload_samples());
        const std::int64_t count = std::min(most, end - position);
        for (void* const out : output_items) {
            std::fill_n(static_cast<gr_complex*>(out) + at, count, gr_complex(0.0f));
        }
        return count;
    }
    const auto sensed = static_cast<int>(t / step);
    const double full_scale = full_scale_amplitude(d_full_scale_dbm);
    if (d_symbols.make(frame, sensed, static_cast<float>(1.0 / full_scale))) {
        measure();
    }
    const int slot = sensed - d_symbols.first();
    const std::int64_t begin = slot * samples + position % samples;
    // Symbols that follow each other in the frame do so over the air, where all are sensed.
    const std::int64_t end = (step == 1 ? d_symbols.count() : slot + 1) * samples;
    const std::int64_t count = std::min(most, end - begin);
    for (std::size_t a = 0; a < output_items.size(); a++) {
        std::copy_n(d_symbols.samples()[a].data() + begin,
                    count,
                    static_cast<gr_complex*>(output_items[a]) + at);
    }
    return count;
}

std::int64_t ofdm_modulator_impl::write(const gr_complex* frame,
                                        std::int64_t at,
                                        std::int64_t most,
                                        gr_vector_void_star& output_items)
{
    auto& current = *d_current;
    const auto out = [&](std::size_t antenna) {
        return static_cast<gr_complex*>(output_items[antenna]) + at;
    };
    const auto silence = [&](std::size_t first_antenna, std::int64_t count) {
        for (std::size_t a = first_antenna; a < output_items.size(); a++) {
            std::fill_n(out(a), count, gr_complex(0.0f));
        }
    };
    const std::int64_t position = current.position;
    const auto until = [&](std::int64_t end) { return std::min(most, end - position); };
    // Part of a sequence of the first antenna that starts at `start`.
    const auto single = [&](const cfisac::signal::Samples& sequence, std::int64_t start) {
        const std::int64_t count =
            until(start + static_cast<std::int64_t>(sequence.size()));
        const auto scale = static_cast<float>(current.amplitude /
                                              full_scale_amplitude(d_full_scale_dbm));
        volk_32f_s32f_multiply_32f(
            reinterpret_cast<float*>(out(0)),
            reinterpret_cast<const float*>(&sequence[position - start]),
            scale,
            static_cast<unsigned>(2 * count));
        silence(1, count);
        return count;
    };

    std::int64_t count;
    const std::int64_t own = d_timing.preamble_start(d_access_point);
    if (position < own) {
        silence(0, count = until(own));
    } else if (position < own + d_timing.preamble_samples()) {
        count = single(d_preamble, own);
    } else if (position < d_timing.header_start()) {
        silence(0, count = until(d_timing.header_start()));
    } else if (position < d_timing.payload_start()) {
        if (d_access_point == 0) {
            count = single(d_header, d_timing.header_start());
        } else {
            silence(0, count = until(d_timing.payload_start()));
        }
    } else if (position < d_timing.frame_samples()) {
        count = write_payload(frame, at, most, output_items);
    } else {
        silence(0, count = until(d_timing.period));
    }
    return count;
}

int ofdm_modulator_impl::general_work(int noutput_items,
                                      gr_vector_int&,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    try {
        if (!d_current && !begin(nitems_read(0))) {
            consume_each(1);
            return 0;
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    auto& current = *d_current;
    const auto* const frame = static_cast<const gr_complex*>(input_items[0]);
    std::int64_t produced = 0;
    while (produced < noutput_items && current.position < d_timing.period) {
        const std::int64_t most = noutput_items - produced;
        if (current.silence > 0) {
            const std::int64_t count = std::min(most, current.silence);
            for (void* const out : output_items) {
                std::fill_n(
                    static_cast<gr_complex*>(out) + produced, count, gr_complex(0.0f));
            }
            current.silence -= count;
            produced += count;
            continue;
        }
        if (current.position == 0) {
            for (unsigned port = 0; port < output_items.size(); port++) {
                add_item_tag(port,
                             nitems_written(port) + produced,
                             names::frame(),
                             pmt::from_uint64(current.number));
            }
        }
        const std::int64_t count = write(frame, produced, most, output_items);
        current.position += count;
        produced += count;
    }
    if (current.position == d_timing.period) {
        d_last = current.number;
        d_frames++;
        d_current.reset();
        consume_each(1);
    }
    return static_cast<int>(produced);
}

} // namespace isac
} // namespace gr
