// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <stdexcept>
#include <string>

namespace cfisac::nn {

//! A model file that is damaged or does not fit; names the file and the tensor
class FileError : public std::runtime_error
{
    using std::runtime_error::runtime_error;
};

//! Contents of a safetensors file
struct SafeTensors {
    //! by name; on the processor, contiguous
    std::map<std::string, at::Tensor> tensors;
    //! the map under `__metadata__`
    std::map<std::string, std::string> metadata;
    //! file it was read from, for messages; empty if made in memory
    std::string source;
};

/*!
 * Reads a safetensors file: 8 bytes of header length (little endian), a JSON header, the
 * data. Types: F64, F32, F16, BF16, I64, I32, U8, BOOL. The header may have 16 MiB.
 *
 * Nothing in the file is believed before it is compared with the file's size: a length,
 * offset, shape or type that does not fit, a hole or an overlap between tensors, missing
 * and surplus bytes, a name that occurs twice are errors, and no more memory is taken
 * than the file is long.
 *
 * \throws FileError naming the file and, where there is one, the tensor
 */
SafeTensors read_safetensors(const std::string& path);

/*!
 * Writes a safetensors file under a temporary name in the same folder and renames it, so
 * that a reader sees the old or the new file, never half of one. Tensors may be on any
 * device.
 *
 * \throws FileError if the file cannot be written, or on a tensor of another type
 */
void write_safetensors(const std::string& path,
                       const std::map<std::string, at::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

} // namespace cfisac::nn
