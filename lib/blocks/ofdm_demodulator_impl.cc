/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ofdm_demodulator_impl.h"
#include "checks.h"
#include "exported_count.h"

#include <algorithm>
#include <cfisac/signal/calibration.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

int checked_advance(const cfisac::FrameTiming& timing, int window_advance)
{
    if (window_advance < 0) {
        return timing.prefix / 8;
    }
    if (window_advance > timing.prefix) {
        throw std::invalid_argument("window advance: " + std::to_string(window_advance) +
                                    " samples are more than the prefix of " +
                                    std::to_string(timing.prefix));
    }
    return window_advance;
}

} // namespace

ofdm_demodulator::sptr ofdm_demodulator::make(const cfisac::Scenario& scenario,
                                              int access_point,
                                              double full_scale_dbm,
                                              int window_advance)
{
    const auto& own = checked_access_point(scenario.receive, access_point);
    return gnuradio::make_block_sptr<ofdm_demodulator_impl>(
        scenario, own.total_antennas(), own.calibration, full_scale_dbm, window_advance);
}

ofdm_demodulator::sptr ofdm_demodulator::make_user(const cfisac::Scenario& scenario,
                                                   double full_scale_dbm,
                                                   int window_advance)
{
    return gnuradio::make_block_sptr<ofdm_demodulator_impl>(
        scenario, 1, cfisac::Calibration(), full_scale_dbm, window_advance);
}

ofdm_demodulator_impl::ofdm_demodulator_impl(const cfisac::Scenario& scenario,
                                             int antennas,
                                             const cfisac::Calibration& calibration,
                                             double full_scale_dbm,
                                             int window_advance)
    : gr::block("ofdm_demodulator",
                gr::io_signature::make(antennas, antennas, sizeof(gr_complex)),
                gr::io_signature::make(1,
                                       1,
                                       static_cast<int>(sizeof(gr_complex)) * antennas *
                                           scenario.waveform.sensed_subcarriers() *
                                           scenario.waveform.sensed_symbols())),
      d_timing(scenario),
      d_antennas(antennas),
      d_full_scale_dbm(full_scale_dbm),
      d_calibration(calibration),
      d_symbols(scenario, antennas, checked_advance(d_timing, window_advance))
{
    full_scale_amplitude(full_scale_dbm);
    check(calibration);
    set_tag_propagation_policy(TPP_DONT);
    set_relative_rate(1, static_cast<std::uint64_t>(d_timing.payload_samples()));
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
}

void ofdm_demodulator_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &ofdm_demodulator::frames, "frames", "frames made"));
    add_rpc_variable(exported_count(alias(),
                                    "samples_dropped",
                                    &ofdm_demodulator::samples_dropped,
                                    "samples",
                                    "samples that belonged to no whole frame"));
#endif
}

bool ofdm_demodulator_impl::start()
{
    d_symbol = 0;
    d_tagged = false;
    d_tags.clear();
    return true;
}

void ofdm_demodulator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(),
              ninput_items_required.end(),
              d_timing.symbol_samples());
}

void ofdm_demodulator_impl::check(const cfisac::Calibration& calibration) const
{
    if (calibration.empty()) {
        return;
    }
    const auto check = [&](const char* name, const std::vector<double>& values) {
        if (values.size() != static_cast<std::size_t>(d_antennas)) {
            throw std::invalid_argument("calibration: " + std::to_string(values.size()) +
                                        " entries of " + name + " for " +
                                        std::to_string(d_antennas) + " antennas");
        }
        for (const double value : values) {
            if (!std::isfinite(value)) {
                throw std::invalid_argument(std::string("calibration: ") + name +
                                            " has a value that is not finite");
            }
        }
    };
    check("gain_db", calibration.gain_db);
    check("phase_deg", calibration.phase_deg);
}

void ofdm_demodulator_impl::set_full_scale_dbm(double full_scale_dbm)
{
    full_scale_amplitude(full_scale_dbm);
    const gr::thread::scoped_lock lock(d_setlock);
    d_full_scale_dbm = full_scale_dbm;
    d_settings_changed = true;
}

double ofdm_demodulator_impl::full_scale_dbm() const
{
    const gr::thread::scoped_lock lock(const_cast<gr::thread::mutex&>(d_setlock));
    return d_full_scale_dbm;
}

void ofdm_demodulator_impl::set_calibration(const std::vector<double>& gain_db,
                                            const std::vector<double>& phase_deg)
{
    const cfisac::Calibration calibration{gain_db, phase_deg};
    check(calibration);
    const gr::thread::scoped_lock lock(d_setlock);
    d_calibration = calibration;
    d_settings_changed = true;
}

void ofdm_demodulator_impl::on_command(message_reader& reader)
{
    const auto full_scale_dbm = reader.number("full_scale_dbm");
    const auto gain_db = reader.numbers("gain_db");
    const auto phase_deg = reader.numbers("phase_deg");
    reader.finish();
    if (gain_db.has_value() != phase_deg.has_value()) {
        throw std::invalid_argument("gain_db and phase_deg belong together");
    }
    if (full_scale_dbm) {
        full_scale_amplitude(*full_scale_dbm);
    }
    if (gain_db) {
        set_calibration(*gain_db, *phase_deg);
    }
    if (full_scale_dbm) {
        set_full_scale_dbm(*full_scale_dbm);
    }
}

void ofdm_demodulator_impl::refresh_factors()
{
    const gr::thread::scoped_lock lock(d_setlock);
    if (!d_settings_changed) {
        return;
    }
    d_settings_changed = false;
    std::vector<gr_complexd> factors(d_antennas, full_scale_amplitude(d_full_scale_dbm));
    for (int a = 0; a < d_antennas; a++) {
        factors[a] /= cfisac::signal::channel_response(d_calibration, a);
    }
    d_symbols.set_factors(factors);
}

void ofdm_demodulator_impl::note_dropped(std::int64_t samples)
{
    if (samples > 0) {
        d_samples_dropped += static_cast<std::uint64_t>(samples);
        if (d_dropped_log.pass()) {
            d_logger->warn("{:d} samples dropped so far that belonged to no whole frame",
                           d_samples_dropped.load());
        }
    }
}

std::int64_t ofdm_demodulator_impl::find_start(const std::vector<tag_t>& frame_tags,
                                               std::uint64_t offset,
                                               std::int64_t available)
{
    if (d_symbol == 0) {
        if (!frame_tags.empty()) {
            d_tagged = true;
        }
        const std::int64_t skipped =
            !d_tagged ? 0
            : frame_tags.empty()
                ? available
                : static_cast<std::int64_t>(frame_tags[0].offset - offset);
        note_dropped(skipped);
        return skipped;
    }
    // In a frame: a tag before the end of the next symbol cuts it short.
    if (!frame_tags.empty() &&
        frame_tags[0].offset < offset + d_timing.symbol_samples()) {
        const auto skipped = static_cast<std::int64_t>(frame_tags[0].offset - offset);
        note_dropped(std::int64_t{d_symbol} * d_timing.symbol_samples() + skipped);
        d_symbol = 0;
        d_tags.clear();
        d_tagged = true;
        return skipped;
    }
    return 0;
}

int ofdm_demodulator_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const std::int64_t available =
        *std::min_element(ninput_items.begin(), ninput_items.end());
    const std::uint64_t first = nitems_read(0);
    std::vector<tag_t> tags;
    get_tags_in_range(tags, 0, first, first + available);
    std::sort(tags.begin(), tags.end(), tag_t::offset_compare);
    std::vector<tag_t> frame_tags;
    std::copy_if(tags.begin(),
                 tags.end(),
                 std::back_inserter(frame_tags),
                 [](const tag_t& tag) { return pmt::eqv(tag.key, names::frame()); });

    const std::int64_t samples = d_timing.symbol_samples();
    std::int64_t taken = 0;
    int produced = 0;
    std::vector<const gr_complex*> symbol(d_antennas);
    while (produced < noutput_items) {
        const std::uint64_t offset = first + taken;
        frame_tags.erase(
            frame_tags.begin(),
            std::find_if(frame_tags.begin(), frame_tags.end(), [&](const tag_t& tag) {
                return tag.offset >= offset;
            }));
        taken += find_start(frame_tags, offset, available - taken);
        if (available - taken < samples) {
            break;
        }
        if (d_symbol == 0) {
            refresh_factors();
        }
        for (int a = 0; a < d_antennas; a++) {
            symbol[a] = static_cast<const gr_complex*>(input_items[a]) + taken;
        }
        d_symbols.take(d_symbol, symbol);
        const std::uint64_t begin = first + taken;
        std::copy_if(
            tags.begin(), tags.end(), std::back_inserter(d_tags), [&](const tag_t& tag) {
                return tag.offset >= begin && tag.offset < begin + samples;
            });
        taken += samples;
        if (++d_symbol == d_timing.symbols) {
            const auto& frame = d_symbols.frame();
            std::copy(frame.begin(),
                      frame.end(),
                      static_cast<gr_complex*>(output_items[0]) +
                          produced * frame.size());
            for (const tag_t& tag : d_tags) {
                add_item_tag(0, nitems_written(0) + produced, tag.key, tag.value);
            }
            d_tags.clear();
            d_symbol = 0;
            d_frames++;
            produced++;
        }
    }
    consume_each(static_cast<int>(taken));
    return produced;
}

} // namespace isac
} // namespace gr
