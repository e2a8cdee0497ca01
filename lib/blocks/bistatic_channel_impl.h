/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_BISTATIC_CHANNEL_IMPL_H
#define INCLUDED_ISAC_BISTATIC_CHANNEL_IMPL_H

#include "device_frames.h"
#include "failure.h"
#include "message.h"
#include "real_time.h"

#include <atomic>
#include <cfisac/signal/scene_source.h>
#include <cfisac/signal/sensing_channel.h>
#include <gnuradio/isac/bistatic_channel.h>

namespace gr {
namespace isac {

class bistatic_channel_impl : public bistatic_channel, public frame_block
{
public:
    bistatic_channel_impl(const cfisac::Scenario& scenario,
                          std::uint64_t seed,
                          const std::string& device,
                          bool real_time,
                          bool moving);

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
    void set_target_count(int count) override;
    int target_count() const override;
    std::uint64_t messages_refused() const override { return d_ports.refused(); }
    std::uint64_t frames_skipped() const override { return d_frames_skipped; }
    std::uint64_t intervals_missed() const override { return d_intervals_missed; }
    std::uint64_t host_copies() const override
    {
        return d_inputs.copies().frames() + d_outputs.copies().frames();
    }
    std::uint64_t host_copied_bytes() const override
    {
        return d_inputs.copies().bytes() + d_outputs.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return true; }
    bool writes_frames(int output) const override
    {
        return output < static_cast<int>(d_layout.scenario.receive.size());
    }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! What setters change: work() takes a copy of it.
    struct settings : cfisac::signal::Impairments {
        at::Tensor position; //!< [1, Q, D], undefined while targets are drawn
        at::Tensor velocity; //!< [1, Q, D]
        //! where targets move, null where every frame has new ones
        std::shared_ptr<cfisac::signal::MovingScene> moving;
        std::int64_t count; //!< of the targets that reflect
    };

    //! The targets of frame 0, which move.
    std::shared_ptr<cfisac::signal::MovingScene> moving_targets() const;
    void change_noise(settings& next, double noise_dbm) const;
    void change_clutter(settings& next, int scatterers, double variance) const;
    void change_offsets(settings& next,
                        double timing_std_s,
                        double frequency_std_hz) const;
    void change_targets(settings& next,
                        const std::vector<double>& positions,
                        const std::vector<double>& velocities) const;
    void change_count(settings& next, int count) const;
    //! Checked changes to a copy of the settings, which then takes their place.
    template <typename Change>
    void update(Change change);
    settings current() const;
    void on_command(message_reader& reader);

    //! Targets of a frame that starts at `time_s` of the scene.
    cfisac::signal::Scene targets(const settings& now,
                                  const cfisac::signal::Random& random,
                                  double time_s) const;
    //! One frame: from item `from` of every input to item `to` of every output.
    void run_frame(int from,
                   int to,
                   const gr_vector_const_void_star& input_items,
                   gr_vector_void_star& output_items);
    void pass_tags(int from, int to);
    void tag_outputs(int item,
                     const pmt::pmt_t& key,
                     const pmt::pmt_t& value,
                     const pmt::pmt_t& source = pmt::PMT_F);
    /*! The frame that is on the air in this interval, when the interval is over; frames
     * that are late are passed over.
     * \return items of the inputs that are done with
     */
    int run_interval(int available,
                     const gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items);

    device_queue d_queue;
    const cfisac::signal::Layout d_layout;
    const std::uint64_t d_seed;
    const double d_interval_s;
    settings d_settings;               //!< guarded by d_setlock
    std::atomic<double> d_next_s{0.0}; //!< scene time of the next frame
    message_ports d_ports;
    const bool d_real_time;
    interval_ticks d_ticks;
    skip_count d_frames_skipped;
    std::atomic<std::uint64_t> d_intervals_missed{0};
    frame_inputs d_inputs;
    frame_outputs d_outputs;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
