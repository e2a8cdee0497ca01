// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SCENARIO_SCENARIO_H
#define INCLUDED_CFISAC_SCENARIO_SCENARIO_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace cfisac {

//! Speed of light in vacuum, m/s.
constexpr double speed_of_light = 299792458.0;

//! Something is wrong with a scenario; the text names the key, the value and, when it was
//! read from a file, the line.
class ScenarioError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! Coordinates of a position (m), a velocity (m/s) or a direction; `Scenario::dimensions`
//! of them.
using Coordinates = std::vector<double>;

//! Axis-aligned box: every coordinate lies between `min` and `max` (both included).
struct Box {
    Coordinates min; //!< lower ends
    Coordinates max; //!< upper ends
};

//! Constellation of the users' payload, unit mean power; the value is the bits per
//! symbol.
enum class Modulation { qpsk = 2, qam16 = 4, qam64 = 6 };

/*! OFDM waveform of one coherent processing interval (Section II-A).
 *
 * With a comb, only every `subcarrier_step`-th subcarrier (from subcarrier 0) and every
 * `symbol_step`-th symbol (from symbol t = 1) is sensed: a frame then carries
 * `sensed_subcarriers()` × `sensed_symbols()` resource elements, while the bandwidth and
 * the interval stay those of the full grid.
 */
struct Waveform {
    double carrier_hz = 0.0;                   //!< f_c
    double subcarrier_spacing_hz = 0.0;        //!< Δf
    int subcarriers = 0;                       //!< N_s of the full grid
    int symbols = 0;                           //!< T_s of the full grid
    double cyclic_prefix_s = 0.0;              //!< T_p
    int subcarrier_step = 1;                   //!< of the comb over subcarriers; 1: all
    int symbol_step = 1;                       //!< of the comb over symbols; 1: all
    Modulation modulation = Modulation::qam16; //!< of the payload

    //! S, of a frame.
    int sensed_subcarriers() const { return subcarriers / subcarrier_step; }
    //! T, of a frame.
    int sensed_symbols() const { return symbols / symbol_step; }
    //! ΔT = 1/Δf + T_p, s.
    double symbol_duration_s() const
    {
        return 1.0 / subcarrier_spacing_hz + cyclic_prefix_s;
    }
    //! Length of the coherent processing interval T_s ΔT, s.
    double interval_s() const { return symbols * symbol_duration_s(); }
    //! λ_c = c / f_c, m.
    double wavelength_m() const { return speed_of_light / carrier_hz; }
};

/*! How the channels of an array's radio differ: the response of channel a is
 * 10^(gain_db[a]/20) exp(jπ phase_deg[a]/180), relative to what they should all be. Both
 * empty for an array that was not calibrated, else one entry for each antenna.
 */
struct Calibration {
    std::vector<double> gain_db;   //!< [antenna]
    std::vector<double> phase_deg; //!< [antenna]

    //! Whether the array was not calibrated.
    bool empty() const { return gain_db.empty() && phase_deg.empty(); }
};

/*! Second axis of a planar array: what AccessPoint has of the first. The array is the linear
 * one of the first axis, repeated along the second (uniform rectangular array where the axes
 * are perpendicular).
 */
struct PlanarAxis {
    Coordinates axis;                 //!< unit vector, not parallel to the first axis
    int antennas = 0;                 //!< repetitions of the linear array
    double spacing_wavelengths = 0.5; //!< along this axis
};

/*! Access point with a uniform linear array, or in three dimensions a planar one.
 *
 * The cosine in (1) and (2) is that of the angle between `axis` and the direction from
 * the array to the target or user. The first antenna stands at `position_m`; by the signs
 * of (1) and (2) the others of a transmit array lie along `axis`, of a receive array against.
 *
 * Antenna a + b · `antennas` of a planar array is number a along `axis` and number b along
 * `planar->axis`; its steering vector is the Kronecker product of that of the second axis
 * with that of the first.
 */
struct AccessPoint {
    std::string name;                      //!< for messages and files; unique
    Coordinates position_m;                //!< of the first antenna
    Coordinates axis;                      //!< unit vector along the array
    int antennas = 0;                      //!< along `axis`
    double spacing_wavelengths = 0.5;      //!< d_t/λ_c or d_r/λ_c
    Calibration calibration = {};          //!< of the radio's receive channels
    std::optional<PlanarAxis> planar = {}; //!< none for a linear array

    //! Antennas of the whole array.
    int total_antennas() const { return planar ? antennas * planar->antennas : antennas; }
};

//! Large-scale path loss PL(d) = α_0 (d/d_0)^-ζ of (6), as a power gain.
struct PathLoss {
    double reference_gain_db = 0.0;    //!< α_0 (negative: a loss)
    double reference_distance_m = 1.0; //!< d_0
    double exponent = 2.0;             //!< ζ
};

//! Single-antenna users: where they are drawn and how their channel looks.
struct Users {
    int count = 0; //!< K
    Box area_m;    //!< uniform prior of the positions
    double rician_factor_db =
        0.0; //!< power of the line of sight over that of the multipath
    int multipath_components = 0; //!< number of scattered paths per user and access point
    double noise_dbm = 0.0;       //!< σ_c² per resource element
};

//! Prior of the point targets (Section V).
struct Targets {
    int count = 0;                    //!< Q
    Box area_m;                       //!< uniform prior of the positions
    Box velocity_mps;                 //!< uniform prior of the velocities
    double reflection_variance = 1.0; //!< χ²
};

//! Clutter scatterers of (29), static unless the velocity box says otherwise.
struct Clutter {
    int scatterers = 0;               //!< S
    Box area_m;                       //!< where the scatterers are, uniformly
    Box velocity_mps;                 //!< of the scatterers; zeros: static
    double reflection_variance = 0.0; //!< χ̃²
};

//! Residual timing and frequency offsets of (30): standard deviations of real Gaussians
//! drawn per (transmit access point, receive access point, symbol).
struct Clocks {
    double timing_offset_std_s = 0.0;     //!< σ_τ
    double frequency_offset_std_hz = 0.0; //!< σ_f
};

/*! How frames are sent over the air: what the antenna streams of the deployment look like
 * in samples. See cfisac/signal/air_frame.h.
 */
struct Radio {
    //! Samples of a symbol without its prefix; the sample rate is `fft_size` Δf
    int fft_size = 0;
    //! Time from the start of a frame to that of the next, s
    double frame_period_s = 0.0;
    //! Samples of the sequence that the preamble repeats
    int preamble_length = 128;
    //! Repetitions of the sequence in the preamble of one transmit access point
    int preamble_repetitions = 16;
    bool header = true;  //!< whether the frame's number follows the preambles
    bool null_dc = true; //!< whether the subcarrier at the radio's centre stays empty
};

//! Everything that exists: the deployment, the waveform and the priors.
struct Scenario {
    std::string name;                  //!< for messages
    int dimensions = 2;                //!< D, the length of every `Coordinates`
    Waveform waveform;                 //!< of all transmit access points
    std::vector<AccessPoint> transmit; //!< N access points, equal numbers of antennas
    std::vector<AccessPoint> receive;  //!< M access points, equal numbers of antennas
    double transmit_power_dbm =
        0.0;                        //!< P, per transmit access point over all subcarriers
    double sensing_noise_dbm = 0.0; //!< ξ_z² per resource element and antenna
    PathLoss path_loss;             //!< of all paths
    Users users;                    //!< who is served
    Targets targets;                //!< what is to be found
    Clutter clutter;                //!< what else reflects
    Clocks clocks;                  //!< how well the access points are synchronised
    std::optional<Radio> radio;     //!< none for a scenario that is only simulated

    //! N_t
    int transmit_antennas() const
    {
        return transmit.empty() ? 0 : transmit[0].total_antennas();
    }
    //! M_r
    int receive_antennas() const
    {
        return receive.empty() ? 0 : receive[0].total_antennas();
    }
    //! Complex samples in one frame of one transmit access point: N_t × N_s × T_s, with
    //! the N_s and T_s that are sensed (see Waveform).
    std::size_t transmit_frame_size() const;
    //! Complex samples in one frame of one receive access point: M_r × N_s × T_s,
    //! likewise.
    std::size_t receive_frame_size() const;
    //! Bits of one raw echo frame with 32 bits per component: 64 M_r N_s T_s (Section
    //! III-D).
    std::size_t raw_echo_bits() const { return 64 * receive_frame_size(); }
};

//! 10^((dBm - 30)/10), in watts.
double dbm_to_watt(double dbm);

//! Sizes above which validate() refuses a scenario, so that a file from elsewhere cannot
//! ask for absurd amounts of memory.
struct ScenarioLimits {
    static constexpr int access_points = 256; //!< on the transmit and on the receive side
    static constexpr int antennas = 4096;     //!< per access point
    static constexpr int subcarriers = 65536; //!< of the full grid
    static constexpr int symbols = 65536;     //!< of the full grid
    static constexpr int fft_size = 65536;    //!< samples of a symbol over the air
    static constexpr int preamble_samples = 1 << 20;   //!< of one transmit access point
    static constexpr int targets = 1024;               //!< Q
    static constexpr int scatterers = 65536;           //!< S of (29)
    static constexpr int multipath_components = 65536; //!< of a user
    //! Complex samples of the frames of all access points of one side, and coefficients
    //! of the users' channels K N N_t N_s.
    static constexpr std::int64_t samples = std::int64_t{1} << 28;
    //! Sensing paths N M (Q + S), and scattered paths to the users.
    static constexpr std::int64_t paths = std::int64_t{1} << 24;
    static constexpr std::size_t name_bytes = 128; //!< of a name in UTF-8
    static constexpr std::size_t file_bytes = std::size_t{1}
                                              << 20; //!< of a YAML document
};

/*! Check every value of a scenario.
 *
 * Names are non-empty UTF-8 without control characters and without Unicode's
 * noncharacters, and those of the access points differ; numbers are finite; an `axis` has
 * unit norm within 1e-6; planar arrays are for three dimensions, and all access points of a
 * side have equal numbers of antennas along each axis; Q ≥ 1 and 1 ≤ K ≤ N N_t.
 * \throws ScenarioError "KEY: …" naming the key and the value
 */
void validate(const Scenario& scenario);

/*! Fingerprint of what a trained model depends on: waveform, arrays, number of targets
 * and the boxes of their prior, path loss. Power, noise, reflection variances, clutter,
 * clocks, users, radio, calibration and names are left out: they may change while a
 * flowgraph runs.
 *
 * It is FNV-1a (64 bits) over a little-endian serialisation, the same on every machine. Of a
 * planar array the second axis follows; a linear one has nothing there.
 * The scenario is not validated.
 */
std::uint64_t fingerprint(const Scenario& scenario);

} // namespace cfisac

#endif
