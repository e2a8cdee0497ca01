// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "reference_folder.h"

#include <ATen/ATen.h>
#include <cfisac/nn/safetensors.h>
#include <string>

namespace cfisac::test {

//! File that a reference_*.py wrote.
inline nn::SafeTensors read_reference(const std::string& name)
{
    return nn::read_safetensors(reference_folder() + "/" + name + ".safetensors");
}

//! A complex array, stored as [..., 2].
inline at::Tensor complex_of(const nn::SafeTensors& file, const std::string& name)
{
    return at::view_as_complex(file.tensors.at(name).contiguous());
}

//! Largest difference over the largest magnitude of `expected`.
inline double relative_error(const at::Tensor& actual, const at::Tensor& expected)
{
    return (actual - expected).abs().max().item<double>() /
           expected.abs().max().item<double>();
}

} // namespace cfisac::test
