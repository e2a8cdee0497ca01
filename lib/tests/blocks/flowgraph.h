/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_FLOWGRAPH_H
#define INCLUDED_ISAC_TEST_FLOWGRAPH_H

#include <ATen/ATen.h>
#include <cfisac/nn/architecture.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/transmitter.h>
#include <chrono>
#include <gnuradio/blocks/vector_sink.h>
#include <gnuradio/blocks/vector_source.h>
#include <gnuradio/isac/model_info.h>
#include <gnuradio/isac/names.h>
#include <gnuradio/top_block.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace gr {
namespace isac {
namespace test {

using samples = std::vector<gr_complex>;

inline cfisac::Scenario small_scenario()
{
    return cfisac::load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                 "/lib/tests/blocks/small.yml");
}

//! Sizes of the printed network that are quick to run; its decoder reads the transmit
//! frames.
inline const char* small_dense()
{
    return R"({"codeword_dim": 16, "codewords": 8,
               "dense": {"stem_channels": 8, "hidden_channels": 16,
                         "residual_layers": 1, "residual_channels": 8,
                         "latent_residual_layers": 1, "flat_features": 8,
                         "fully_connected": 16}})";
}

//! Sizes of the grid network that are quick to run; its decoder reads packets only.
inline const char* small_grid()
{
    return R"({"read_out": "grid", "reference": "pilot", "codeword_dim": 16, "codewords": 8,
               "grid": {"cells": 8, "doppler_lines": 8, "doppler_spacing_hz": 1000.0,
                        "hidden_channels": 8, "encoder_layers": 1, "cell_features": 4,
                        "decoder_channels": 8, "decoder_layers": 1, "velocity_steps": 5}})";
}

//! As small_grid(), of which the five largest vectors travel with two codewords each.
inline const char* small_sparse_grid()
{
    return R"({"read_out": "grid", "reference": "pilot", "codeword_dim": 16, "codewords": 8,
               "grid": {"cells": 8, "doppler_lines": 8, "doppler_spacing_hz": 1000.0,
                        "hidden_channels": 8, "encoder_layers": 1, "cell_features": 4,
                        "codewords_per_vector": 2, "vectors_sent": 5,
                        "decoder_channels": 8, "decoder_layers": 1, "velocity_steps": 5}})";
}

//! Path of a fresh model of the running test.
inline std::string small_model(const char* architecture,
                               const std::string& reference,
                               std::uint64_t seed = 1,
                               const cfisac::Scenario& scenario = small_scenario())
{
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string path = testing::TempDir() + "/" + test->test_suite_name() + "." +
                             test->name() + "." + reference + std::to_string(seed) +
                             ".safetensors";
    write_fresh_model(path, scenario, architecture, reference, seed);
    return path;
}

//! The samples of a tensor.
inline samples to_samples(const at::Tensor& tensor)
{
    const at::Tensor t = tensor.to(at::kComplexFloat).contiguous();
    const auto* data = static_cast<const gr_complex*>(t.data_ptr());
    return samples(data, data + t.numel());
}

//! Samples as a tensor of this shape.
inline at::Tensor to_tensor(const samples& values, at::IntArrayRef shape)
{
    return at::from_blob(const_cast<gr_complex*>(values.data()),
                         shape,
                         at::TensorOptions(at::kComplexFloat))
        .clone();
}

//! Largest absolute difference over largest absolute value of `b`.
inline double relative_error(const at::Tensor& a, const at::Tensor& b)
{
    return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
}

//! What the precoder sends in the frames 0 … count-1: X [count, N, N_t, S, T].
inline at::Tensor sent_frames(const cfisac::Scenario& scenario,
                              std::uint64_t seed,
                              std::int64_t count)
{
    const cfisac::signal::Layout layout(scenario);
    std::vector<at::Tensor> frames;
    for (std::int64_t frame = 0; frame < count; frame++) {
        frames.push_back(cfisac::signal::transmit(layout,
                                                  scenario.transmit_power_dbm,
                                                  cfisac::signal::Random(seed, {frame}))
                             .signal);
    }
    return at::cat(frames);
}

//! A source for every transmit access point, with the frames of X [B, N, N_t, S, T].
inline std::vector<blocks::vector_source_c::sptr> frame_sources(
    const at::Tensor& frames, const std::vector<tag_t>& tags = {})
{
    std::vector<blocks::vector_source_c::sptr> sources;
    const auto size = static_cast<unsigned>(frames[0][0].numel());
    for (std::int64_t n = 0; n < frames.size(1); n++) {
        sources.push_back(blocks::vector_source_c::make(
            to_samples(frames.select(1, n)), false, size, tags));
    }
    return sources;
}

inline tag_t make_tag(std::uint64_t offset,
                      const pmt::pmt_t& key,
                      const pmt::pmt_t& value)
{
    tag_t tag;
    tag.offset = offset;
    tag.key = key;
    tag.value = value;
    return tag;
}

//! Values of the tags with a key, in their order.
inline std::vector<pmt::pmt_t> tag_values(const std::vector<tag_t>& tags,
                                          const pmt::pmt_t& key)
{
    std::vector<pmt::pmt_t> values;
    for (const auto& tag : tags) {
        if (pmt::eq(tag.key, key)) {
            values.push_back(tag.value);
        }
    }
    return values;
}

//! {"key": value}
inline pmt::pmt_t command(const char* key, const pmt::pmt_t& value)
{
    return pmt::dict_add(pmt::make_dict(), pmt::intern(key), value);
}

//! Wait until a condition holds, a minute at most. \return whether it does
template <typename Condition>
bool wait_for(Condition condition)
{
    for (int i = 0; i < 6000 && !condition(); i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return condition();
}

} // namespace test
} // namespace isac
} // namespace gr

#endif
