// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_ACCESS_POINT_H
#define INCLUDED_CFISAC_ESTIMATORS_ACCESS_POINT_H

#include <cfisac/estimators/estimates.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/estimators/message.h>
#include <cfisac/signal/layout.h>
#include <memory>
#include <string>
#include <vector>

namespace cfisac::estimators {

/*! The schemes of which every access point estimates by itself and the central unit fuses
 * what they send.
 *
 * - music: angles by MUSIC, then range and range rate by a periodogram
 * - cs: delays by orthogonal matching pursuit, then angle and range rate
 * - ml: locations, Doppler frequencies and gains by maximum likelihood, with their
 *   information
 */
enum class Scheme { music, cs, ml };

//! "music", "cs" or "ml"
const char* to_string(Scheme scheme);
//! \throws std::invalid_argument naming the word
Scheme scheme_from_string(const std::string& word);

//! What a receive access point does with its echo. One thread at a time.
class AccessPointEstimator
{
public:
    virtual ~AccessPointEstimator() = default;

    /*! Estimate from one frame.
     * \param echo Y_m [M_r, S, T], complex64, on the layout's device
     * \param transmit X [N, N_t, S, T], complex64, there too
     * \return what is sent, `message_words(scheme, scenario)` words
     * \throws std::invalid_argument on a wrong shape or a sample that is not finite
     */
    virtual Message operator()(const at::Tensor& echo, const at::Tensor& transmit) = 0;
};

/*!
 * \param layout scenario and device
 * \param receiver m, from 0
 * \param static_clutter what `ml` does about it; the others know `as_scenario` only
 * \throws std::invalid_argument when there is no such access point, or when the scenario
 * does not suit the scheme (naming what does not)
 */
std::unique_ptr<AccessPointEstimator> make_access_point_estimator(
    Scheme scheme,
    const signal::Layout& layout,
    std::int64_t receiver,
    StaticClutter static_clutter = StaticClutter::as_scenario);

//! Words of a message: for `music` and `cs` 6 Q, 96 bits for each target.
std::size_t message_words(Scheme scheme, const Scenario& scenario);
//! Whether a message that came from somewhere is one of the scheme's.
bool is_message(Scheme scheme, const Scenario& scenario, const Message& message);
//! Of scheme and message layout; both ends of a fronthaul must agree.
std::uint64_t fingerprint(Scheme scheme);

//! What the central unit makes of the messages. One thread at a time.
class CentralEstimator
{
public:
    virtual ~CentralEstimator() = default;

    /*! Fuse the messages of one frame.
     * \param messages M, one for each receive access point; an empty one is missing
     * \return Q targets; where fewer were seen, the rest is `prior_estimates`
     * \throws std::invalid_argument on another number of messages, and on one that is not
     * empty and for which is_message() is false
     */
    virtual TargetEstimates operator()(const std::vector<Message>& messages) = 0;
};

std::unique_ptr<CentralEstimator> make_central_estimator(Scheme scheme,
                                                         const Scenario& scenario);

} // namespace cfisac::estimators

#endif
