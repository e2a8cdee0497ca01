// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a model file says of its networks and labels, in JSON. What is accepted is in range
// and is written as a text that gives the same; what is refused, is refused with a text that
// can be shown.

#include "fuzz.h"

#include <cfisac/nn/architecture.h>
#include <cfisac/nn/labels.h>

#include <cmath>
#include <optional>
#include <stdexcept>

namespace {

using namespace cfisac::nn;
using cfisac::fuzz::require;

//! What `read` makes of the text; nothing where it is refused.
template <typename T>
std::optional<T> accepted(T (*read)(const std::string&), const std::string& text)
{
    try {
        return read(text);
    } catch (const std::invalid_argument& error) {
        require(cfisac::fuzz::is_plain_text(error.what()), "an error text can be shown");
        return std::nullopt;
    }
}

void require_in_range(const Architecture& a)
{
    using Limits = ArchitectureLimits;
    for (const auto size : {a.codeword_dim,
                            a.codewords,
                            a.dense.hidden_channels,
                            a.grid.cells,
                            a.grid.velocity_steps,
                            a.cnn.kernel,
                            a.cnn.fully_connected}) {
        require(size >= 1 && size <= Limits::size, "sizes are in range");
    }
    for (const auto layers : {a.dense.residual_layers,
                              a.dense.downsampling_layers,
                              a.grid.encoder_layers,
                              a.grid.decoder_layers}) {
        require(layers >= 1 && layers <= Limits::layers, "numbers of layers are");
    }
    require(a.grid.vectors_sent >= 0 && a.grid.vectors_sent <= Limits::size,
            "the number of vectors is");
    require(std::isfinite(a.grid.doppler_spacing_hz) && a.grid.doppler_spacing_hz > 0.0,
            "the Doppler spacing is");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    if (const auto architecture = accepted(Architecture::from_json, text)) {
        require_in_range(*architecture);
        const auto written = architecture->to_json();
        require(Architecture::from_json(written).to_json() == written,
                "JSON gives the same architecture");
    }
    if (const auto labels = accepted(LabelRange::from_json, text)) {
        require(LabelRange::from_json(labels->to_json()) == *labels,
                "JSON gives the same labels");
    }
    return 0;
}
