/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "payload_source_impl.h"
#include "frames.h"

#include <cfisac/signal/transmitter.h>
#include <gnuradio/io_signature.h>

namespace gr {
namespace isac {

payload_source::sptr payload_source::make(const cfisac::Scenario& scenario,
                                          std::uint64_t seed)
{
    return gnuradio::make_block_sptr<payload_source_impl>(scenario, seed);
}

payload_source_impl::payload_source_impl(const cfisac::Scenario& scenario,
                                         std::uint64_t seed)
    : gr::sync_block("payload_source",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(
                         scenario.users.count, scenario.users.count, sizeof(gr_complex))),
      d_layout(scenario),
      d_seed(seed),
      d_frame_items(scenario.waveform.sensed_subcarriers() *
                    scenario.waveform.sensed_symbols())
{
    set_output_multiple(d_frame_items);
}

bool payload_source_impl::start()
{
    prepare_thread();
    return true;
}

int payload_source_impl::work(int noutput_items,
                              gr_vector_const_void_star&,
                              gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    for (int item = 0; item < noutput_items; item += d_frame_items) {
        const auto frame =
            static_cast<std::int64_t>((nitems_written(0) + item) / d_frame_items);
        const at::Tensor symbols = cfisac::signal::payload(
            d_layout, cfisac::signal::Random(d_seed, {frame})); // [1, K, S, T]
        for (std::size_t user = 0; user < output_items.size(); user++) {
            copy_out(symbols.select(1, static_cast<std::int64_t>(user)),
                     static_cast<gr_complex*>(output_items[user]) + item,
                     at::kComplexFloat);
        }
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
