/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimator_packets.h"

#include <cfisac/estimators/monostatic.h>
#include <cfisac/signal/front_end.h>
#include <gnuradio/isac/estimator_info.h>
#include <stdexcept>

namespace gr {
namespace isac {

namespace estimators = cfisac::estimators;

cfisac::fronthaul::PacketFormat packet_format(estimators::Scheme scheme,
                                              const cfisac::Scenario& scenario)
{
    constexpr std::uint32_t word_range = 1 << 16;
    return cfisac::fronthaul::PacketFormat(
        word_range,
        static_cast<std::uint32_t>(estimators::message_words(scheme, scenario)),
        cfisac::fingerprint(scenario),
        estimators::fingerprint(scheme));
}

estimator_info describe_estimator(const std::string& scheme,
                                  const cfisac::Scenario& scenario,
                                  const std::string& reference)
{
    const auto known = cfisac::signal::reference_from_string(reference);
    if (known == cfisac::signal::Reference::raw) {
        throw std::invalid_argument("reference: '" + reference +
                                    "', but an estimator must know what was transmitted; "
                                    "want pilot or reference");
    }
    const auto format = packet_format(estimators::scheme_from_string(scheme), scenario);
    estimator_info info;
    info.scheme = scheme;
    info.packet_size = format.size();
    info.word_count = format.index_count();
    info.fronthaul_bits = std::size_t{format.bits_per_index()} * format.index_count();
    info.reference_bits = cfisac::signal::reference_bits(scenario, known);
    info.fingerprint = format.model_fingerprint();
    return info;
}

cfisac::Scenario monostatic_scenario(const cfisac::Scenario& scenario,
                                     const cfisac::Coordinates& position)
{
    return estimators::monostatic_scenario(scenario, position);
}

} // namespace isac
} // namespace gr
