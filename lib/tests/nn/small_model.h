// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_scenario.h"

#include <cfisac/nn/model.h>
#include <cfisac/training/sampler.h>

namespace cfisac::nn::test {

//! A network of some thousand weights with 12 codewords, for small_scenario().
inline Architecture small_architecture(ReadOut read_out)
{
    Architecture a;
    a.read_out = read_out;
    a.reference =
        read_out == ReadOut::grid ? signal::Reference::reference : signal::Reference::raw;
    a.codeword_dim = 6;
    a.codewords = 12;
    a.dense = {4, 8, 2, 1, 4, 1, 1, 5, 7};
    a.grid.cells = 8;
    a.grid.doppler_lines = 6;
    a.grid.doppler_spacing_hz = 1500.0;
    a.grid.hidden_channels = 8;
    a.grid.decoder_channels = 10;
    a.grid.velocity_steps = 5;
    return a;
}

//! Three frames of a scenario.
inline training::Batch frames(const Scenario& scenario, std::int64_t first = 0)
{
    return training::draw_batch(signal::Layout(scenario),
                                signal::Random::range(5, first, 3));
}

} // namespace cfisac::nn::test
