/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "sigmf_source_impl.h"
#include "exported_count.h"

#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

using cfisac::recording::Metadata;

sigmf_source::sptr sigmf_source::make(const std::string& filename, bool repeat)
{
    return gnuradio::make_block_sptr<sigmf_source_impl>(
        filename, cfisac::recording::read_metadata(filename, std::nullopt, true), repeat);
}

sigmf_source::sptr sigmf_source::make_foreign(const std::string& filename,
                                              const cfisac::Scenario& scenario,
                                              const std::string& access_point,
                                              double full_scale_dbm,
                                              std::uint64_t seed,
                                              double start_time_s,
                                              bool repeat)
{
    cfisac::recording::Setup setup;
    setup.scenario = scenario;
    cfisac::recording::find_access_point(setup, access_point);
    setup.full_scale_dbm = full_scale_dbm;
    setup.seed = seed;
    if (!(start_time_s < 0.0)) {
        setup.start_time_s = start_time_s;
    }
    return gnuradio::make_block_sptr<sigmf_source_impl>(
        filename, cfisac::recording::read_metadata(filename, setup, true), repeat);
}

sigmf_source_impl::sigmf_source_impl(const std::string& filename,
                                     const Metadata& recording,
                                     bool repeat)
    : gr::sync_block("sigmf_source",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(
                         recording.channels, recording.channels, sizeof(gr_complex))),
      d_recording(recording),
      d_repeat(repeat && recording.samples > 0),
      d_player(filename, recording)
{
}

void sigmf_source_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "samples", &sigmf_source::samples, "samples", "samples played"));
#endif
}

bool sigmf_source_impl::start()
{
    d_failure.clear();
    d_player.seek(0);
    d_capture = 0;
    return true;
}

void sigmf_source_impl::add_tag_everywhere(std::uint64_t offset,
                                           const pmt::pmt_t& key,
                                           const pmt::pmt_t& value)
{
    for (int a = 0; a < d_recording.channels; a++) {
        add_item_tag(a, offset, key, value, alias_pmt());
    }
}

void sigmf_source_impl::add_tags(std::uint64_t first, int items, int item)
{
    static const auto rx_freq = pmt::intern("rx_freq");
    static const auto rx_rate = pmt::intern("rx_rate");
    const auto end = first + items;
    const auto offset = [&](std::uint64_t sample) {
        return nitems_written(0) + item + (sample - first);
    };
    const auto& captures = d_recording.captures;
    const bool receive = d_recording.setup.receive;
    for (; d_capture < captures.size() && captures[d_capture].sample_start < end;
         d_capture++) {
        const auto& capture = captures[d_capture];
        const auto at = offset(capture.sample_start);
        if (capture.time) {
            add_tag_everywhere(at,
                               receive ? names::rx_time() : names::tx_time(),
                               pmt::make_tuple(pmt::from_uint64(capture.time->seconds),
                                               pmt::from_double(capture.time->fraction)));
        }
        if (receive) {
            add_tag_everywhere(at, rx_rate, pmt::from_double(d_recording.sample_rate_hz));
            if (capture.frequency_hz > 0.0) {
                add_tag_everywhere(at, rx_freq, pmt::from_double(capture.frequency_hz));
            }
        }
    }
    const auto& frame = d_recording.setup.first_frame;
    if (frame && frame->sample >= first && frame->sample < end) {
        add_tag_everywhere(
            offset(frame->sample), names::frame(), pmt::from_uint64(frame->frame));
    }
}

int sigmf_source_impl::work(int noutput_items,
                            gr_vector_const_void_star&,
                            gr_vector_void_star& output_items)
{
    try {
        int produced = 0;
        std::vector<gr_complex*> channels(output_items.size());
        while (produced < noutput_items) {
            if (d_player.position() == d_recording.samples) {
                if (!d_repeat) {
                    break;
                }
                d_player.seek(0);
                d_capture = 0;
            }
            for (std::size_t a = 0; a < channels.size(); a++) {
                channels[a] = static_cast<gr_complex*>(output_items[a]) + produced;
            }
            const auto first = d_player.position();
            const auto read = static_cast<int>(d_player.read(
                channels.data(), static_cast<std::size_t>(noutput_items - produced)));
            add_tags(first, read, produced);
            produced += read;
        }
        d_samples += static_cast<std::uint64_t>(produced);
        return produced > 0 ? produced : WORK_DONE;
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
