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

//! Tables [M] of how likely the model's codewords are, from the counts (18) of each
//! quantizer; none for a codebook of one codeword.
std::vector<cfisac::fronthaul::FrequencyTable> frequency_tables(
    const cfisac::nn::Model& model);

//! The packets of a model, plain or entropy coded.
cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model);

} // namespace isac
} // namespace gr

#endif
