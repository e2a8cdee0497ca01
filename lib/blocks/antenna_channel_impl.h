/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ANTENNA_CHANNEL_IMPL_H
#define INCLUDED_ISAC_ANTENNA_CHANNEL_IMPL_H

#include "failure.h"
#include "sent_samples.h"

#include <atomic>
#include <cfisac/signal/converter.h>
#include <cfisac/signal/sample_channel.h>
#include <gnuradio/isac/antenna_channel.h>
#include <memory>
#include <optional>

namespace gr {
namespace isac {

class antenna_channel_impl : public antenna_channel
{
public:
    antenna_channel_impl(const cfisac::Scenario& scenario,
                         std::uint64_t seed,
                         bool moving,
                         double transmit_full_scale_dbm,
                         double receive_full_scale_dbm,
                         int bits,
                         bool direct_path,
                         double start_s);

    void set_noise_dbm(double noise_dbm) override;
    double noise_dbm() const override;
    void set_direct_path(bool on) override;
    void set_direct_path_gain_db(double gain_db) override;
    void set_transmit_timing(const std::vector<double>& timing_s) override;
    void set_receive_timing(const std::vector<double>& timing_s) override;
    void set_transmit_ppm(const std::vector<double>& ppm) override;
    void set_receive_ppm(const std::vector<double>& ppm) override;
    void set_targets(const std::vector<double>& positions,
                     const std::vector<double>& velocities) override;
    void set_transmit_full_scale_dbm(double full_scale_dbm) override;
    void set_receive_full_scale_dbm(double full_scale_dbm) override;
    std::uint64_t transmit_samples_clipped() const override { return d_transmit_clipped; }
    std::uint64_t receive_samples_clipped() const override { return d_receive_clipped; }
    std::uint64_t messages_refused() const override { return d_messages_refused; }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! The clocks of one side.
    struct side {
        std::vector<double> timing_s;
        std::vector<cfisac::signal::RadioClock> clocks;
    };
    //! What setters change.
    struct settings {
        double noise_dbm;
        bool direct_path;
        double direct_path_gain_db;
        side transmit;
        side receive;
        std::shared_ptr<cfisac::signal::SceneSource> scenes;
        double transmit_full_scale_dbm;
        double receive_full_scale_dbm;
    };

    void change_timing(const char* name,
                       side& next,
                       const std::vector<double>& timing_s) const;
    //! \param now_s environment time at which clocks go on from what they read; without
    //! it, each does so at its own next sample
    void change_ppm(const char* name,
                    side& next,
                    const std::vector<double>& ppm,
                    std::optional<double> now_s = std::nullopt) const;
    void change_targets(settings& next,
                        const std::vector<double>& positions,
                        const std::vector<double>& velocities) const;
    //! The scenes that follow from the seed.
    std::shared_ptr<cfisac::signal::SceneSource> drawn() const;
    std::unique_ptr<cfisac::signal::SampleChannel> channel(const settings& from) const;
    //! Checked changes to a copy of the settings, which then takes their place.
    template <typename Change>
    void update(Change change);
    void on_command(const pmt::pmt_t& message);

    //! Environment time of the next sample by a receive access point's clock, s.
    double next_s(const cfisac::signal::RadioClock& clock) const;
    //! The same by the clock of the first of them; 0 before the first sample.
    double now_s(const settings& of) const;
    //! Whether an input has ended and nothing of it is left.
    bool inputs_over() const;
    //! How many of at most `most` samples can be made when `end` input samples are there.
    std::int64_t ready(std::int64_t most, std::int64_t end) const;
    //! Number of the input sample after the last that `count` samples may depend on.
    std::int64_t needed_end(std::int64_t count) const;
    //! Number of the output sample after the last that depends on what the inputs had when
    //! they ended; at least as many as they had.
    std::int64_t last_end() const;
    void take(std::int64_t count, const gr_vector_const_void_star& input_items);
    void make_samples(std::int64_t count, gr_vector_void_star& output_items);
    //! Let go of what no sample to come depends on, wherever the clocks are set.
    void forget();

    const cfisac::Scenario d_scenario;
    const std::uint64_t d_seed;
    const bool d_moving;
    const double d_start_s;
    const cfisac::signal::Converter d_converter;
    settings d_settings; //!< guarded by d_setlock, like all until the counts
    std::unique_ptr<cfisac::signal::SampleChannel> d_channel;
    sent_samples d_sent;
    std::int64_t d_next = 0; //!< number of the next output sample
    std::vector<gr_complex*> d_antennas;
    std::vector<gr_complex> d_converted; //!< samples of a stream
    //! [receive antenna], of the radios' channels as the scenario's calibration has them
    std::vector<std::complex<double>> d_responses;
    std::atomic<std::uint64_t> d_transmit_clipped{0};
    std::atomic<std::uint64_t> d_receive_clipped{0};
    std::atomic<std::uint64_t> d_messages_refused{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
