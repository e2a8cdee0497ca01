// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_PATH_TABLES_H
#define CFISAC_SIGNAL_PATH_TABLES_H

#include "frame_tables.h"
#include "phasor_ramp.h"
#include <algorithm>
#include <cfisac/signal/scene.h>
#include <cmath>

/*! \file
 * Phasors of paths for the sample loops on the processor, computed in float64.
 */

namespace cfisac::signal::host {

inline FrameSizes frame_sizes(const Layout& layout, const Scene& scene)
{
    return {scene.position.size(0),
            layout.transmitters(),
            layout.receivers(),
            scene.count(),
            layout.scenario.transmit_antennas(),
            layout.scenario.receive_antennas(),
            layout.subcarriers(),
            layout.symbols()};
}

inline FrameGrid frame_grid(const Waveform& waveform)
{
    return {waveform.subcarrier_step * waveform.subcarrier_spacing_hz,
            waveform.symbol_duration_s(),
            waveform.symbol_step * waveform.symbol_duration_s()};
}

//! Fills a table with ramps of phasors, row after row.
template <typename Real>
class RampRows
{
public:
    RampRows(SplitTable<Real>& table, std::int64_t rows, std::int64_t length)
        : d_table(table), d_length(length), d_ramp(2 * length)
    {
        table.resize(rows * length);
    }

    //! See phasor_ramp().
    void add(std::complex<double> factor, double first, double step)
    {
        double* re = d_ramp.data();
        double* im = re + d_length;
        phasor_ramp(factor, first, step, d_length, re, im);
        std::copy_n(re, d_length, d_table.re.begin() + d_filled);
        std::copy_n(im, d_length, d_table.im.begin() + d_filled);
        d_filled += d_length;
    }

private:
    SplitTable<Real>& d_table;
    std::int64_t d_length;
    std::int64_t d_filled = 0;
    std::vector<double> d_ramp;
};

/*! Fills a table with steering vectors (1), (2), row after row: those of planar arrays are
 * the ramp along the first axis, turned by that along the second for each repetition.
 */
template <typename Real>
class SteeringRows
{
public:
    //! \param points all linear, or all planar with equal numbers of antennas
    SteeringRows(SplitTable<Real>& table,
                 std::int64_t vectors,
                 const std::vector<AccessPoint>& points)
        : d_repetitions(points.front().planar ? points.front().planar->antennas : 1),
          d_ramps(table, vectors * d_repetitions, points.front().antennas),
          d_turns(2 * d_repetitions)
    {
    }

    /*!
     * \param factor of the first element
     * \param cosine, \param second_cosine to the axes; the second of planar arrays only
     * \param sign -1 for the conjugate, else 1
     */
    void add(const AccessPoint& point,
             double factor,
             double cosine,
             double second_cosine,
             double sign)
    {
        const double step = -sign * point.spacing_wavelengths * cosine;
        if (!point.planar) {
            d_ramps.add(factor, 0.0, step);
            return;
        }
        double* re = d_turns.data();
        double* im = re + d_repetitions;
        phasor_ramp(factor,
                    0.0,
                    -sign * point.planar->spacing_wavelengths * second_cosine,
                    d_repetitions,
                    re,
                    im);
        for (std::int64_t b = 0; b < d_repetitions; b++) {
            d_ramps.add({re[b], im[b]}, 0.0, step);
        }
    }

private:
    std::int64_t d_repetitions;
    RampRows<Real> d_ramps;
    std::vector<double> d_turns;
};

/*! Unit steering vectors (1), (2).
 * \param rays [B, A, Q], float64
 * \param points A
 * \param sign -1 for their conjugates, else 1
 * \return [B, A, Q, antennas of the array]
 */
template <typename Real>
SplitTable<Real> steering_table(const Rays& rays,
                                const std::vector<AccessPoint>& points,
                                double sign)
{
    SplitTable<Real> table;
    const auto count = static_cast<std::int64_t>(points.size());
    const double norm =
        1.0 / std::sqrt(static_cast<double>(points.front().total_antennas()));
    const auto* cosine = rays.cosine.data_ptr<double>();
    const auto* second =
        rays.second_cosine.defined() ? rays.second_cosine.data_ptr<double>() : nullptr;
    const auto reflectors = rays.cosine.size(2);
    SteeringRows<Real> rows(table, rays.cosine.numel(), points);
    for (std::int64_t k = 0; k < rays.cosine.numel(); k++) {
        const auto& point = points[k / reflectors % count];
        rows.add(point, norm, cosine[k], second ? second[k] : 0.0, sign);
    }
    return table;
}

//! exp(-j2π f τ) times a gain for each path, [B, N, M, Q, S]; no gain where null.
template <typename Real>
SplitTable<Real> subcarrier_table(const BistaticPaths& paths,
                                  const std::complex<double>* gain,
                                  const FrameGrid& grid,
                                  std::int64_t subcarriers)
{
    SplitTable<Real> table;
    const auto* delay = paths.delay_s.data_ptr<double>();
    const auto count = paths.delay_s.numel();
    RampRows<Real> rows(table, count, subcarriers);
    for (std::int64_t k = 0; k < count; k++) {
        rows.add(gain ? gain[k] : 1.0, 0.0, -delay[k] * grid.subcarrier_step_hz);
    }
    return table;
}

//! exp(j2π f_D t), [B, N, M, Q, T].
template <typename Real>
SplitTable<Real> symbol_table(const BistaticPaths& paths,
                              const FrameGrid& grid,
                              std::int64_t symbols)
{
    SplitTable<Real> table;
    const auto* doppler = paths.doppler_hz.data_ptr<double>();
    const auto count = paths.doppler_hz.numel();
    RampRows<Real> rows(table, count, symbols);
    for (std::int64_t k = 0; k < count; k++) {
        rows.add(1.0, doppler[k] * grid.first_symbol_s, doppler[k] * grid.symbol_step_s);
    }
    return table;
}

} // namespace cfisac::signal::host

#endif
