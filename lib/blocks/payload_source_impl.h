/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PAYLOAD_SOURCE_IMPL_H
#define INCLUDED_ISAC_PAYLOAD_SOURCE_IMPL_H

#include <cfisac/signal/layout.h>
#include <gnuradio/isac/payload_source.h>

namespace gr {
namespace isac {

class payload_source_impl : public payload_source
{
public:
    payload_source_impl(const cfisac::Scenario& scenario, std::uint64_t seed);

    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    const cfisac::signal::Layout d_layout;
    const std::uint64_t d_seed;
    const int d_frame_items; //!< S·T
};

} // namespace isac
} // namespace gr

#endif
