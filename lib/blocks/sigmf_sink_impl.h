/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_SIGMF_SINK_IMPL_H
#define INCLUDED_ISAC_SIGMF_SINK_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/recording/recorder.h>
#include <gnuradio/isac/sigmf_sink.h>

namespace gr {
namespace isac {

class sigmf_sink_impl : public sigmf_sink
{
public:
    sigmf_sink_impl(const std::string& filename,
                    const cfisac::recording::Metadata& metadata,
                    bool overwrite);

    void set_hardware(const std::string& hardware,
                      const std::string& clock_source,
                      const std::string& time_source) override;
    void set_scene_seed(std::uint64_t seed) override;
    std::uint64_t samples() const override { return d_samples; }
    std::uint64_t samples_clipped() const override { return d_samples_clipped; }
    std::uint64_t captures() const override { return d_captures; }
    std::uint64_t samples_lost() const override { return d_samples_lost; }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    bool stop() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    //! Take a tag of the next sample to the recorder.
    void read_tag(const tag_t& tag);
    void record(int items, gr_vector_const_void_star& input_items);

    const std::string d_filename;
    cfisac::recording::Recorder d_recorder; //!< guarded by d_setlock
    std::atomic<std::uint64_t> d_samples{0};
    std::atomic<std::uint64_t> d_samples_clipped{0};
    std::atomic<std::uint64_t> d_captures{0};
    std::atomic<std::uint64_t> d_samples_lost{0};
    failure d_failure;
    log_limiter d_lost_log;
    log_limiter d_clipped_log;
};

} // namespace isac
} // namespace gr

#endif
