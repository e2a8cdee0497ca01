// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/support.h"
#include "small_scenario.h"

#include <cfisac/nn/architecture.h>
#include <cfisac/training/options.h>

namespace cfisac::training::test {

//! Grid networks for small_scenario(): a step takes a few milliseconds.
inline nn::Architecture small_architecture()
{
    auto a = nn::Architecture::preset("lite");
    a.codeword_dim = 8;
    a.codewords = 16;
    a.grid.cells = 12;
    a.grid.vectors_sent = 0; // a choice may fall differently where roundings differ
    a.grid.doppler_lines = 10;
    a.grid.doppler_spacing_hz = 1100.0;
    a.grid.hidden_channels = 12;
    a.grid.decoder_channels = 16;
    a.grid.velocity_steps = 5;
    return a;
}

//! The printed networks with few channels.
inline nn::Architecture small_dense_architecture()
{
    auto a = nn::Architecture::preset("paper");
    a.codeword_dim = 8;
    a.codewords = 16;
    a.dense = {4, 8, 2, 1, 4, 1, 1, 8, 8};
    return a;
}

inline TrainerOptions short_training()
{
    TrainerOptions options;
    options.steps = 12;
    options.batch = 4;
    options.warm_up = 4;
    return options;
}

} // namespace cfisac::training::test
