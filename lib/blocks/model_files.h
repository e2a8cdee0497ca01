/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MODEL_FILES_H
#define INCLUDED_ISAC_MODEL_FILES_H

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/model.h>
#include <string>

namespace gr {
namespace isac {

//! A model for a scenario, on the device that `device` names (see
//! cfisac::signal::resolve_device()).
cfisac::nn::Model load_model(const std::string& file,
                             const cfisac::Scenario& scenario,
                             const std::string& device);

//! The packets of a model.
cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model);

} // namespace isac
} // namespace gr

#endif
