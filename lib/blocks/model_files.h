/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MODEL_FILES_H
#define INCLUDED_ISAC_MODEL_FILES_H

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/model.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! A model for a scenario, on the device that `device` names (see
//! cfisac::signal::resolve_device()).
cfisac::nn::Model load_model(const std::string& file,
                             const cfisac::Scenario& scenario,
                             const std::string& device);

//! Priors [M] of the messages of each access point, from the counts (18) of its
//! quantizer; none where cfisac::fronthaul::message_prior() gives none.
std::vector<cfisac::fronthaul::IndexPrior> index_priors(const cfisac::nn::Model& model);

//! The packets of a model, plain or entropy coded.
cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model);

} // namespace isac
} // namespace gr

#endif
