// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/signal/front_end.h>

#include <cstdint>
#include <string>

namespace cfisac::nn {

/*!
 * How the central unit turns codewords into estimates.
 *
 * - dense: the printed decoder (16); the access points encode the resource elements.
 * - grid: the access points encode what their matched filter finds in every cell of the
 *   plane, the central unit lifts the Doppler profiles of all pairs of access points onto
 *   a common velocity plane and reads out the strongest cells.
 * - cnn: centralized sensing, the comparison without anything at the access points: they
 *   send their raw echoes, and one convolutional network at the central unit reads those
 *   of all of them, see CentralizedCnn.
 */
enum class ReadOut { dense, grid, cnn };

//! "dense", "grid" or "cnn"
const char* to_string(ReadOut read_out);

/*!
 * What an access point sends of its latent: the indices of codewords (D-VQVAE), or the
 * elements themselves in this type (D-VAE, the comparison without a quantizer).
 */
enum class Latents { quantized, float32, float16 };

//! "quantized", "float32" or "float16"
const char* to_string(Latents latents);
//! \throws std::invalid_argument naming the word
Latents latents_from_string(const std::string& name);

/*!
 * Bounds of an architecture, which may come from anywhere: a network whose sizes are within
 * them is refused all the same where their products are not.
 */
struct ArchitectureLimits {
    static constexpr size_t bytes = 1 << 16; //!< of its JSON text
    static constexpr int64_t size = 1 << 16; //!< any one
    static constexpr int64_t layers = 256;   //!< in a row, of one kind
    /*!
     * Numbers that a network keeps (weights, codebooks with their averages, tables of the
     * geometry), and those of the largest tensor that it makes of one frame: 4 GiB of
     * float32 each. The paper's network keeps a fifth of it.
     */
    static constexpr int64_t numbers = int64_t{1} << 30;
};

/*!
 * Every size of a D-VQVAE, or of the centralized network. The defaults are the paper's
 * network ("paper" preset).
 */
struct Architecture {
    ReadOut read_out = ReadOut::dense; //!< which networks
    //! of the access points; with the cnn read-out of the central unit, which knows X, so
    //! that nothing is sent for it and `pilot` and `reference` are the same
    signal::Reference reference = signal::Reference::raw;
    //! one encoder for all receive access points instead of one for each; codebooks are
    //! always their own
    bool shared_encoder = false;

    Latents latents = Latents::quantized; //!< what an access point sends
    int64_t codeword_dim = 512; //!< D, also of a projected latent that is not quantized
    int64_t codewords = 32;     //!< N_c; not used where latents are not quantized

    //! Sizes of the printed networks, see EncoderOptions and DecoderOptions
    struct Dense {
        int64_t stem_channels = 64;    //!< of the first convolution
        int64_t hidden_channels = 128; //!< H
        //! L_cnn, each halves all dimensions
        int64_t downsampling_layers = 2;
        int64_t residual_layers = 2;    //!< L_res
        int64_t residual_channels = 32; //!< inside a residual layer
        //! L_res^c, of the decoder's branch of the latents
        int64_t latent_residual_layers = 2;
        //! L_res^t, of its branch of X
        int64_t transmit_residual_layers = 1;
        int64_t flat_features = 32;    //!< to which a branch is projected
        int64_t fully_connected = 128; //!< width of the layer before the output
    } dense;                           //!< used with the read-out dense

    //! Sizes of the networks on the grid, see GridEncoderOptions and GridDecoderOptions
    struct Grid {
        int64_t cells = 40;                //!< along each side of the area; even
        int64_t doppler_lines = 24;        //!< of the matched filter
        double doppler_spacing_hz = 500.0; //!< between them
        int64_t hidden_channels = 64;      //!< H
        int64_t encoder_layers = 2;        //!< residual layers at the access point
        int64_t codewords_per_vector = 1;  //!< G, see QuantizerOptions
        int64_t vectors_sent = 0;          //!< K, see QuantizerOptions; zero: all
        int64_t profiles = 2;              //!< Doppler profiles read from a codeword
        int64_t cell_features = 24;        //!< other features read from a codeword
        int64_t decoder_channels = 80;     //!< of the network at the central unit
        int64_t decoder_layers = 3;        //!< residual layers at the central unit
        int64_t velocity_steps = 9;        //!< along each side of the velocity plane
    } grid;                                //!< used with the read-out grid

    //! Sizes of the centralized network, see CentralizedCnnOptions. What stands above of
    //! encoders, latents and codebooks is not used with it.
    struct Cnn {
        int64_t first_channels = 16;   //!< of the first convolution
        int64_t second_channels = 32;  //!< of the second convolution
        int64_t kernel = 5;            //!< odd
        int64_t stride = 2;            //!< of both convolutions
        int64_t pooling = 2;           //!< width and stride of the pooling
        int64_t fully_connected = 256; //!< width of the layer before the output
    } cnn;                             //!< used with the read-out cnn

    /*!
     * "paper": as printed. "lite": the grid networks that the shipped model uses. "cnn":
     * the centralized network, with the reference.
     *
     * \throws std::invalid_argument naming the word
     */
    static Architecture preset(const std::string& name);

    //! For the metadata of a model file; from_json gives the same values back
    std::string to_json() const;
    /*!
     * Reads what to_json writes. Missing keys keep their default.
     *
     * \throws std::invalid_argument naming an unknown key, a value of the wrong type or a
     * size below one or beyond ArchitectureLimits; their products are checked where a
     * network is made
     */
    static Architecture from_json(const std::string& text);
};

} // namespace cfisac::nn
