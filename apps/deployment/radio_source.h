// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_RADIO_SOURCE_H
#define INCLUDED_APPS_DEPLOYMENT_RADIO_SOURCE_H

#include <cfisac/scenario/scenario.h>
#include <gnuradio/basic_block.h>
#include <string>

namespace isac::apps {

//! How a radio is set up beyond what the scenario tells.
struct RadioSettings {
    std::string device; //!< SoapySDR's device arguments
    double gain_db = 0.0;
    std::string antenna;      //!< of every channel, the radio's default if empty
    std::string clock_source; //!< the radio's default if empty
    std::string time_source;
};

/*! Receive channels of a radio that SoapySDR knows, one output each.
 *
 * The device arguments of the virtual radio are completed: the scenario's file and the access
 * point's name, where they are not there.
 * \param scenario_file what it was read from
 * \param access_point receive access point, counted from 0
 * \throws UsageError where the programs were built without gr-soapy
 * \throws std::runtime_error when there is no such radio, or it does not do what is asked for
 */
gr::basic_block_sptr make_radio_source(const cfisac::Scenario& scenario,
                                       const std::string& scenario_file,
                                       int access_point,
                                       const RadioSettings& settings);

} // namespace isac::apps

#endif
