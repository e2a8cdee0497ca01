// SPDX-License-Identifier: GPL-3.0-or-later
#include "operations.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <set>
#include <string>

namespace cfisac::benchmarks {

namespace {

// Operators call each other (conv3d, convolution, one of a library): the outermost counts.
thread_local int depth = 0;
thread_local double operations = 0.0;

struct Counted : at::ObserverContext {
    double products_per_result = 0.0;
};

at::Tensor input(const at::RecordFunction& function, std::size_t position)
{
    const auto inputs = function.inputs();
    return position < inputs.size() && inputs[position].isTensor()
               ? inputs[position].toTensor()
               : at::Tensor();
}

// A context is there for operators that are counted.
std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function)
{
    static const std::set<std::string> products = {"mm", "bmm", "mv", "dot", "vdot"};
    static const std::set<std::string> sums = {"addmm", "baddbmm", "addmv"};
    const std::string name = function.name();
    const auto word =
        name.substr(name.find("::") == std::string::npos ? 0 : name.find("::") + 2);
    auto context = std::make_unique<Counted>();
    if (word.find("conv") != std::string::npos) {
        const auto weight = input(function, 1); // [outputs, inputs of a group, kernel...]
        if (weight.defined() && weight.dim() > 2) {
            context->products_per_result =
                static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0));
        }
    } else if (products.count(word) || sums.count(word)) {
        const auto left = input(function, sums.count(word) ? 1 : 0);
        context->products_per_result =
            left.defined() && left.dim() > 0 ? static_cast<double>(left.size(-1)) : 0.0;
    } else {
        return nullptr;
    }
    ++depth;
    return context;
}

void leave(const at::RecordFunction& function, at::ObserverContext* context)
{
    if (!context || --depth > 0) {
        return;
    }
    const auto& outputs = function.outputs();
    if (!outputs.empty() && outputs[0].isTensor() && outputs[0].toTensor().defined()) {
        const auto result = outputs[0].toTensor();
        operations += (result.is_complex() ? 8.0 : 2.0) *
                      static_cast<double>(result.numel()) *
                      static_cast<Counted*>(context)->products_per_result;
    }
}

struct Observation {
    explicit Observation(at::RecordFunctionCallback callback)
        : handle(at::addThreadLocalCallback(callback))
    {
    }
    ~Observation() { at::removeCallback(handle); }
    Observation(const Observation&) = delete;
    Observation& operator=(const Observation&) = delete;
    at::CallbackHandle handle;
};

} // namespace

double count_operations(const std::function<void()>& work)
{
    depth = 0;
    operations = 0.0;
    const Observation observation(at::RecordFunctionCallback(enter, leave)
                                      .needsInputs(true)
                                      .needsOutputs(true)
                                      .scopes({at::RecordScope::FUNCTION}));
    work();
    return operations;
}

} // namespace cfisac::benchmarks
