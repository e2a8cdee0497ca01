/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ERROR_METER_IMPL_H
#define INCLUDED_ISAC_ERROR_METER_IMPL_H

#include "failure.h"

#include <cfisac/evaluation/scores.h>
#include <gnuradio/isac/error_meter.h>
#include <deque>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class error_meter_impl : public error_meter
{
public:
    explicit error_meter_impl(const cfisac::Scenario& scenario);

    std::map<std::string, double> scores() const override;
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
    //! An item that waits for its partner.
    struct entry {
        std::uint64_t frame;
        std::vector<float> values;
        std::vector<float> bound; //!< empty when unknown
    };

    //! Move items of a port to a queue, as far as there is room. \return their number
    int fill(std::deque<entry>& queue,
             int port,
             int available,
             const void* items,
             const void* bounds);
    void match();
    void score(const entry& truth, const entry& estimate);
    void publish();

    const std::size_t d_values; //!< 2·D·Q
    const std::size_t d_bounds; //!< 2·Q
    mutable std::mutex d_mutex; //!< guards d_keeper and d_unmatched
    cfisac::evaluation::ScoreKeeper d_keeper;
    std::uint64_t d_unmatched = 0;
    std::deque<entry> d_truth;
    std::deque<entry> d_estimates;
    log_limiter d_publish_limiter;
    log_limiter d_log_limiter;
};

} // namespace isac
} // namespace gr

#endif
