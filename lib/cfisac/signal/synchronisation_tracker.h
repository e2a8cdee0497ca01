// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_TRACKER_H
#define CFISAC_SIGNAL_SYNCHRONISATION_TRACKER_H

#include "synchronisation_meter.h"
#include <cstdint>

namespace cfisac::signal {

/*! Kalman filter of the clock of a transmit access point against the receiver's: timing in
 * samples, frequency in cycles per sample. See Synchroniser.
 */
class OffsetTracker
{
public:
    //! \param carrier that the radios are tuned to, cycles per sample
    explicit OffsetTracker(double carrier) : d_carrier(carrier) {}

    bool known() const { return d_known; }
    //! Where a frame starts, samples after the place that timing is counted from.
    double timing() const { return d_timing; }
    double frequency() const { return d_frequency; }
    //! Standard deviation of the timing, samples.
    double timing_deviation() const;

    void forget() { d_known = false; }
    //! Count timing from a place that is `samples` later.
    void shift(std::int64_t samples) { d_timing -= static_cast<double>(samples); }
    //! What time brings in `frames` periods of `period` samples.
    void predict(std::int64_t frames, std::int64_t period);
    /*! A measurement, with deviations of its own. One that is far from the prediction is
     * left out unless the one before was, too. */
    void update(double timing, const PreambleMeasurement& measurement);

private:
    void restart(double timing, const PreambleMeasurement& measurement);

    const double d_carrier;
    bool d_known = false;
    bool d_doubted = false; //!< whether the last measurement was left out
    double d_timing = 0.0;
    double d_frequency = 0.0;
    double d_timing_variance = 0.0;
    double d_covariance = 0.0;
    double d_frequency_variance = 0.0;
};

} // namespace cfisac::signal

#endif
