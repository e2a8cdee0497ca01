/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_SIGMF_SOURCE_IMPL_H
#define INCLUDED_ISAC_SIGMF_SOURCE_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/recording/player.h>
#include <gnuradio/isac/sigmf_source.h>

namespace gr {
namespace isac {

class sigmf_source_impl : public sigmf_source
{
public:
    sigmf_source_impl(const std::string& filename,
                      const cfisac::recording::Metadata& recording,
                      bool repeat);

    const cfisac::recording::Metadata& recording() const override { return d_recording; }
    std::uint64_t samples() const override { return d_samples; }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    //! Tag what lies in the samples `first` … `first + items - 1` of the recording, the
    //! first of which is item `item` of this call.
    void add_tags(std::uint64_t first, int items, int item);
    void add_tag_everywhere(std::uint64_t offset,
                            const pmt::pmt_t& key,
                            const pmt::pmt_t& value);

    const cfisac::recording::Metadata d_recording;
    const bool d_repeat;
    cfisac::recording::Player d_player;
    std::size_t d_capture = 0; //!< next one to be tagged
    std::atomic<std::uint64_t> d_samples{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
