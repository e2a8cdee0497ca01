// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_RUNTIME_H
#define INCLUDED_CFISAC_EVALUATION_RUNTIME_H

#include <cfisac/nn/model.h>
#include <functional>

namespace cfisac::evaluation {

//! Milliseconds per update, that is per frame; medians over the repetitions.
struct StageTimes {
    double encoder_ms;      //!< front end, encoder and projector of one access point
    double quantization_ms; //!< of one access point: nearest codewords
    double decoder_ms;      //!< central unit, with its branch for the transmitted frames
    //! the part of the decoder that waits for the access points: without that branch,
    //! which reads nothing but the transmitted frames
    double decoder_after_echo_ms;
};

//! How often what is run.
struct RuntimeOptions {
    std::int64_t batch = 20;       //!< frames at a time
    std::int64_t repetitions = 10; //!< after one that is not counted
};

/*! Run the engines on the model's device as Table III does. The engine of an access point
 * does encoder and quantization in one; the quantization is timed by itself, on the same
 * latents, and the encoder is the difference.
 *
 * \param after called after every repetition; what it throws ends the run
 * \throws std::invalid_argument on a model without codebooks, or numbers below one
 */
StageTimes measure_runtime(
    const nn::Model& model,
    const RuntimeOptions& options,
    const std::function<void()>& after = [] {});

} // namespace cfisac::evaluation

#endif
