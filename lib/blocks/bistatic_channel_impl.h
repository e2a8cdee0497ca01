/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_BISTATIC_CHANNEL_IMPL_H
#define INCLUDED_ISAC_BISTATIC_CHANNEL_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/signal/sensing_channel.h>
#include <gnuradio/isac/bistatic_channel.h>

namespace gr {
namespace isac {

class bistatic_channel_impl : public bistatic_channel
{
public:
    bistatic_channel_impl(const cfisac::Scenario& scenario, std::uint64_t seed);

    void set_noise_dbm(double noise_dbm) override;
    double noise_dbm() const override;
    void set_clutter(int scatterers, double variance) override;
    void set_clutter_scatterers(int scatterers) override;
    void set_clutter_variance(double variance) override;
    void set_offsets(double timing_std_s, double frequency_std_hz) override;
    void set_timing_offset(double std_s) override;
    void set_frequency_offset(double std_hz) override;
    void set_targets(const std::vector<double>& positions,
                     const std::vector<double>& velocities) override;
    std::uint64_t messages_refused() const override { return d_messages_refused; }
    std::string error() const override { return d_failure.text(); }

    bool start() override;
    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    //! What setters change: work() takes a copy of it.
    struct settings : cfisac::signal::Impairments {
        at::Tensor position; //!< [1, Q, D], undefined while targets are drawn
        at::Tensor velocity; //!< [1, Q, D]
    };

    void change_noise(settings& next, double noise_dbm) const;
    void change_clutter(settings& next, int scatterers, double variance) const;
    void change_offsets(settings& next,
                        double timing_std_s,
                        double frequency_std_hz) const;
    void change_targets(settings& next,
                        const std::vector<double>& positions,
                        const std::vector<double>& velocities) const;
    //! Checked changes to a copy of the settings, which then takes their place.
    template <typename Change>
    void update(Change change);
    settings current() const;
    void on_command(const pmt::pmt_t& message);

    //! Targets of a frame.
    cfisac::signal::Scene targets(const settings& now,
                                  const cfisac::signal::Random& random) const;
    //! One frame: fills item number `item` of every output.
    void run_frame(const settings& now,
                   std::uint64_t frame,
                   const at::Tensor& transmit,
                   std::size_t item,
                   gr_vector_void_star& output_items) const;
    void pass_tags(int input, int items);

    const cfisac::signal::Layout d_layout;
    const std::uint64_t d_seed;
    settings d_settings; //!< guarded by d_setlock
    std::atomic<std::uint64_t> d_messages_refused{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
