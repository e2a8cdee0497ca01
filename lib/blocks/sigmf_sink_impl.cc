/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "sigmf_sink_impl.h"
#include "exported_count.h"
#include "radio_time_tag.h"

#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/version.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

using cfisac::recording::Metadata;
using cfisac::recording::RadioTime;

} // namespace

sigmf_sink::sptr sigmf_sink::make(const cfisac::Scenario& scenario,
                                  const std::string& access_point,
                                  const std::string& filename,
                                  const std::string& datatype,
                                  double full_scale_dbm,
                                  std::uint64_t seed,
                                  double start_time_s,
                                  const std::string& description,
                                  bool overwrite)
{
    Metadata metadata;
    metadata.datatype = cfisac::recording::datatype_from_string(datatype);
    metadata.description = description;
    metadata.recorder = std::string("gr-isac ") + cfisac::version;
    metadata.setup.scenario = scenario;
    cfisac::recording::find_access_point(metadata.setup, access_point);
    metadata.setup.full_scale_dbm = full_scale_dbm;
    metadata.setup.seed = seed;
    if (!(start_time_s < 0.0)) {
        metadata.setup.start_time_s = start_time_s; // what is no time is refused there
    }
    return gnuradio::make_block_sptr<sigmf_sink_impl>(filename, metadata, overwrite);
}

sigmf_sink_impl::sigmf_sink_impl(const std::string& filename,
                                 const Metadata& metadata,
                                 bool overwrite)
    : gr::sync_block("sigmf_sink",
                     gr::io_signature::make(metadata.setup.own().total_antennas(),
                                            metadata.setup.own().total_antennas(),
                                            sizeof(gr_complex)),
                     gr::io_signature::make(0, 0, 0)),
      d_filename(filename),
      d_recorder(filename, metadata, {overwrite, true})
{
}

void sigmf_sink_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "samples", &sigmf_sink::samples, "samples", "samples recorded"));
    add_rpc_variable(exported_count(alias(),
                                    "samples_clipped",
                                    &sigmf_sink::samples_clipped,
                                    "samples",
                                    "samples beyond full scale"));
    add_rpc_variable(exported_count(alias(),
                                    "samples_lost",
                                    &sigmf_sink::samples_lost,
                                    "samples",
                                    "samples that the radio lost"));
#endif
}

void sigmf_sink_impl::set_hardware(const std::string& hardware,
                                   const std::string& clock_source,
                                   const std::string& time_source)
{
    const gr::thread::scoped_lock lock(d_setlock);
    d_recorder.set_hardware(hardware, clock_source, time_source);
}

void sigmf_sink_impl::set_scene_seed(std::uint64_t seed)
{
    const gr::thread::scoped_lock lock(d_setlock);
    d_recorder.set_scene_seed(seed);
}

bool sigmf_sink_impl::start()
{
    d_failure.clear();
    return true;
}

bool sigmf_sink_impl::stop()
{
    const gr::thread::scoped_lock lock(d_setlock);
    try {
        d_recorder.finish();
        const auto& metadata = d_recorder.metadata();
        d_samples = metadata.samples;
        d_captures = metadata.captures.size();
        d_logger->info("{:s}: {:d} samples of {:d} antennas, {:d} lost",
                       d_filename,
                       metadata.samples,
                       metadata.channels,
                       d_samples_lost.load());
    } catch (const std::exception& cause) {
        if (d_failure.text().empty()) {
            d_failure.end(d_logger, cause);
        }
    }
    return true;
}

void sigmf_sink_impl::read_tag(const tag_t& tag)
{
    static const auto rx_freq = pmt::intern("rx_freq");
    static const auto rx_rate = pmt::intern("rx_rate");
    const auto& metadata = d_recorder.metadata();
    const bool is_time = pmt::eqv(tag.key, names::rx_time()) ||
                         (!metadata.setup.receive && pmt::eqv(tag.key, names::tx_time()));
    if (is_time) {
        const auto time = radio_time<RadioTime>(tag.value);
        if (!time) {
            d_logger->error("tag {:s} is no time, and is passed over",
                            pmt::symbol_to_string(tag.key));
            return;
        }
        const auto lost = d_recorder.set_time(*time);
        d_samples_lost += lost;
        if (lost > 0 && d_lost_log.pass()) {
            d_logger->warn("{:d} samples lost so far", d_samples_lost.load());
        }
    } else if (pmt::eqv(tag.key, rx_freq) && pmt::is_real(tag.value) &&
               std::isfinite(pmt::to_double(tag.value))) {
        d_recorder.set_frequency(pmt::to_double(tag.value));
    } else if (pmt::eqv(tag.key, rx_rate) && pmt::is_real(tag.value)) {
        const double rate = pmt::to_double(tag.value);
        if (!(std::abs(rate - metadata.sample_rate_hz) <=
              1e-6 * metadata.sample_rate_hz)) {
            throw std::runtime_error(d_filename + ": the radio takes " +
                                     std::to_string(rate) +
                                     " samples per second, the scenario's are " +
                                     std::to_string(metadata.sample_rate_hz));
        }
    } else if (pmt::eqv(tag.key, names::frame()) && pmt::is_uint64(tag.value)) {
        d_recorder.set_frame(pmt::to_uint64(tag.value));
    }
}

void sigmf_sink_impl::record(int items, gr_vector_const_void_star& input_items)
{
    std::vector<tag_t> tags;
    const std::uint64_t first = nitems_read(0);
    get_tags_in_range(tags, 0, first, first + items);
    std::stable_sort(tags.begin(), tags.end(), tag_t::offset_compare);
    std::vector<const gr_complex*> channels(input_items.size());
    auto tag = tags.begin();
    for (std::uint64_t done = 0; done < static_cast<std::uint64_t>(items);) {
        for (; tag != tags.end() && tag->offset == first + done; ++tag) {
            read_tag(*tag);
        }
        const auto end =
            tag == tags.end() ? static_cast<std::uint64_t>(items) : tag->offset - first;
        for (std::size_t a = 0; a < channels.size(); a++) {
            channels[a] = static_cast<const gr_complex*>(input_items[a]) + done;
        }
        d_recorder.write(channels.data(), end - done);
        done = end;
    }
}

int sigmf_sink_impl::work(int noutput_items,
                          gr_vector_const_void_star& input_items,
                          gr_vector_void_star&)
{
    const gr::thread::scoped_lock lock(d_setlock);
    try {
        record(noutput_items, input_items);
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    const auto& metadata = d_recorder.metadata();
    d_samples = metadata.samples;
    d_captures = metadata.captures.size();
    if (metadata.samples_clipped > d_samples_clipped && d_clipped_log.pass()) {
        d_logger->warn("{:d} samples beyond full scale clipped so far",
                       metadata.samples_clipped);
    }
    d_samples_clipped = metadata.samples_clipped;
    return noutput_items;
}

} // namespace isac
} // namespace gr
