// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_ROLES_H
#define INCLUDED_CFISAC_TRAINING_ROLES_H

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model.h>
#include <cfisac/training/options.h>
#include <cfisac/training/parameter_group.h>
#include <memory>
#include <vector>

namespace cfisac::training {

//! Modules of a network by their names in it.
using NamedModules =
    std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>;

//! What the central unit knows of a batch of frames besides the latents.
struct Truth {
    at::Tensor location; //!< [B, Q, D], m
    at::Tensor velocity; //!< [B, Q, D], m/s
    at::Tensor there;    //!< [B, Q], which targets there are; undefined: all
    at::Tensor transmit; //!< X [B, N, N_t, S, T]; undefined for the grid read-out
    at::Tensor present;  //!< [B, M], see DVqVaeImpl::decode_dense; undefined: all are
};

//! How often each codeword was chosen and the sum of what it was chosen for, over a
//! batch: the sums of (18) and (19).
struct CodebookStatistics {
    at::Tensor counts; //!< [N_c], float64
    at::Tensor sums;   //!< [N_c, D]
};

/*! What access point m sends for the input of its encoder, without gradient: codewords,
 * or the projected latents while nothing is quantized. Where the network is centralized,
 * the input as it is.
 * \param[out] indices [B, L] of the codewords; may be null
 * \return [B, D, latent_shape…]
 */
at::Tensor sent_latent(nn::DVqVaeImpl& network,
                       std::int64_t receiver,
                       const at::Tensor& input,
                       bool quantizing,
                       at::Tensor* indices = nullptr);

//! What the central unit reads from latents [B, D, latent_shape…], without gradient.
nn::Estimates estimates(nn::DVqVaeImpl& network,
                        const std::vector<at::Tensor>& latents,
                        const Truth& truth);

/*! One receive access point in Algorithm 1: encoder, projector and codebook with their
 * optimizer. Knows nothing of where the central unit is: latents go up, gradients of the
 * latents come down.
 *
 * A step is `forward`, `backward`, then `update`. Between the last two, gradients and
 * statistics may be combined with those of other processes; nothing else changes before
 * `update`, so that a step can be given up until then.
 */
class AccessPointRole
{
public:
    /*! \param network whose encoder m and quantizer m are trained
     * \param shared_encoder of all access points where they share one; else null
     */
    AccessPointRole(nn::DVqVaeImpl& network,
                    std::int64_t receiver,
                    const TrainerOptions& options,
                    std::shared_ptr<ParameterGroup> shared_encoder);

    //! Latent [B, D, latent_shape…] of an input, without gradient.
    at::Tensor forward(const at::Tensor& input, bool quantizing);
    /*! Gradients of the weights, from that of the latent, and of the commitment loss
     * (21) or, while nothing is quantized, of a term that keeps the latents small. They
     * add to those that are there.
     */
    void backward(const at::Tensor& gradient);

    //! Mean squared quantization error of the last `forward`; zero if nothing was
    //! quantized.
    double commitment() const { return d_commitment; }
    //! Statistics of the last `forward`.
    CodebookStatistics statistics() const;
    //! At most N_c of the projected rows of the last `forward`, evenly chosen: what dead
    //! codewords may be replaced by.
    at::Tensor candidates() const;

    //! Weights of this role alone: the projector, and the encoder unless it is shared.
    ParameterGroup& parameters() { return *d_parameters; }
    //! One step of the optimizer with the gradients there are.
    void update(double learning_rate) { d_parameters->update(learning_rate); }
    //! (18)–(20).
    void update_codebook(const CodebookStatistics& statistics);
    //! (18)–(20) with the last `forward`.
    void update_codebook();
    //! Codewords that were replaced.
    std::int64_t replace_dead(const at::Tensor& candidates, std::uint64_t seed);

    //! m
    std::int64_t receiver() const { return d_receiver; }

private:
    nn::DVqVaeImpl& d_network;
    std::int64_t d_receiver;
    double d_commitment_weight;
    double d_dead_threshold;
    std::unique_ptr<ParameterGroup> d_parameters;
    // Of the last forward:
    at::Tensor d_latent;
    at::Tensor d_regularisation;
    at::Tensor d_projected;
    at::Tensor d_indices; // undefined if nothing was quantized
    double d_commitment = 0.0;
};

//! The central unit in Algorithm 1: decoder with its optimizer.
class CentralUnitRole
{
public:
    //! \param network that outlives this; its decoder is trained
    CentralUnitRole(nn::DVqVaeImpl& network, const TrainerOptions& options);

    /*! Estimation loss of the latents of all access points and its gradients. Those of
     * the weights add to those that are there.
     * \param latents M of [B, D, latent_shape…], or what the centralized network reads
     * \return gradients of the latents; undefined ones where the network is centralized
     */
    std::vector<at::Tensor> backward(const std::vector<at::Tensor>& latents,
                                     const Truth& truth);
    //! Estimation loss of the last `backward`, a scalar.
    const at::Tensor& loss() const { return d_loss; }

    //! weights of the decoder
    ParameterGroup& parameters() { return *d_parameters; }
    //! One step of Adam with the gradients that are there.
    void update(double learning_rate) { d_parameters->update(learning_rate); }

private:
    at::Tensor estimation_loss(const std::vector<at::Tensor>& latents,
                               const Truth& truth);

    nn::DVqVaeImpl& d_network;
    bool d_ordered;
    std::unique_ptr<ParameterGroup> d_parameters;
    at::Tensor d_loss;
};

//! The encoder that all access points of `network` share, with its optimizer; null where
//! they do not.
std::shared_ptr<ParameterGroup> shared_encoder(nn::DVqVaeImpl& network,
                                               const TrainerOptions& options);

//! Encoder, also a shared one, projector and codebook of an access point.
NamedModules access_point_modules(const nn::DVqVaeImpl& network, std::int64_t receiver);
//! The decoder.
NamedModules central_unit_modules(const nn::DVqVaeImpl& network);

//! Parameters and buffers of the modules in one row, and back.
at::Tensor flat_state(const NamedModules& modules);
void set_flat_state(const NamedModules& modules, const at::Tensor& state);

} // namespace cfisac::training

#endif
