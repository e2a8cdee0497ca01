// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/recording/player.h>
#include <cfisac/recording/recorder.h>
#include <cfisac/scenario/yaml.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <unistd.h>

namespace cfisac::recording {
namespace {

using Samples = std::vector<std::complex<float>>;

//! A folder that is removed at the end.
class RecordingTest : public testing::Test
{
protected:
    RecordingTest()
        : d_folder(std::filesystem::temp_directory_path() /
                   ("cfisac_recording_" + std::to_string(::getpid())))
    {
        std::filesystem::create_directories(d_folder);
    }
    ~RecordingTest() override { std::filesystem::remove_all(d_folder); }

    std::string path(const std::string& name) const { return (d_folder / name).string(); }

    static Metadata metadata(const std::string& access_point = "rx0")
    {
        Metadata metadata;
        metadata.setup.scenario = load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                                "/examples/scenarios/sdr_2x2.yml");
        find_access_point(metadata.setup, access_point);
        metadata.setup.full_scale_dbm = -20.0;
        metadata.setup.seed = 3;
        return metadata;
    }

    static void write(Recorder& recorder, const Samples& samples)
    {
        const std::complex<float>* channels[] = {samples.data(), samples.data()};
        recorder.write(channels, samples.size());
    }

    static std::string text(const std::string& file)
    {
        std::ifstream stream(file, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(stream), {});
    }

private:
    const std::filesystem::path d_folder;
};

TEST(RadioTime, AddsAndSubtracts)
{
    const RadioTime time{1'700'000'000, 0.75};
    const auto later = time.plus(0.5);
    EXPECT_EQ(later.seconds, 1'700'000'001U);
    EXPECT_DOUBLE_EQ(later.fraction, 0.25);
    EXPECT_DOUBLE_EQ(later.since(time), 0.5);
    EXPECT_DOUBLE_EQ(time.since(later), -0.5);
    const auto earlier = time.plus(-1.0);
    EXPECT_EQ(earlier.seconds, 1'699'999'999U);
    EXPECT_DOUBLE_EQ(earlier.fraction, 0.75);
    const auto none = RadioTime{0, 0.5}.plus(-0.75);
    EXPECT_EQ(none.seconds, 0U);
    EXPECT_EQ(none.fraction, 0.0);
    // What rounds to a whole second is one.
    const auto whole = RadioTime{4, 0.9999999999999999}.plus(1e-16);
    EXPECT_LT(whole.fraction, 1.0);
    EXPECT_NEAR(whole.since({4, 0.0}), 1.0, 1e-15);
}

TEST(RecordingFiles, TakeEitherEnding)
{
    for (const std::string path : {"a/b.c", "a/b.c.sigmf-meta", "a/b.c.sigmf-data"}) {
        const auto files = recording_files(path);
        EXPECT_EQ(files.metadata, "a/b.c.sigmf-meta");
        EXPECT_EQ(files.data, "a/b.c.sigmf-data");
    }
}

TEST_F(RecordingTest, GapsCountInSamples)
{
    Recorder recorder(path("gaps"), metadata());
    const double rate = 5e6;
    EXPECT_EQ(recorder.set_time({100, 0.0}), 0U);
    write(recorder, Samples(5'000'017));
    // Within half a sample of what it should be.
    const double end = 17.0 / rate;
    EXPECT_EQ(recorder.set_time({101, end + 0.4 / rate}), 0U);
    write(recorder, Samples(10));
    EXPECT_EQ(recorder.metadata().captures.size(), 1U);
    EXPECT_EQ(recorder.set_time({101, end + 11.0 / rate}), 1U);
    write(recorder, Samples(10));
    EXPECT_EQ(recorder.set_time({107, end + 21.0 / rate}), 30'000'000U);
    write(recorder, Samples(10));
    // Said twice for one sample, the last counts.
    EXPECT_EQ(recorder.set_time({109, 0.0}), 10'000'000U - 17U - 31U);
    EXPECT_EQ(recorder.set_time({108, 0.0}), 5'000'000U - 17U - 31U);
    write(recorder, Samples(10));
    recorder.finish();

    const auto found = read_metadata(path("gaps"), std::nullopt, true);
    EXPECT_TRUE(found.complete);
    EXPECT_EQ(found.samples, 5'000'057U);
    ASSERT_EQ(found.captures.size(), 4U);
    EXPECT_EQ(found.captures[1].sample_start, 5'000'027U);
    EXPECT_EQ(found.captures[2].time->seconds, 107U);
    EXPECT_EQ(found.captures[3].time->seconds, 108U);
    ASSERT_EQ(found.losses.size(), 3U);
    EXPECT_EQ(found.losses[2].sample_start, 5'000'047U);
    EXPECT_EQ(found.losses[2].samples, 5'000'000U - 48U);
    // The index in the stream without gaps follows from the time alone.
    const auto json = nlohmann::json::parse(text(path("gaps.sigmf-meta")));
    EXPECT_EQ(json["captures"][3]["core:global_index"], 8U * 5'000'000U);
}

TEST_F(RecordingTest, PlaysFromAnySample)
{
    Samples samples(1'000'003);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = {static_cast<float>(i), -static_cast<float>(i)};
    }
    Recorder recorder(path("seek"), metadata());
    write(recorder, samples);
    recorder.finish();
    const auto found = read_metadata(path("seek"));
    Player player(path("seek"), found);
    Samples first(700'000);
    Samples second(700'000);
    std::complex<float>* channels[] = {first.data(), second.data()};
    player.seek(400'001);
    EXPECT_EQ(player.read(channels, first.size()), 600'002U);
    EXPECT_EQ(player.position(), samples.size());
    EXPECT_EQ(player.read(channels, first.size()), 0U);
    first.resize(600'002);
    second.resize(600'002);
    EXPECT_EQ(first, Samples(samples.begin() + 400'001, samples.end()));
    EXPECT_EQ(first, second);
    EXPECT_THROW(player.seek(samples.size() + 1), std::out_of_range);
    std::filesystem::resize_file(path("seek.sigmf-data"), 16);
    player.seek(0);
    EXPECT_THROW(player.read(channels, 10), RecordingError);
}

TEST_F(RecordingTest, MetadataAreThereWhileItRecords)
{
    Recorder recorder(path("running"), metadata());
    EXPECT_EQ(read_metadata(path("running")).samples, 0U);
    recorder.set_time({5, 0.25});
    write(recorder, Samples(100'000));
    const auto found = read_metadata(path("running"));
    EXPECT_FALSE(found.complete);
    ASSERT_EQ(found.captures.size(), 1U);
    EXPECT_EQ(found.captures[0].time->fraction, 0.25);
    recorder.finish();
    EXPECT_EQ(read_metadata(path("running")).samples, 100'000U);
    EXPECT_THROW(write(recorder, Samples(1)), RecordingError);
    EXPECT_FALSE(std::filesystem::exists(path("running.sigmf-meta.new")));
}

TEST_F(RecordingTest, UnfinishedMayEndWithinASample)
{
    Metadata unfinished = metadata();
    unfinished.channels = 2;
    unfinished.sample_rate_hz = 5e6;
    unfinished.captures = {{}};
    std::ofstream(path("killed.sigmf-meta")) << to_json(unfinished);
    std::ofstream(path("killed.sigmf-data")) << std::string(16 * 7 + 5, 'x');
    EXPECT_EQ(read_metadata(path("killed")).samples, 7U);
}

TEST_F(RecordingTest, RefusesTextsThatCannotBe)
{
    auto wrong = metadata();
    wrong.description = "\xff";
    EXPECT_THROW(Recorder(path("x"), wrong), std::invalid_argument);
    wrong.description.assign(RecordingLimits::text_bytes + 1, 'x');
    EXPECT_THROW(Recorder(path("x"), wrong), std::invalid_argument);
    wrong = metadata();
    wrong.setup.access_point = 2;
    EXPECT_THROW(Recorder(path("x"), wrong), std::invalid_argument);
    wrong = metadata();
    wrong.setup.scenario.radio.reset();
    EXPECT_THROW(Recorder(path("x"), wrong), ScenarioError);
    EXPECT_FALSE(std::filesystem::exists(path("x.sigmf-data")));
    Recorder recorder(path("x"), metadata());
    EXPECT_THROW(recorder.set_hardware("\xc3", "", ""), std::invalid_argument);
}

//! Whatever stands in the file: it is read, or refused by name.
TEST_F(RecordingTest, DamagedMetadataAreRefused)
{
    Recorder recorder(path("fuzz"), metadata());
    recorder.set_time({5, 0.25});
    write(recorder, Samples(1000));
    recorder.set_time({6, 0.25});
    write(recorder, Samples(1000));
    recorder.finish();
    const auto good = text(path("fuzz.sigmf-meta"));
    std::mt19937 random(1);
    const auto below = [&](std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
    };
    int refused = 0;
    for (int run = 0; run < 4000; ++run) {
        auto bad = good;
        for (auto changes = 1 + below(3); changes > 0; --changes) {
            const auto at = below(bad.size());
            switch (below(4)) {
            case 0:
                bad[at] = static_cast<char>(below(256));
                break;
            case 1:
                bad.erase(at, 1 + below(20));
                break;
            case 2:
                bad.insert(at, 1, "0123456789-eE.\",:[]{}"[below(21)]);
                break;
            default:
                bad.insert(at, good.substr(below(good.size()), below(30)));
            }
        }
        try {
            const auto found = parse_metadata(bad, "fuzz.sigmf-meta");
            EXPECT_GT(found.channels, 0);
            EXPECT_FALSE(found.captures.empty());
        } catch (const RecordingError& error) {
            EXPECT_NE(std::string(error.what()).find("fuzz.sigmf-meta"),
                      std::string::npos)
                << error.what();
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000);
}

TEST_F(RecordingTest, ErrorsQuoteNothingThatIsNoCharacter)
{
    const auto error_of = [](const std::string& text) -> std::string {
        try {
            parse_metadata(text, "hostile");
        } catch (const RecordingError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(error_of(R"({"global": {"core:version": "\u001b[2J"}})"),
              "hostile: global: core:version: '?[2J' is not SigMF 1.x");
    const auto error = error_of("{\"\xff" + std::string(10'000, 'x'));
    EXPECT_NE(error.find("hostile: is not JSON"), std::string::npos) << error;
    EXPECT_EQ(error.find('\xff'), std::string::npos) << error;
    EXPECT_LT(error_of("\"" + std::string(10'000, 'x') + "\x01\"").size(), 400U);
}

TEST_F(RecordingTest, AnyNumberOfNestedListsIsRefused)
{
    const std::string deep(1'000'000, '[');
    EXPECT_THROW(parse_metadata(deep, "deep"), RecordingError);
    EXPECT_THROW(
        parse_metadata(R"({"global": )" + deep + std::string(deep.size(), ']') + "}",
                       "deep"),
        RecordingError);
}

} // namespace
} // namespace cfisac::recording
