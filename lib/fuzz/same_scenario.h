// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FUZZ_SAME_SCENARIO_H
#define INCLUDED_CFISAC_FUZZ_SAME_SCENARIO_H

#include <algorithm>
#include <cfisac/scenario/scenario.h>
#include <tuple>

namespace cfisac::fuzz {

inline auto members(const PathLoss& p)
{
    return std::tie(p.reference_gain_db, p.reference_distance_m, p.exponent);
}
inline auto members(const Clocks& c)
{
    return std::tie(c.timing_offset_std_s, c.frequency_offset_std_hz);
}
inline auto members(const Waveform& w)
{
    return std::tie(w.carrier_hz,
                    w.subcarrier_spacing_hz,
                    w.subcarriers,
                    w.symbols,
                    w.cyclic_prefix_s,
                    w.subcarrier_step,
                    w.symbol_step,
                    w.modulation);
}
inline auto members(const AccessPoint& a)
{
    return std::tie(a.name,
                    a.position_m,
                    a.axis,
                    a.antennas,
                    a.spacing_wavelengths,
                    a.calibration.gain_db,
                    a.calibration.phase_deg);
}
inline auto members(const PlanarAxis& p)
{
    return std::tie(p.axis, p.antennas, p.spacing_wavelengths);
}
inline auto members(const Users& u)
{
    return std::tie(u.count,
                    u.area_m.min,
                    u.area_m.max,
                    u.rician_factor_db,
                    u.multipath_components,
                    u.noise_dbm);
}
inline auto members(const Targets& t)
{
    return std::tie(t.count,
                    t.area_m.min,
                    t.area_m.max,
                    t.velocity_mps.min,
                    t.velocity_mps.max,
                    t.reflection_variance);
}
inline auto members(const Clutter& c)
{
    return std::tie(c.scatterers,
                    c.area_m.min,
                    c.area_m.max,
                    c.velocity_mps.min,
                    c.velocity_mps.max,
                    c.reflection_variance);
}
inline auto members(const Radio& r)
{
    return std::tie(r.fft_size,
                    r.frame_period_s,
                    r.preamble_length,
                    r.preamble_repetitions,
                    r.header,
                    r.null_dc);
}

template <typename T>
bool same(const T& a, const T& b)
{
    return members(a) == members(b);
}

//! Whether two scenarios have the same values, member by member.
inline bool same(const Scenario& a, const Scenario& b)
{
    const auto same_points = [](const auto& one, const auto& other) {
        return std::equal(one.begin(),
                          one.end(),
                          other.begin(),
                          other.end(),
                          [](const AccessPoint& x, const AccessPoint& y) {
                              return same(x, y) &&
                                     x.planar.has_value() == y.planar.has_value() &&
                                     (!x.planar || same(*x.planar, *y.planar));
                          });
    };
    return a.name == b.name && a.dimensions == b.dimensions &&
           same(a.waveform, b.waveform) && same_points(a.transmit, b.transmit) &&
           same_points(a.receive, b.receive) &&
           a.transmit_power_dbm == b.transmit_power_dbm &&
           a.sensing_noise_dbm == b.sensing_noise_dbm && same(a.path_loss, b.path_loss) &&
           same(a.users, b.users) && same(a.targets, b.targets) &&
           same(a.clutter, b.clutter) && same(a.clocks, b.clocks) &&
           a.radio.has_value() == b.radio.has_value() &&
           (!a.radio || same(*a.radio, *b.radio));
}

} // namespace cfisac::fuzz

#endif
