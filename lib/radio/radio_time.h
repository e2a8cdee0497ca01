// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RADIO_TIME_H
#define INCLUDED_RADIO_RADIO_TIME_H

#include <cstdint>
#include <mutex>
#include <string>

namespace cfisac::radio {

/*! The clock of a radio. It counts samples: with the time source `external` sample 0 is at
 * environment time 0, with `internal` it is `offset_s` before; with the clock source
 * `external` they follow at the nominal rate, with `internal` faster by `ppm`.
 *
 * Hardware time is what the count shows, in ns at the nominal rate, moved by what was set.
 * Pulses of the second come at whole seconds of environment time (time source `external`)
 * or of the radio's own count. All members may be called from any thread.
 */
class RadioTime
{
public:
    RadioTime(double rate_hz,
              double ppm,
              double offset_s,
              bool external_clock,
              bool external_time);

    double rate_hz() const { return d_rate_hz; }
    //! In use: 0 where the source is external.
    double ppm() const;
    double offset_s() const;
    bool external_clock() const;
    bool external_time() const;
    //! Changes of a source reset the hardware time.
    void set_external_clock(bool external);
    void set_external_time(bool external);

    //! Sample at environment time `ns`, and the other way round.
    double sample_at(std::int64_t ns) const;
    std::int64_t ns_at(double sample) const;
    //! First sample not before, last sample not after an environment time.
    std::int64_t first_sample_at(std::int64_t ns) const;
    std::int64_t last_sample_at(std::int64_t ns) const;

    //! Hardware time of a sample, and the sample nearest to a hardware time, ns.
    std::int64_t hardware_time(std::int64_t sample) const;
    std::int64_t sample_of(std::int64_t hardware_time) const;

    //! At environment time `now`.
    void set_hardware_time(std::int64_t value, std::int64_t now);
    //! At the first pulse after environment time `now`.
    void set_at_next_pulse(std::int64_t value, std::int64_t now);
    //! Hardware time of the last pulse at environment time `now`.
    std::int64_t last_pulse(std::int64_t now) const;

private:
    // Without the lock.
    double sample_at_unlocked(std::int64_t ns) const;
    std::int64_t ns_at_unlocked(double sample) const;
    std::int64_t hardware_time_unlocked(std::int64_t sample) const;
    //! Environment time of the last pulse not after `now`.
    std::int64_t pulse_before(std::int64_t now) const;
    void reset();

    mutable std::mutex d_mutex;
    double d_rate_hz;
    double d_ppm;
    double d_offset_s;
    bool d_external_clock;
    bool d_external_time;
    //! Hardware time of sample k is its count in ns and `d_shift`, or from sample
    //! `d_pulse` on `d_next_shift`
    std::int64_t d_shift = 0;
    std::int64_t d_next_shift = 0;
    std::int64_t d_pulse = INT64_MAX;
};

} // namespace cfisac::radio

#endif
