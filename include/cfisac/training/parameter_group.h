// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_PARAMETER_GROUP_H
#define INCLUDED_CFISAC_TRAINING_PARAMETER_GROUP_H

#include <ATen/core/Tensor.h>
#include <memory>
#include <torch/optim/adam.h>
#include <vector>

namespace cfisac::training {

//! Weights that are stepped together: with one Adam, and their gradients shortened as one
//! vector.
class ParameterGroup
{
public:
    //! \param longest gradients with a larger norm are shortened to it
    ParameterGroup(std::vector<at::Tensor> parameters, double longest);

    //! Set them to zero.
    void clear_gradients();
    //! All gradients in one row; zero where there is none.
    at::Tensor gradients() const;
    //! The other way round.
    void set_gradients(const at::Tensor& row);
    //! Shorten, then one step of Adam.
    void update(double learning_rate);

    //! State of the optimizer, bytes.
    at::Tensor optimizer_state() const;
    //! \throws std::exception where the bytes are no such state
    void set_optimizer_state(const at::Tensor& bytes, at::Device device);

private:
    std::vector<at::Tensor> d_parameters;
    double d_longest;
    std::unique_ptr<torch::optim::Adam> d_optimizer;
};

} // namespace cfisac::training

#endif
