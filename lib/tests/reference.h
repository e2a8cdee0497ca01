// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/ATen.h>
#include <cfisac/nn/safetensors.h>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace cfisac::test {

//! File that a reference_*.py wrote; the folder is in CFISAC_REFERENCE_DIR.
inline nn::SafeTensors read_reference(const std::string& name)
{
    const char* directory = std::getenv("CFISAC_REFERENCE_DIR");
    if (directory == nullptr) {
        throw std::runtime_error("set CFISAC_REFERENCE_DIR to what reference_*.py wrote");
    }
    return nn::read_safetensors(std::string(directory) + "/" + name + ".safetensors");
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
