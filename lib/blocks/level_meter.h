/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_LEVEL_METER_H
#define INCLUDED_ISAC_LEVEL_METER_H

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <gnuradio/gr_complex.h>
#include <limits>
#include <vector>
#include <volk/volk.h>

namespace gr {
namespace isac {

/*! Levels of samples of which 1 is full scale. One thread adds, any may read; there are no
 * levels before the first sample: not a number.
 */
class level_meter
{
public:
    //! \return whether there are samples beyond full scale among these
    bool add(const gr_complex* samples, unsigned count)
    {
        d_power.resize(std::max<std::size_t>(d_power.size(), count));
        volk_32fc_magnitude_squared_32f(d_power.data(), samples, count);
        std::uint32_t largest = 0;
        volk_32f_index_max_32u(&largest, d_power.data(), count);
        float sum = 0.0f;
        volk_32f_accumulator_s32f(&sum, d_power.data(), count);
        d_energy = d_energy + sum;
        d_samples += count;
        d_peak = std::max<double>(d_peak, d_power[largest]);
        if (!(d_power[largest] > 1.0f)) {
            return false;
        }
        d_beyond += static_cast<std::uint64_t>(
            std::count_if(d_power.begin(), d_power.begin() + count, [](float power) {
                return power > 1.0f;
            }));
        return true;
    }

    double peak_dbfs() const { return db(d_samples == 0 ? not_a_number : d_peak.load()); }
    double mean_dbfs() const { return db(d_energy / static_cast<double>(d_samples)); }
    double crest_factor_db() const { return peak_dbfs() - mean_dbfs(); }
    std::uint64_t beyond_full_scale() const { return d_beyond; }

private:
    static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    static double db(double power) { return 10.0 * std::log10(power); }

    std::vector<float> d_power;      //!< of the samples added last
    std::atomic<double> d_peak{0.0}; //!< largest |s|²
    std::atomic<double> d_energy{0.0};
    std::atomic<std::uint64_t> d_samples{0};
    std::atomic<std::uint64_t> d_beyond{0};
};

} // namespace isac
} // namespace gr

#endif
