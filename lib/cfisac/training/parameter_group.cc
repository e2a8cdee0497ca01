// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/parameter_group.h>

#include <ATen/ATen.h>
#include <cstring>
#include <sstream>
#include <torch/nn/utils/clip_grad.h>
#include <torch/serialize.h>

namespace cfisac::training {

ParameterGroup::ParameterGroup(std::vector<at::Tensor> parameters, double longest)
    : d_parameters(std::move(parameters)),
      d_longest(longest),
      d_optimizer(std::make_unique<torch::optim::Adam>(
          d_parameters, torch::optim::AdamOptions().betas({0.9, 0.99})))
{
}

void ParameterGroup::clear_gradients() { d_optimizer->zero_grad(); }

at::Tensor ParameterGroup::gradients() const
{
    std::vector<at::Tensor> rows;
    for (const auto& parameter : d_parameters) {
        const auto& gradient = parameter.grad();
        rows.push_back(gradient.defined() ? gradient.reshape({-1})
                                          : at::zeros_like(parameter).reshape({-1}));
    }
    return at::cat(rows);
}

void ParameterGroup::set_gradients(const at::Tensor& row)
{
    std::int64_t place = 0;
    for (auto& parameter : d_parameters) {
        const auto size = parameter.numel();
        parameter.mutable_grad() =
            row.slice(0, place, place + size).view_as(parameter).clone();
        place += size;
    }
}

void ParameterGroup::update(double learning_rate)
{
    torch::nn::utils::clip_grad_norm_(d_parameters, d_longest);
    for (auto& group : d_optimizer->param_groups()) {
        group.options().set_lr(learning_rate);
    }
    d_optimizer->step();
}

at::Tensor ParameterGroup::optimizer_state() const
{
    std::ostringstream stream;
    torch::save(*d_optimizer, stream);
    const std::string bytes = stream.str();
    auto state = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
    std::memcpy(state.data_ptr(), bytes.data(), bytes.size());
    return state;
}

void ParameterGroup::set_optimizer_state(const at::Tensor& bytes, at::Device device)
{
    const auto state = bytes.contiguous();
    std::istringstream stream(
        std::string(static_cast<const char*>(state.data_ptr()), state.numel()));
    torch::load(*d_optimizer, stream, device);
}

} // namespace cfisac::training
