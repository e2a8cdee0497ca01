/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_OFDM_MODULATOR_IMPL_H
#define INCLUDED_ISAC_OFDM_MODULATOR_IMPL_H

#include "failure.h"
#include "level_meter.h"
#include "message.h"
#include "ofdm_symbols.h"

#include <atomic>
#include <cfisac/signal/preamble.h>
#include <gnuradio/isac/ofdm_modulator.h>
#include <optional>

namespace gr {
namespace isac {

class ofdm_modulator_impl : public ofdm_modulator
{
public:
    ofdm_modulator_impl(const cfisac::Scenario& scenario,
                        int access_point,
                        double full_scale_dbm,
                        double start_time_s);

    void set_full_scale_dbm(double full_scale_dbm) override;
    double full_scale_dbm() const override { return d_full_scale_dbm; }
    double crest_factor_db() const override { return d_level.crest_factor_db(); }
    double peak_dbfs() const override { return d_level.peak_dbfs(); }
    double mean_dbfs() const override { return d_level.mean_dbfs(); }
    std::uint64_t samples_beyond_full_scale() const override
    {
        return d_level.beyond_full_scale();
    }
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_silent() const override { return d_frames_silent; }
    std::uint64_t frames_dropped() const override { return d_frames_dropped; }
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! The item that is being sent.
    struct current_frame {
        std::uint64_t number;
        double amplitude;          //!< of preamble and header, sqrt(W)
        std::int64_t silence;      //!< samples still to come before the frame
        std::int64_t position = 0; //!< next sample, from the start of the frame
    };

    void on_command(message_reader& reader);
    /*! Begin with an item. \return whether its frame can be sent
     * \throws std::invalid_argument on tags that cannot be */
    bool begin(std::uint64_t offset);
    /*! Write samples of the frame that lie in one of its parts.
     * \param at of the outputs, \param most samples
     * \return how many
     */
    std::int64_t write(const gr_complex* frame,
                       std::int64_t at,
                       std::int64_t most,
                       gr_vector_void_star& output_items);
    //! Likewise of the payload.
    std::int64_t write_payload(const gr_complex* frame,
                               std::int64_t at,
                               std::int64_t most,
                               gr_vector_void_star& output_items);
    //! Measure the symbols made last.
    void measure();

    const cfisac::FrameTiming d_timing;
    const cfisac::Scenario d_scenario;
    const int d_access_point;
    const double d_start_time_s;
    const cfisac::signal::Samples d_preamble; //!< own, unit mean power
    cfisac::signal::Samples d_header;         //!< of this frame; of access point 0 only
    symbol_writer d_symbols;
    std::atomic<double> d_full_scale_dbm;
    std::optional<current_frame> d_current;
    std::optional<std::uint64_t> d_last; //!< frame sent last
    level_meter d_level;                 //!< of the payload
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_frames_silent{0};
    std::atomic<std::uint64_t> d_frames_dropped{0};
    message_ports d_ports;
    log_limiter d_beyond_log;
    log_limiter d_dropped_log;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
