/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_MEMORY_H
#define INCLUDED_ISAC_FRAME_MEMORY_H

#include <ATen/ATen.h>
#include <cfisac/scenario/scenario.h>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! While it exists, LibTorch and the BLAS compute in the calling thread, as they do in blocks:
 * the last digits of a sum depend on how many threads there are. The settings come back.
 */
class single_thread
{
public:
    single_thread();
    ~single_thread();
    single_thread(const single_thread&) = delete;
    single_thread& operator=(const single_thread&) = delete;

private:
    int d_torch;
    int d_blas; //!< zero where there is none that can be asked
};

/*! A vector as a tensor on a device.
 * \param what it is called
 * \throws std::invalid_argument on another number of entries, or one that is not finite
 */
at::Tensor tensor_of(const std::string& what,
                     const std::vector<std::complex<float>>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device);
at::Tensor tensor_of(const std::string& what,
                     const std::vector<std::complex<double>>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device);
at::Tensor tensor_of(const std::string& what,
                     const std::vector<double>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device);

//! Entries of a complex tensor, row-major; complex64.
std::vector<std::complex<float>> samples_of(const at::Tensor& tensor);
//! Entries of a real tensor, row-major, as float64.
std::vector<double> numbers_of(const at::Tensor& tensor);

//! Shapes [N, N_t, S, T] of transmit frames and [M, M_r, S, T] of echo frames.
std::vector<std::int64_t> transmit_frames_shape(const cfisac::Scenario& scenario);
std::vector<std::int64_t> echo_frames_shape(const cfisac::Scenario& scenario);

} // namespace isac
} // namespace gr

#endif
