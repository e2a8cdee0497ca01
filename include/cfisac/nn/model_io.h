// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/safetensors.h>

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>

namespace cfisac::nn {

/*!
 * Parameters and buffers of a module by name, with "prefix." before each name unless the
 * prefix is empty. The tensors are detached; those on the processor share their memory
 * with the module.
 */
std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module,
                                           const std::string& prefix = "");

/*!
 * Copies the tensors called "prefix.NAME" (all tensors for an empty prefix) into the
 * module's parameters and buffers. The module stays on its device and in its type. Either
 * all are copied or, on an error, none.
 *
 * \throws FileError naming the file and the tensor that is missing, superfluous, or of
 * another shape or kind
 */
void load_state(torch::nn::Module& module,
                const SafeTensors& file,
                const std::string& prefix = "");

//! Same, from tensors in memory
void load_state(torch::nn::Module& module,
                const std::map<std::string, at::Tensor>& tensors,
                const std::string& prefix = "");

//! Number of trainable parameters of a module (buffers, as the codebook, do not count)
int64_t parameter_count(const torch::nn::Module& module);

/*!
 * Sets all weights and biases of convolutions and linear layers to uniform draws within
 * ±1/√(inputs of an output), LibTorch's default, as a function of the seed and the
 * parameter's name only. The networks of this folder do so themselves with their option
 * `seed`.
 */
void initialise_weights(torch::nn::Module& module, uint64_t seed);

} // namespace cfisac::nn
