// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "reference.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cfisac::nn::test {

//! standard normal [shape], a function of the seed
inline at::Tensor normal(at::IntArrayRef shape,
                         uint64_t seed,
                         at::ScalarType type = at::kFloat)
{
    auto generator = at::detail::createCPUGenerator(seed);
    return at::randn(shape, generator, at::TensorOptions(at::kDouble)).to(type);
}

//! the call throws an Error whose message has every one of the parts
template <typename Error>
void expect_error(const std::function<void()>& call,
                  const std::vector<std::string>& parts)
{
    try {
        call();
    } catch (const Error& error) {
        for (const auto& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << "no \"" << part << "\" in: " << error.what();
        }
        return;
    } catch (const std::exception& error) {
        FAIL() << "another error: " << error.what();
    }
    FAIL() << "no error, expected one with \"" << (parts.empty() ? "" : parts[0]) << "\"";
}

/*!
 * Gradient of the scalar loss() against central differences, at up to `entries` places of
 * each tensor. The tensors are float64 leaves with requires_grad.
 */
inline void expect_gradients(
    const std::function<at::Tensor()>& loss,
    const std::vector<std::pair<std::string, at::Tensor>>& leaves,
    int64_t entries = 12)
{
    const double step = 1e-6;
    for (const auto& [name, leaf] : leaves) {
        auto variable = leaf;
        variable.mutable_grad() = at::Tensor();
    }
    loss().backward();
    for (const auto& [name, leaf] : leaves) {
        ASSERT_TRUE(leaf.grad().defined()) << name;
        const at::NoGradGuard no_grad;
        const auto flat = leaf.view({-1});
        const auto gradient = leaf.grad().reshape({-1});
        const double scale = 1e-3 + gradient.abs().max().item<double>();
        const auto stride = std::max<int64_t>(1, flat.numel() / entries);
        for (int64_t i = 0; i < flat.numel(); i += stride) {
            auto entry = flat[i];
            const double value = entry.item<double>();
            entry.fill_(value + step);
            const double above = loss().item<double>();
            entry.fill_(value - step);
            const double below = loss().item<double>();
            entry.fill_(value);
            EXPECT_NEAR(
                gradient[i].item<double>(), (above - below) / (2 * step), 1e-6 * scale)
                << name << " entry " << i;
        }
    }
}

//! all parameters of a module, by name
inline std::vector<std::pair<std::string, at::Tensor>> parameters_of(
    const torch::nn::Module& module)
{
    std::vector<std::pair<std::string, at::Tensor>> leaves;
    for (const auto& item : module.named_parameters()) {
        leaves.emplace_back(item.key(), item.value());
    }
    return leaves;
}

//! largest difference, relative to the largest entry of the expected tensor
inline double relative_difference(const at::Tensor& found, const at::Tensor& expected)
{
    if (found.sizes() != expected.sizes()) {
        return std::numeric_limits<double>::infinity();
    }
    const auto a = found.detach().to(at::kDouble);
    const auto b = expected.detach().to(at::kDouble);
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

//! a folder of its own for one test, removed at its end
class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        auto name =
            (std::filesystem::temp_directory_path() / "cfisac-nn-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary folder " + name);
        }
        d_path = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(d_path, ignored);
    }
    std::string file(const std::string& name) const { return (d_path / name).string(); }
    const std::filesystem::path& path() const { return d_path; }

private:
    std::filesystem::path d_path;
};

inline std::string read_bytes(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const std::string& bytes)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good()) << path;
}

using cfisac::test::reference_folder;

} // namespace cfisac::nn::test
