/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MODEL_INFO_H
#define INCLUDED_ISAC_MODEL_INFO_H

#include <cfisac/fronthaul/entropy_coding.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! What a flowgraph must know of a model file to connect its blocks.
struct ISAC_API model_info {
    std::string path;          //!< of the file
    cfisac::Scenario scenario; //!< the scenario that the model was made for
    std::string read_out;      //!< "dense", "grid", or "cnn": a centralized network
    std::string reference;     //!< "raw", "pilot" or "reference", see dvqvae_encoder
    //! bytes of one fronthaul packet, the item of its stream; zero for a centralized
    //! network, for which raw echoes travel
    std::size_t packet_size;
    std::uint64_t fingerprint;     //!< of architecture, codebooks and weights
    std::int64_t codewords = 0;    //!< N_c, size of the codebook
    std::int64_t index_count = 0;  //!< L, indices of one access point and update
    std::int64_t index_range = 0;  //!< every index is below this
    std::int64_t vectors_sent = 0; //!< K, positions ahead of the codewords, or zero
    //! [M] how likely the indices are; empty for a codebook of one codeword
    std::vector<cfisac::fronthaul::IndexPrior> index_priors;
    std::int64_t fronthaul_bits; //!< index or raw echo bits, per access point and update
    std::size_t reference_bits;  //!< bits that tell one access point what was transmitted
    bool encoder_reads_transmit; //!< the encoder has inputs for the N transmit frames
    bool decoder_reads_transmit; //!< the decoder has inputs for the N transmit frames, or
                                 //!< the centralized network reads them
};

/*!
 * Read what model_info tells from a model file.
 * \throws std::runtime_error naming the file and what is wrong with it
 */
ISAC_API model_info load_model_info(const std::string& path);

/*!
 * Write a model file with fresh weights drawn from a seed: something to train, or to test
 * a flowgraph with. It estimates nothing of use.
 * \param path file to write
 * \param scenario what the model is for
 * \param architecture name of a preset, "paper", "lite" or "cnn", or a JSON object with the
 * sizes of cfisac/nn/architecture.h
 * \param reference "raw", "pilot" or "reference"; empty for the architecture's own
 * \param seed seed of the weights
 * \throws std::invalid_argument when the architecture does not fit the scenario
 */
ISAC_API void write_fresh_model(const std::string& path,
                                const cfisac::Scenario& scenario,
                                const std::string& architecture,
                                const std::string& reference,
                                std::uint64_t seed);

} // namespace isac
} // namespace gr

#endif
