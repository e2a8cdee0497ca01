/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frame_memory.h"
#include "frames.h"

#include <ATen/Parallel.h>
#include <cmath>
#include <cstring>
#include <dlfcn.h>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

// OpenBLAS has threads of its own, of which LibTorch knows nothing.
int blas_threads()
{
    const auto get =
        reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
    return get ? get() : 0;
}

void set_blas_threads(int threads)
{
    const auto set =
        reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
    if (set && threads > 0) {
        set(threads);
    }
}

template <typename Value>
at::Tensor checked(const std::string& what,
                   const std::vector<Value>& values,
                   const std::vector<std::int64_t>& shape,
                   at::ScalarType type,
                   at::Device device)
{
    const auto wanted = static_cast<std::size_t>(c10::multiply_integers(shape));
    if (values.size() != wanted) {
        throw std::invalid_argument(what + ": " + std::to_string(values.size()) +
                                    " entries where " + std::to_string(wanted) +
                                    " are needed");
    }
    for (std::size_t i = 0; i < values.size(); i++) {
        if (!std::isfinite(std::abs(values[i]))) {
            throw std::invalid_argument(what + ": entry " + std::to_string(i) +
                                        " is not finite");
        }
    }
    at::Tensor copy = at::empty(shape, at::TensorOptions(type));
    if (!values.empty()) {
        std::memcpy(copy.data_ptr(), values.data(), values.size() * sizeof(Value));
    }
    return copy.to(device);
}

template <typename Value>
std::vector<Value> entries(const at::Tensor& tensor, at::ScalarType type)
{
    const at::Tensor host = tensor.to(at::kCPU, type).contiguous();
    std::vector<Value> values(host.numel());
    if (!values.empty()) {
        std::memcpy(values.data(), host.data_ptr(), values.size() * sizeof(Value));
    }
    return values;
}

std::vector<std::int64_t> of_all(std::size_t points, std::vector<std::int64_t> shape)
{
    shape.insert(shape.begin(), static_cast<std::int64_t>(points));
    return shape;
}

} // namespace

single_thread::single_thread() : d_torch(at::get_num_threads()), d_blas(blas_threads())
{
    at::set_num_threads(1);
    set_blas_threads(1);
}

single_thread::~single_thread()
{
    at::set_num_threads(d_torch);
    set_blas_threads(d_blas);
}

at::Tensor tensor_of(const std::string& what,
                     const std::vector<std::complex<float>>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device)
{
    return checked(what, values, shape, at::kComplexFloat, device);
}

at::Tensor tensor_of(const std::string& what,
                     const std::vector<std::complex<double>>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device)
{
    return checked(what, values, shape, at::kComplexDouble, device);
}

at::Tensor tensor_of(const std::string& what,
                     const std::vector<double>& values,
                     const std::vector<std::int64_t>& shape,
                     at::Device device)
{
    return checked(what, values, shape, at::kDouble, device);
}

std::vector<std::complex<float>> samples_of(const at::Tensor& tensor)
{
    return entries<std::complex<float>>(tensor, at::kComplexFloat);
}

std::vector<double> numbers_of(const at::Tensor& tensor)
{
    return entries<double>(tensor, at::kDouble);
}

std::vector<std::int64_t> transmit_frames_shape(const cfisac::Scenario& scenario)
{
    return of_all(scenario.transmit.size(), transmit_shape(scenario));
}

std::vector<std::int64_t> echo_frames_shape(const cfisac::Scenario& scenario)
{
    return of_all(scenario.receive.size(), receive_shape(scenario));
}

} // namespace isac
} // namespace gr
