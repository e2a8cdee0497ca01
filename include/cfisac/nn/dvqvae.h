// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/architecture.h>
#include <cfisac/nn/centralized_cnn.h>
#include <cfisac/nn/decoder.h>
#include <cfisac/nn/encoder.h>
#include <cfisac/nn/grid_decoder.h>
#include <cfisac/nn/grid_encoder.h>
#include <cfisac/nn/labels.h>
#include <cfisac/nn/quantizer.h>
#include <cfisac/scenario/scenario.h>

#include <optional>
#include <vector>

namespace cfisac::nn {

/*!
 * The networks of all roles: encoders (12) and quantizers (13)–(15) of the receive access
 * points, decoder (16) of the central unit; with either read-out. With the cnn read-out
 * the centralized network stands in the place of the decoder and is all there is: what an
 * access point sends is its raw echo, what `front_end` makes of it is made at the central
 * unit, and calls that concern encoders, quantizers and latents throw std::out_of_range.
 *
 * Without quantizers (Architecture::latents other than quantized, a D-VAE) the quantizers
 * keep projector and choice of vectors and have no codebook. Training then passes latents
 * through `quantizer(m)->unquantized` and `restore`; nothing is rounded there, also for
 * float16, whose rounding (2^-11 relative) is that of the packets.
 *
 * Submodules: encoder.M, quantizer.M, decoder.
 */
class DVqVaeImpl : public torch::nn::Module
{
public:
    /*!
     * \param seed of the initial weights
     * \throws std::invalid_argument when the architecture does not fit the scenario, or the
     * networks would be larger than ArchitectureLimits::numbers, before they take memory
     */
    DVqVaeImpl(const Scenario& scenario, const Architecture& architecture, uint64_t seed);

    //! M
    int64_t receivers() const { return static_cast<int64_t>(d_scenario.receive.size()); }
    //! whether raw echoes travel
    bool centralized() const { return d_architecture.read_out == ReadOut::cnn; }
    //! whether codewords travel; if not, the elements of the latents do, or raw echoes
    bool quantized() const
    {
        return d_architecture.latents == Latents::quantized && !centralized();
    }
    //! dimensions of a latent after its channels; empty where there is none
    const std::vector<int64_t>& latent_shape() const { return d_latent_shape; }
    //! vectors in a latent; zero where there is none
    int64_t positions() const;
    //! L, indices of a latent; of one that is not quantized its words, see LatentWords;
    //! zero where there is none
    int64_t index_count() const;

    /*!
     * Front end of access point m, without weights: echo Y_m [B, M_r, S, T] and X
     * [B, N, N_t, S, T] (may be undefined for `raw`) → input of its encoder, or of
     * decode_centralized.
     */
    torch::Tensor front_end(int64_t receiver,
                            const torch::Tensor& echo,
                            const torch::Tensor& transmit);
    //! (12): input of front_end → [B, H, latent_shape…]
    torch::Tensor encode(int64_t receiver, const torch::Tensor& input);
    //! (13)–(15) of access point m
    VectorQuantizer& quantizer(int64_t receiver) { return d_quantizers.at(receiver); }

    /*!
     * (16), dense read-out: M latents [B, D, latent_shape…] and X → labels [B, 2·D_m·Q].
     *
     * \param present [B, M], one where the latent of an access point has arrived and zero
     * where it is missing (it is then read as zeros); undefined where all have
     */
    torch::Tensor decode_dense(const std::vector<torch::Tensor>& latents,
                               const torch::Tensor& transmit,
                               const torch::Tensor& present = {});
    //! grid read-out: M latents [B, D, latent_shape…]; present as above
    GridOutput decode_grid(const std::vector<torch::Tensor>& latents,
                           const torch::Tensor& present = {});
    //! only there with the grid read-out
    GridDecoderImpl& grid_decoder() { return *d_grid_decoder; }
    //! cnn read-out: M outputs of front_end → labels [B, 2·D_m·Q]
    torch::Tensor decode_centralized(const std::vector<torch::Tensor>& inputs);

    //! min–max ranges of the labels, from the scenario's prior
    const LabelRange& labels() const { return d_labels; }

    //! that it was made for
    const Scenario& scenario() const { return d_scenario; }
    //! its sizes
    const Architecture& architecture() const { return d_architecture; }

private:
    void make_dense(uint64_t seed);
    void make_grid(uint64_t seed);
    void make_centralized(uint64_t seed);
    // Channels of front_end where it is not the grid's.
    int64_t input_channels() const;
    QuantizerOptions quantizer_options(int64_t features) const;
    void make_quantizers(QuantizerOptions options, uint64_t seed);
    // Number of encoders: one where they are shared.
    int64_t encoders() const;

    Scenario d_scenario;
    Architecture d_architecture;
    LabelRange d_labels;
    std::vector<int64_t> d_latent_shape;
    std::vector<Encoder> d_encoders;
    std::vector<GridEncoder> d_grid_encoders;
    std::vector<VectorQuantizer> d_quantizers;
    Decoder d_decoder{nullptr};
    GridDecoder d_grid_decoder{nullptr};
    CentralizedCnn d_centralized{nullptr};
    // Made for the device of the first echo, again when that changes.
    std::vector<GridFeatures> d_features;
    std::optional<at::Device> d_features_device;
};
TORCH_MODULE(DVqVae);

//! Parameters of one part, summed over access points: for a report
struct ParameterCounts {
    int64_t encoder = 0;   //!< of one access point
    int64_t projector = 0; //!< of one access point
    int64_t codebook = 0;  //!< of one access point
    int64_t decoder = 0;   //!< or the centralized network
    int64_t encoders = 0;  //!< number of encoders with weights of their own
};
ParameterCounts parameter_counts(DVqVaeImpl& network);

} // namespace cfisac::nn
