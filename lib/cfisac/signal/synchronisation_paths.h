// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_PATHS_H
#define CFISAC_SIGNAL_SYNCHRONISATION_PATHS_H

#include <complex>
#include <functional>
#include <vector>

namespace cfisac::signal {

//! A path of a channel: brings amplitude[a] exp(-j2π bin delay / length) to antenna a.
struct ChannelPath {
    double delay = 0.0; //!< samples
    std::vector<std::complex<double>> amplitude;

    double energy() const; //!< Σ |amplitude|²
};

/*! Paths that a channel is made of, at some bins of a transform of `length` samples; see
 * Synchroniser. */
class ChannelPaths
{
public:
    using Values = std::vector<std::complex<double>>; //!< [antennas, bins]

    /*!
     * \param noise variance of one value of the channel
     * \param reach delays from -reach to reach are looked at, samples
     */
    ChannelPaths(Values channel,
                 const std::vector<int>& bins,
                 int antennas,
                 int length,
                 double noise,
                 int reach);

    //! The paths, at least one.
    std::vector<ChannelPath> resolve() const;
    //! The earliest path that is not far below the strongest one.
    ChannelPath direct() const;

private:
    std::vector<std::complex<double>> amplitude(const Values& channel,
                                                double delay) const;
    double power(const Values& channel, double delay) const;
    ChannelPath fit(const Values& channel, double first, double last) const;
    Values without(const std::vector<ChannelPath>& paths, std::size_t but) const;

    const Values d_channel;
    const std::vector<int>& d_bins;
    const int d_antennas;
    const int d_length;
    const double d_noise;
    const int d_reach;
};

//! Where a function has its maximum: around the largest of its values at first,
//! first + step, … up to last, by Brent's method.
double maximum(const std::function<double(double)>& function,
               double first,
               double last,
               double step);

} // namespace cfisac::signal

#endif
