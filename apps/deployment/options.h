// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_OPTIONS_H
#define INCLUDED_APPS_DEPLOYMENT_OPTIONS_H

#include "common.h"

#include <cfisac/fronthaul/keys.h>
#include <cfisac/recording/sigmf.h>
#include <cfisac/scenario/scenario.h>
#include <optional>
#include <string>

namespace isac::apps {

//! What access point and central unit have to agree on.
struct Scheme {
    std::string name;  //!< "model", or "ml", "music", "cs"
    std::string model; //!< file, of "model" only
    std::size_t packet_size = 0;
    std::uint64_t fingerprint = 0;
    bool encoder_reads_transmit = false;
    bool decoder_reads_transmit = false;
};

//! The options that both programs have: scenario, seed, scheme, security, queue, compute.
void add_shared_options(po::options_description& options);

/*! The scenario of `--scenario`.
 * \throws UsageError where it is missing or wrong
 */
cfisac::Scenario deployed_scenario(const po::variables_map& values);
/*! The scheme of `--model` or `--scheme`.
 * \throws UsageError unless one of them is there, and on one that no fronthaul carries
 */
Scheme scheme_of(const po::variables_map& values, const cfisac::Scenario& scenario);
//! The device of `--compute`. \throws UsageError on a word that is none
std::string compute_of(const po::variables_map& values);
//! `--queue`. \throws UsageError on more than a queue holds
int queue_of(const po::variables_map& values);

//! The text of an option, empty where it is missing.
std::string text_of(const po::variables_map& values, const std::string& option);
//! Whether an option was given, and not by its default.
bool is_given(const po::variables_map& values, const std::string& option);
//! \throws UsageError where an option is missing
std::string required(const po::variables_map& values, const std::string& option);

/*! What `make` returns; what it throws because of what the command line says, or of a file that
 * it names, is a UsageError.
 */
template <typename Make>
auto prepared(const Make& make)
{
    try {
        return make();
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    } catch (const cfisac::ScenarioError& error) {
        throw UsageError(error.what());
    } catch (const cfisac::fronthaul::KeyError& error) {
        throw UsageError(error.what());
    } catch (const cfisac::recording::RecordingError& error) {
        throw UsageError(error.what());
    }
}

} // namespace isac::apps

#endif
