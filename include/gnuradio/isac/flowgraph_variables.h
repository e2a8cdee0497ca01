/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FLOWGRAPH_VARIABLES_H
#define INCLUDED_ISAC_FLOWGRAPH_VARIABLES_H

#include <cfisac/recording/sigmf.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/model_info.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Variables of flowgraphs that GNU Radio Companion writes in C++. Their members are called
 * as in Python, so that expressions in the fields of blocks mean the same in both languages.
 * Where a flowgraph expects the name of the file, they are that name.
 */

//! A scenario with the names of the Python class Scenario; its values are read, not set.
struct ISAC_API scenario_variable {
    /*! \param file YAML
     * \throws cfisac::ScenarioError naming file, line and key
     */
    scenario_variable(const std::string& file);
    //! A scenario without a file.
    //! \throws cfisac::ScenarioError naming what is wrong with it
    scenario_variable(const cfisac::Scenario& scenario);

    //! What the blocks take.
    operator const cfisac::Scenario&() const { return d_scenario; }
    //! The name of the file; empty without one.
    operator std::string() const { return d_file; }

    //! \throws std::invalid_argument naming another scheme than music, cs and ml, or
    //! reference than "reference" and "pilot"
    estimator_info estimator(const std::string& scheme,
                             const std::string& reference = "reference") const;
    //! The scenario of monostatic_estimator, see monostatic_scenario().
    scenario_variable monostatic(const cfisac::Coordinates& position_m = {50.0,
                                                                          0.0}) const;

private:
    // Before what is made of them
    std::string d_file;
    cfisac::Scenario d_scenario;

public:
    std::string name;                          //!< of the scenario
    int dimensions;                            //!< D
    std::vector<cfisac::AccessPoint> transmit; //!< [N]
    std::vector<cfisac::AccessPoint> receive;  //!< [M]
    std::size_t num_transmit;                  //!< N
    std::size_t num_receive;                   //!< M
    int transmit_antennas;                     //!< N_t
    int receive_antennas;                      //!< M_r
    int subcarriers;                           //!< S of a frame
    int symbols;                               //!< T of a frame
    int users;                                 //!< K
    int targets;                               //!< Q
    cfisac::Box target_area_m;                 //!< prior of their places
    cfisac::Box target_velocity_mps;           //!< prior of their velocities
    double transmit_power_dbm;                 //!< P
    double sensing_noise_dbm;                  //!< ξ_z² per resource element
    int clutter_scatterers;                    //!< S of (29)
    double clutter_variance;                   //!< χ̃²
    double timing_offset_std_s;                //!< σ_τ
    double frequency_offset_std_hz;            //!< σ_f
    std::size_t transmit_frame_size;           //!< N_t·S·T complex samples
    std::size_t receive_frame_size;            //!< M_r·S·T complex samples
    std::size_t symbols_per_frame;             //!< S·T of one user
    std::size_t estimate_size;                 //!< 2·D·Q floats
    std::size_t bound_size;                    //!< 2·Q floats
    std::size_t raw_echo_bits;                 //!< of a frame of one access point
    double carrier_hz;                         //!< f_c
    double subcarrier_spacing_hz;              //!< of the subcarriers of a frame
    double symbol_interval_s;                  //!< of the symbols of a frame
    double interval_s;                         //!< coherent processing interval
    std::uint64_t fingerprint;                 //!< see cfisac::fingerprint()
    bool has_radio;              //!< section `radio`; without it those below
                                 //!< are not a number, or zero
    double sample_rate_hz;       //!< of a radio
    double center_hz;            //!< where it is tuned to
    std::int64_t prefix_samples; //!< of the cyclic prefix
    std::int64_t frame_samples;  //!< of a frame without the silence
    std::int64_t period_samples; //!< from frame to frame
    double frame_period_s;       //!< from frame to frame
};

//! A model file; see model_info.
struct ISAC_API model_variable : public model_info {
    //! \throws std::runtime_error naming the file and what is wrong with it
    model_variable(const std::string& file);
    //! The name of the file.
    operator std::string() const { return path; }

    scenario_variable scenario; //!< that the model was made for
};

//! A SigMF recording; see cfisac::recording::Metadata.
struct ISAC_API recording_variable : public cfisac::recording::Metadata {
    //! \throws cfisac::recording::RecordingError naming the file and what is wrong with it
    recording_variable(const std::string& file);
    //! The name that it was given.
    operator std::string() const { return d_file; }

private:
    std::string d_file;

public:
    scenario_variable scenario;    //!< that was on the air
    int access_point;              //!< its number on its side
    std::string access_point_name; //!< its name in the scenario
    double full_scale_dbm;         //!< power of full scale at the antenna
    double start_time_s;           //!< of the schedule; below 0 where it is not known
    double duration_s;             //!< of the samples
};

} // namespace isac
} // namespace gr

#endif
