/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ERROR_METER_IMPL_H
#define INCLUDED_ISAC_ERROR_METER_IMPL_H

#include "failure.h"

#include <cfisac/evaluation/scores.h>
#include <deque>
#include <gnuradio/isac/error_meter.h>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class error_meter_impl : public error_meter
{
public:
    error_meter_impl(const cfisac::Scenario& scenario, bool location_only);

    std::map<std::string, double> scores() const override;
    std::map<std::string, double> calibration() const override;
    std::string to_json() const override;
    std::string table() const override;
    void clear() override;
    std::uint64_t estimates_unmatched() const override;

    bool start() override;
    bool stop() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! A truth that waits for its estimate.
    struct entry {
        std::uint64_t frame;
        std::vector<float> values;
        std::vector<float> bound; //!< empty when unknown
    };

    //! Truths that can be read, with their bounds where these are connected.
    int truths_available();
    void queue_truths(int count, gr_vector_const_void_star& input_items);
    //! Score estimates as long as there is a truth. \return how many of them are done
    //! with. `confidences` is null when unknown.
    int match(int count, const float* estimates, const float* confidences);
    void score(const entry& truth, const float* estimate, const float* confidence);
    void publish();

    const std::size_t d_values;  //!< 2·D·Q
    const std::size_t d_bounds;  //!< 2·Q
    const std::size_t d_targets; //!< Q
    mutable std::mutex d_mutex;  //!< guards d_keeper and d_unmatched
    cfisac::evaluation::ScoreKeeper d_keeper;
    std::uint64_t d_unmatched = 0;
    std::deque<entry> d_truths;
    log_limiter d_publish_limiter;
    log_limiter d_log_limiter;
};

} // namespace isac
} // namespace gr

#endif
