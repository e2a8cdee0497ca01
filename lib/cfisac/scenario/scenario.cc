// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <cstring>
#include <limits>

namespace cfisac {
namespace {

//! FNV-1a over a canonical serialisation: integers and doubles as 8 bytes, little endian.
class Fingerprint
{
public:
    void add(std::uint64_t value)
    {
        for (int shift = 0; shift < 64; shift += 8) {
            d_state = (d_state ^ ((value >> shift) & 0xFF)) * 0x100000001B3ull;
        }
    }
    void add(int value) { add(static_cast<std::uint64_t>(std::int64_t{value})); }
    void add(double value)
    {
        static_assert(std::numeric_limits<double>::is_iec559, "IEEE 754 doubles");
        value += 0.0; // -0 and 0 are the same value
        std::uint64_t bits;
        std::memcpy(&bits, &value, sizeof(bits));
        add(bits);
    }
    void add(const Coordinates& values)
    {
        add(static_cast<std::uint64_t>(values.size()));
        for (const double value : values) {
            add(value);
        }
    }
    void add(const Box& box)
    {
        add(box.min);
        add(box.max);
    }
    void add(const std::vector<AccessPoint>& list)
    {
        add(static_cast<std::uint64_t>(list.size()));
        for (const auto& ap : list) {
            add(ap.position_m);
            add(ap.axis);
            add(ap.antennas);
            add(ap.spacing_wavelengths);
            if (ap.planar) {
                add(planar_mark);
                add(ap.planar->axis);
                add(ap.planar->antennas);
                add(ap.planar->spacing_wavelengths);
            }
        }
    }
    std::uint64_t value() const { return d_state; }

private:
    //! No number of coordinates, as the next access point or list would begin with.
    static constexpr std::uint64_t planar_mark = ~std::uint64_t{0};

    std::uint64_t d_state = 0xCBF29CE484222325ull;
};

//! Changes whenever the serialisation does.
constexpr int fingerprint_version = 1;

} // namespace

std::size_t Scenario::transmit_frame_size() const
{
    return static_cast<std::size_t>(transmit_antennas()) * waveform.sensed_subcarriers() *
           waveform.sensed_symbols();
}

std::size_t Scenario::receive_frame_size() const
{
    return static_cast<std::size_t>(receive_antennas()) * waveform.sensed_subcarriers() *
           waveform.sensed_symbols();
}

double dbm_to_watt(double dbm) { return std::pow(10.0, (dbm - 30.0) / 10.0); }

std::uint64_t fingerprint(const Scenario& s)
{
    Fingerprint f;
    f.add(fingerprint_version);
    f.add(s.dimensions);
    f.add(s.waveform.carrier_hz);
    f.add(s.waveform.subcarrier_spacing_hz);
    f.add(s.waveform.subcarriers);
    f.add(s.waveform.symbols);
    f.add(s.waveform.cyclic_prefix_s);
    f.add(s.waveform.subcarrier_step);
    f.add(s.waveform.symbol_step);
    f.add(static_cast<int>(s.waveform.modulation));
    f.add(s.transmit);
    f.add(s.receive);
    f.add(s.path_loss.reference_gain_db);
    f.add(s.path_loss.reference_distance_m);
    f.add(s.path_loss.exponent);
    f.add(s.targets.count);
    f.add(s.targets.area_m);
    f.add(s.targets.velocity_mps);
    return f.value();
}

} // namespace cfisac
