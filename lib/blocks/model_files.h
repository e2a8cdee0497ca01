/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MODEL_FILES_H
#define INCLUDED_ISAC_MODEL_FILES_H

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/engine.h>
#include <cfisac/nn/latent_words.h>
#include <cfisac/nn/quantizer.h>
#include <optional>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! A model for a scenario, on the device that `device` names (see
 * cfisac::signal::resolve_device()): one with encoders at the access points.
 * \throws std::runtime_error naming the file, also where it holds a centralized network
 */
cfisac::nn::Model load_model(const std::string& file,
                             const cfisac::Scenario& scenario,
                             const std::string& device);
//! The same for a centralized network (read-out cnn); any other model is refused.
cfisac::nn::Model load_centralized_model(const std::string& file,
                                         const cfisac::Scenario& scenario,
                                         const std::string& device);

/*! Which indices of a packet an encoder of the model can give: what
 * cfisac::nn::Model::accepts() tells, without the weights.
 */
class index_check
{
public:
    explicit index_check(const cfisac::nn::Model& model);
    //! \param receiver access point m, \param indices [1, L], int64, on the processor
    bool accepts(std::size_t receiver, const at::Tensor& indices) const;

private:
    std::vector<cfisac::nn::VectorQuantizer> d_quantizers;
    std::optional<cfisac::nn::LatentWords> d_words; //!< of latents without a quantizer
};

//! \throws std::invalid_argument naming a word that is not a precision
cfisac::nn::EngineOptions engine_options(const std::string& precision);

//! Priors [M] of the messages of each access point, from the counts (18) of its
//! quantizer; none where cfisac::fronthaul::message_prior() gives none.
std::vector<cfisac::fronthaul::IndexPrior> index_priors(const cfisac::nn::Model& model);

//! The packets of a model, plain or entropy coded.
cfisac::fronthaul::PacketFormat packet_format(const cfisac::nn::Model& model);

} // namespace isac
} // namespace gr

#endif
