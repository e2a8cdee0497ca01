// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_NN_GRID_ENGINE_H
#define CFISAC_NN_GRID_ENGINE_H

#include "engine_backend.h"
#include "plane_network.h"

#include <string>

namespace cfisac::nn::detail {

//! Copies, so that the model may be released
Weights weights_of(const Model& model);
//! "encoder0" and the like
std::string numbered(const char* name, std::int64_t number);
/*!
 * Whether the grid engines, which are loops of the host, serve this model.
 *
 * \throws std::invalid_argument where they do not, on a precision other than float32
 */
bool on_host(const Model& model, const EngineOptions& options);

} // namespace cfisac::nn::detail

#endif
