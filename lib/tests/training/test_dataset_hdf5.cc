// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/training/dataset.h>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <hdf5.h>
#include <unistd.h>

namespace {

using namespace cfisac;
using training::DatasetWriter;
namespace fs = std::filesystem;

//! lite.yml with fewer resource elements, all impairments on and three targets.
Scenario small_scenario()
{
    auto scenario = load_scenario(CFISAC_SOURCE_DIR "/examples/scenarios/lite.yml");
    scenario.waveform.subcarrier_step = 32;
    scenario.waveform.symbol_step = 64;
    scenario.targets.count = 3;
    scenario.clutter.scatterers = 2;
    scenario.clocks.timing_offset_std_s = 1e-9;
    scenario.clocks.frequency_offset_std_hz = 10.0;
    return scenario;
}

//! A folder of its own for every test.
class Dataset : public testing::Test
{
protected:
    void SetUp() override
    {
        const auto* info = testing::UnitTest::GetInstance()->current_test_info();
        d_folder = fs::temp_directory_path() /
                   ("cfisac_" + std::string(info->name()) + std::to_string(::getpid()));
        fs::create_directories(d_folder);
    }
    void TearDown() override { fs::remove_all(d_folder); }

    std::string path() const { return (d_folder / "set.h5").string(); }
    std::size_t files() const
    {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(d_folder), {}));
    }

    fs::path d_folder;
};

std::vector<hsize_t> shape_of(hid_t file, const char* name)
{
    const auto set = H5Dopen2(file, name, H5P_DEFAULT);
    const auto space = H5Dget_space(set);
    std::vector<hsize_t> shape(
        static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    H5Sclose(space);
    H5Dclose(set);
    return shape;
}

//! A whole set as a tensor; `complex` sets are read as pairs of floats.
at::Tensor read(hid_t file, const char* name, bool complex)
{
    std::vector<std::int64_t> sizes;
    for (const auto size : shape_of(file, name)) {
        sizes.push_back(static_cast<std::int64_t>(size));
    }
    auto tensor = at::empty(sizes, complex ? at::kComplexFloat : at::kDouble);
    const auto type = complex ? H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>))
                              : H5Tcopy(H5T_NATIVE_DOUBLE);
    if (complex) {
        H5Tinsert(type, "r", 0, H5T_NATIVE_FLOAT);
        H5Tinsert(type, "i", sizeof(float), H5T_NATIVE_FLOAT);
    }
    const auto set = H5Dopen2(file, name, H5P_DEFAULT);
    EXPECT_GE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data_ptr()), 0)
        << name;
    H5Dclose(set);
    H5Tclose(type);
    return tensor;
}

std::string read_text(hid_t file, const char* name)
{
    const auto attribute = H5Aopen(file, name, H5P_DEFAULT);
    const auto type = H5Aget_type(attribute);
    char* value = nullptr;
    EXPECT_GE(H5Aread(attribute, type, &value), 0) << name;
    const std::string text = value ? value : "";
    H5free_memory(value);
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

TEST_F(Dataset, ReadsBackAsDrawn)
{
    const auto scenario = small_scenario();
    constexpr std::uint64_t seed = 18446744073709551557u;
    constexpr std::int64_t frames = 5;
    std::int64_t written = 0;
    training::write_dataset(
        path(), scenario, seed, frames, at::kCPU, [&](std::int64_t count) {
            written = count;
        });
    EXPECT_EQ(written, frames);
    EXPECT_EQ(files(), 1u);

    const auto file = H5Fopen(path().c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    using Shape = std::vector<hsize_t>;
    EXPECT_EQ(shape_of(file, "transmit"), (Shape{5, 16, 8, 4}));
    EXPECT_EQ(shape_of(file, "symbols"), (Shape{5, 4, 8, 4}));
    EXPECT_EQ(shape_of(file, "echo"), (Shape{5, 2, 8, 8, 4}));
    EXPECT_EQ(shape_of(file, "reflection"), (Shape{5, 2, 2, 3}));
    EXPECT_EQ(shape_of(file, "root_crlb"), (Shape{5, 12}));

    const signal::Layout layout(scenario);
    const auto drawn =
        training::draw_samples(layout, signal::Random::range(seed, 0, frames));
    EXPECT_TRUE(read(file, "transmit", true).equal(drawn.transmit.flatten(1, 2)));
    EXPECT_TRUE(read(file, "symbols", true).equal(drawn.symbols));
    EXPECT_TRUE(read(file, "echo", true).equal(drawn.echo));
    EXPECT_TRUE(read(file, "echo_noiseless", true).equal(drawn.echo_noiseless));
    EXPECT_TRUE(read(file, "location", false).equal(drawn.targets.position));
    EXPECT_TRUE(read(file, "velocity", false).equal(drawn.targets.velocity));
    EXPECT_TRUE(read(file, "reflection", true)
                    .equal(drawn.targets.reflection.to(at::kComplexFloat)));
    EXPECT_TRUE(read(file, "root_crlb", false).equal(drawn.root_crlb));

    EXPECT_EQ(read_text(file, "scenario"), to_yaml(scenario));
    std::uint64_t stored = 0;
    const auto attribute = H5Aopen(file, "seed", H5P_DEFAULT);
    H5Aread(attribute, H5T_NATIVE_UINT64, &stored);
    H5Aclose(attribute);
    EXPECT_EQ(stored, seed);
    H5Fclose(file);
}

TEST_F(Dataset, HoldsFramesThatCanBeDrawnAlone)
{
    const signal::Layout layout(small_scenario());
    const auto all = training::draw_samples(layout, signal::Random::range(3, 0, 4));
    const auto third = training::draw_samples(layout, signal::Random(3, {2}));
    EXPECT_TRUE(all.echo.slice(0, 2, 3).allclose(third.echo, 1e-4, 1e-12));
    EXPECT_TRUE(all.targets.position.slice(0, 2, 3).equal(third.targets.position));
    EXPECT_TRUE(all.symbols.slice(0, 2, 3).equal(third.symbols));
}

TEST_F(Dataset, HasNoImpairmentsInTheNoiselessEcho)
{
    const auto scenario = small_scenario();
    const signal::Layout layout(scenario);
    const auto drawn = training::draw_samples(layout, signal::Random::range(1, 0, 2));
    EXPECT_TRUE(
        drawn.echo_noiseless.equal(signal::echo(layout, drawn.transmit, drawn.targets)));
    EXPECT_FALSE(drawn.echo.allclose(drawn.echo_noiseless));
    EXPECT_TRUE((drawn.root_crlb > 0).all().item<bool>());

    auto clean = scenario;
    clean.clutter.scatterers = 0;
    clean.clocks = {};
    clean.sensing_noise_dbm = -400;
    const auto silent =
        training::draw_samples(signal::Layout(clean), signal::Random::range(1, 0, 2));
    EXPECT_TRUE(silent.echo.allclose(silent.echo_noiseless, 1e-5, 0.0));
}

TEST_F(Dataset, LeavesNothingWhenGivenUp)
{
    EXPECT_THROW(
        training::write_dataset(path(),
                                small_scenario(),
                                1,
                                100000,
                                at::kCPU,
                                [](std::int64_t) { throw std::runtime_error("stop"); }),
        std::runtime_error);
    EXPECT_EQ(files(), 0u);
}

TEST_F(Dataset, KeepsTheOldFileUntilFinished)
{
    std::ofstream(path()) << "old";
    const auto scenario = small_scenario();
    const signal::Layout layout(scenario);
    {
        DatasetWriter writer(path(), scenario, 1, 2);
        writer.append(training::draw_samples(layout, signal::Random::range(1, 0, 1)));
        EXPECT_THROW(writer.finish(), std::invalid_argument);
    }
    EXPECT_EQ(files(), 1u);
    std::string text;
    std::ifstream(path()) >> text;
    EXPECT_EQ(text, "old");

    training::write_dataset(path(), scenario, 1, 1);
    EXPECT_GT(fs::file_size(path()), 1000u);
}

TEST_F(Dataset, RefusesWrongFrames)
{
    const auto scenario = small_scenario();
    const signal::Layout layout(scenario);
    auto samples = training::draw_samples(layout, signal::Random::range(1, 0, 2));
    EXPECT_THROW(DatasetWriter(path(), scenario, 1, 0), std::invalid_argument);
    DatasetWriter writer(path(), scenario, 1, 1);
    EXPECT_THROW(writer.append(samples), std::invalid_argument); // too many

    auto one = training::draw_samples(layout, signal::Random::range(1, 0, 1));
    one.echo = one.echo.slice(4, 1);
    try {
        writer.append(one);
        FAIL() << "no exception";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("echo"), std::string::npos)
            << error.what();
    }
}

TEST_F(Dataset, NamesAFileThatCannotBeMade)
{
    const auto wrong = (d_folder / "missing" / "set.h5").string();
    try {
        training::write_dataset(wrong, small_scenario(), 1, 1);
        FAIL() << "no exception";
    } catch (const training::DatasetError& error) {
        EXPECT_NE(std::string(error.what()).find(wrong), std::string::npos)
            << error.what();
        EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos)
            << error.what();
    }
}

} // namespace
