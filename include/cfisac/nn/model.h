// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_NN_MODEL_H
#define INCLUDED_CFISAC_NN_MODEL_H

#include <ATen/ATen.h>
#include <cfisac/nn/architecture.h>
#include <cfisac/nn/detections.h>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cfisac::nn {

//! What the central unit tells of a batch of frames.
struct Estimates {
    at::Tensor location;   //!< [B, Q, D], m
    at::Tensor velocity;   //!< [B, Q, D], m/s
    at::Tensor confidence; //!< [B, Q], in [0, 1]; one where the network gives none
};

class DVqVaeImpl;

/*! A D-VQVAE for inference: one encoder with projector and codebook for each receive
 * access point, and the decoder of the central unit. All calls are without gradients,
 * from one thread at a time.
 *
 * Where latents are not quantized (a D-VAE), the same calls take words of 16 bits for
 * indices: K positions where only K vectors travel, then the elements as in LatentWords.
 *
 * A centralized network (ReadOut::cnn) has no encoders: `estimate` takes the raw echoes,
 * all that concerns indices is zero, and `encode`, `decode`, `detect`, `accepts` and
 * `codewords_of` throw std::invalid_argument.
 */
class Model
{
public:
    /*! A model with fresh weights drawn from `seed`.
     * \throws std::invalid_argument when the architecture does not fit the scenario
     */
    Model(const Scenario& scenario, const Architecture& architecture, std::uint64_t seed);

    /*! Read a model file (safetensors; see the page on file formats).
     * \param device LibTorch device, e.g. "cpu" or "cuda:0"
     * \throws FileError naming the file and the tensor, key or value that is wrong
     */
    static Model load(const std::string& path, const std::string& device = "cpu");
    //! As `load`, and refuse a model made for another scenario, naming both.
    static Model load(const std::string& path,
                      const Scenario& scenario,
                      const std::string& device);
    //! Write a model file. \throws FileError naming it
    void save(const std::string& path) const;

    //! that it was made for
    const Scenario& scenario() const { return d_scenario; }
    //! its sizes
    const Architecture& architecture() const { return d_architecture; }
    at::Device device() const; //!< where its weights are
    //! Fingerprint of architecture, codebooks and weights; both ends of a fronthaul must
    //! agree.
    std::uint64_t fingerprint() const;

    //! Whether the access points send raw echoes and the central unit alone has a network.
    bool centralized() const { return d_architecture.read_out == ReadOut::cnn; }

    std::int64_t index_count() const;    //!< L, indices per update and access point
    std::int64_t codewords() const;      //!< N_c; zero where latents are not quantized
    std::int64_t index_range() const;    //!< every index is below this
    std::int64_t bits_per_index() const; //!< ceil(log2 index_range)
    std::int64_t vectors_sent() const;   //!< K, positions ahead of the codewords, or zero
    std::int64_t positions() const;      //!< P, vectors of a latent
    //! Fronthaul bits per update of one access point: N_b L, or those of its raw echo where
    //! the model is centralized (Scenario::raw_echo_bits()).
    std::int64_t fronthaul_bits() const;
    //! Downlink bits per update that tell one access point what was transmitted, see
    //! signal::reference_bits(); none where the model is centralized: the central unit
    //! knows X.
    std::int64_t reference_bits() const;
    /*! Moving averages (18) of how often access point m chose each codeword in training,
     * [N_c]: finite and not negative, in no particular unit. They are part of the
     * fingerprint. Empty where latents are not quantized.
     */
    std::vector<float> codeword_counts(std::int64_t receiver) const;
    //! Whether `decode` reads the transmitted frames.
    bool decoder_needs_transmit() const;
    //! Whether `encode` reads the transmitted frames (reference other than `raw`), or
    //! `estimate` where the model is centralized.
    bool encoder_needs_transmit() const;

    /*! From the echoes of all access points to estimates, for every kind of model: the
     * centralized network, or `encode` of all access points and `decode`.
     * \param echoes Y [B, M, M_r, S, T], complex64, on the model's device
     * \param transmit X [B, N, N_t, S, T], complex64, there too; may be undefined unless
     * `encoder_needs_transmit` or `decoder_needs_transmit`
     * \throws std::invalid_argument on a wrong shape or a sample that is not finite
     */
    Estimates estimate(const at::Tensor& echoes, const at::Tensor& transmit) const;

    /*! Access point m: front end, encoder (12), projector and quantizer (13)–(15).
     * \param receiver m
     * \param echo Y_m [B, M_r, S, T], complex64
     * \param transmit X [B, N, N_t, S, T], complex64; may be undefined for `raw`
     * \return indices [B, L], int64
     * \throws std::invalid_argument on a wrong shape, a sample that is not finite, or a
     * latent beyond the range of float16 where it travels so
     */
    at::Tensor encode(std::int64_t receiver,
                      const at::Tensor& echo,
                      const at::Tensor& transmit) const;

    //! Whether indices [B, L], int64, of access point m are some that `encode` can give;
    //! words that give NaN or infinity are not.
    bool accepts(std::int64_t receiver, const at::Tensor& indices) const;
    //! The codewords among the indices [B, L] of access point m; none, [B, 0], where
    //! latents are not quantized.
    at::Tensor codewords_of(std::int64_t receiver, const at::Tensor& indices) const;

    /*! Central unit: codewords from indices, decoder (16), read-out.
     * \param indices M tensors [B, L], int64; an undefined one is an access point whose
     * packet is missing
     * \param transmit X [B, N, N_t, S, T]; may be undefined unless
     * `decoder_needs_transmit`
     */
    Estimates decode(const std::vector<at::Tensor>& indices,
                     const at::Tensor& transmit) const;

    /*! Central unit, where the number of targets is not known: every peak whose
     * probability of presence is above the threshold. For the grid read-out only.
     * \param indices as for `decode`
     * \param transmit as for `decode`; not read by the grid read-out
     * \param threshold between 0 and 1, ends excluded
     * \return one for each of the B frames
     * \throws std::invalid_argument for the dense read-out, which estimates exactly Q
     * targets, and naming a threshold out of range
     */
    std::vector<Detections> detect(const std::vector<at::Tensor>& indices,
                                   const at::Tensor& transmit,
                                   double threshold) const;

    //! The trainable network behind this model.
    const std::shared_ptr<DVqVaeImpl>& network() const { return d_network; }

private:
    Model(const Scenario& scenario,
          const Architecture& architecture,
          std::shared_ptr<DVqVaeImpl> network);
    void check_counts() const;
    void require_encoders(const char* what) const;
    at::Tensor message_of(std::int64_t receiver, const at::Tensor& latent) const;
    at::Tensor latent_of(std::int64_t receiver, const at::Tensor& message) const;

    // Latents of all access points and, where one is missing, the mask of those present.
    std::pair<std::vector<at::Tensor>, at::Tensor> latents_of(
        const std::vector<at::Tensor>& indices) const;

    Scenario d_scenario;
    Architecture d_architecture;
    std::shared_ptr<DVqVaeImpl> d_network;
};

} // namespace cfisac::nn

#endif
