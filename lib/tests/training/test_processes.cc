// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/small_training.h"

#include <atomic>
#include <cfisac/nn/model.h>
#include <cfisac/training/checkpoint.h>
#include <cfisac/training/prefetcher.h>
#include <cfisac/training/training_log.h>
#include <cfisac/training/world.h>
#include <nlohmann/json.hpp>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using namespace cfisac::training::test;
using cfisac::test::small_scenario;

namespace {

TEST(World, RanksOfRoles)
{
    const World world(true, 2, 3);
    EXPECT_EQ(world.size(), 8);
    EXPECT_EQ(world.central_units(), Group({0, 4}));
    EXPECT_EQ(world.access_points(1), Group({2, 6}));
    EXPECT_EQ(world.all_access_points(), Group({1, 2, 3, 5, 6, 7}));
    EXPECT_TRUE(world.is_central_unit(4));
    EXPECT_TRUE(world.is_access_point(7, 2));
    EXPECT_FALSE(world.is_access_point(4, 0));
    EXPECT_EQ(world.describe(2), "access point 1 of worker 0 (rank 2)");
    EXPECT_EQ(world.describe(4), "central unit of worker 1 (rank 4)");
    EXPECT_EQ(world.label(2), "ap1");
    EXPECT_EQ(world.label(7), "ap2.w1");

    const World whole(false, 2, 3);
    EXPECT_EQ(whole.size(), 2);
    EXPECT_TRUE(whole.is_central_unit(1));
    EXPECT_TRUE(whole.is_access_point(1, 2));
    EXPECT_EQ(whole.all_access_points(), Group({0, 1}));
    EXPECT_EQ(whole.describe(1), "worker 1 (rank 1)");
    expect_error<std::invalid_argument>([] { World(true, 0, 2); }, {"0"});
}

StepData numbered(std::int64_t step)
{
    StepData data;
    data.truth.location = at::full({1}, static_cast<double>(step));
    return data;
}

TEST(Prefetcher, GivesStepsInOrderAndStaysAhead)
{
    std::atomic<int> made{0};
    Prefetcher prefetcher(
        [&](std::int64_t step) {
            made++;
            return numbered(step);
        },
        3,
        9,
        at::kCPU,
        2);
    for (int step = 3; step < 9; step++) {
        EXPECT_EQ(prefetcher.next().truth.location.item<double>(), step);
        EXPECT_LE(made, step - 3 + 1 + 2 + 1); // taken, ready, and one in the making
    }
    EXPECT_THROW(prefetcher.next(), std::out_of_range);
    EXPECT_EQ(made, 6);
}

TEST(Prefetcher, HandsErrorsOverAndStopsInTheMiddle)
{
    Prefetcher failing(
        [](std::int64_t step) {
            if (step == 1) {
                throw std::runtime_error("frame 1 is bad");
            }
            return numbered(step);
        },
        0,
        100,
        at::kCPU);
    EXPECT_EQ(failing.next().truth.location.item<double>(), 0);
    for (int again = 0; again < 2; again++) {
        expect_error<std::runtime_error>([&] { failing.next(); }, {"frame 1 is bad"});
    }
    const Prefetcher never_asked(numbered, 0, 1000000, at::kCPU);
}

TEST(CheckpointFiles, KeepsTheNewestTwo)
{
    const TemporaryFolder folder;
    const auto out = folder.file("m");
    const CheckpointFiles files(out, World(true, 1, 2), 2, true);
    for (const int step : {100, 20, 300}) {
        std::ofstream(files.path(step)) << "x";
    }
    std::ofstream(out + ".checkpoint.ap1.20.new.partial-1-0") << "x";
    std::ofstream(out + ".checkpoint.ap10.20") << "another role";
    EXPECT_EQ(files.path(20), out + ".checkpoint.ap1.20");
    files.prune();
    EXPECT_EQ(files.files(),
              std::vector<std::string>({files.path(100), files.path(300)}));
    files.remove();
    EXPECT_TRUE(files.files().empty());
    EXPECT_FALSE(std::filesystem::exists(out + ".checkpoint.ap1.20.new.partial-1-0"));
    EXPECT_TRUE(std::filesystem::exists(out + ".checkpoint.ap10.20"));
    EXPECT_EQ(CheckpointFiles(out, World(), 0, false).path(7), out + ".checkpoint");
}

TEST(TrainingLog, ResumedIsAsIfNeverStopped)
{
    const TemporaryFolder folder;
    const auto file = folder.file("m.log");
    const nn::Model model(small_scenario(), small_architecture(), 1);
    const auto line_of = [](std::int64_t step) {
        Report report;
        report.progress.step = step;
        return report;
    };
    {
        TrainingLog log(file, model, short_training(), -1);
        for (const int step : {1, 10, 20}) {
            log.add(line_of(step));
        }
    }
    std::ofstream(file, std::ios::app) << "{\"step\": 3"; // cut off
    {
        TrainingLog log(file, model, short_training(), 10);
        log.add(line_of(20));
    }
    std::ifstream text(file);
    std::vector<std::int64_t> steps;
    std::string line;
    std::getline(text, line);
    const auto header = nlohmann::json::parse(line);
    EXPECT_EQ(header.at("log"), "cfisac-training");
    EXPECT_EQ(header.at("options").at("batch"), 4);
    EXPECT_EQ(header.at("fronthaul_bits_per_update"), model.fronthaul_bits());
    while (std::getline(text, line)) {
        const auto json = nlohmann::json::parse(line);
        steps.push_back(json.at("step"));
        EXPECT_TRUE(json.at("perplexity").is_null());
        EXPECT_TRUE(json.contains("location_within_1m"));
    }
    EXPECT_EQ(steps, std::vector<std::int64_t>({1, 10, 20}));
}

} // namespace
