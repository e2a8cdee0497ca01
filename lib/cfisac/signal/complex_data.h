// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_COMPLEX_DATA_H
#define CFISAC_SIGNAL_COMPLEX_DATA_H

#include <ATen/ATen.h>
#include <complex>

namespace cfisac::signal {

//! Values of a contiguous complex tensor on the processor, for loops in plain C++.
template <typename Real>
std::complex<Real>* complex_data(const at::Tensor& tensor)
{
    return reinterpret_cast<std::complex<Real>*>(tensor.data_ptr<c10::complex<Real>>());
}

} // namespace cfisac::signal

#endif
