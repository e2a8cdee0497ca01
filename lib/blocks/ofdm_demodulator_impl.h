/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H
#define INCLUDED_ISAC_OFDM_DEMODULATOR_IMPL_H

#include "failure.h"
#include "message.h"
#include "ofdm_symbols.h"

#include <atomic>
#include <gnuradio/isac/ofdm_demodulator.h>

namespace gr {
namespace isac {

class ofdm_demodulator_impl : public ofdm_demodulator
{
public:
    //! \param calibration of the channels, \param antennas as many streams
    ofdm_demodulator_impl(const cfisac::Scenario& scenario,
                          int antennas,
                          const cfisac::Calibration& calibration,
                          double full_scale_dbm,
                          int window_advance);

    void set_full_scale_dbm(double full_scale_dbm) override;
    double full_scale_dbm() const override;
    void set_calibration(const std::vector<double>& gain_db,
                         const std::vector<double>& phase_deg) override;
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t samples_dropped() const override { return d_samples_dropped; }
    std::uint64_t messages_refused() const override { return d_ports.refused(); }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    void on_command(message_reader& reader);
    void check(const cfisac::Calibration& calibration) const;
    //! Take over what setters have changed. \throws nothing
    void refresh_factors();
    void note_dropped(std::int64_t samples);
    /*! Where the next frame starts, by its tag; and drop what a tag cuts short.
     * \param frame_tags tags `frame` of input 0 from `offset` on
     * \return samples to pass over before going on
     */
    std::int64_t find_start(const std::vector<tag_t>& frame_tags,
                            std::uint64_t offset,
                            std::int64_t available);

    const cfisac::FrameTiming d_timing;
    const int d_antennas;
    double d_full_scale_dbm;           //!< guarded by d_setlock
    cfisac::Calibration d_calibration; //!< guarded by d_setlock
    bool d_settings_changed = true;    //!< guarded by d_setlock
    symbol_reader d_symbols;
    int d_symbol = 0;          //!< next of this frame
    bool d_tagged = false;     //!< frames of this stream have tags
    std::vector<tag_t> d_tags; //!< of this frame so far
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_samples_dropped{0};
    message_ports d_ports;
    log_limiter d_dropped_log;
};

} // namespace isac
} // namespace gr

#endif
