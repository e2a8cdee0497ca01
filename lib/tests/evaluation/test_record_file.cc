// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/record_file.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace {

using cfisac::evaluation::Record;
using cfisac::evaluation::RecordChunk;
using cfisac::evaluation::RecordFile;
using cfisac::evaluation::RecordFileError;

const char* const settings = R"({"seed": 1, "scenario": {"name": "lite"}})";

class RecordFileTest : public testing::Test
{
protected:
    RecordFileTest()
        : d_path(std::filesystem::temp_directory_path() /
                 ("cfisac-records-" + std::to_string(::getpid()) + ".jsonl"))
    {
        std::filesystem::remove(d_path);
    }
    ~RecordFileTest() override { std::filesystem::remove(d_path); }

    std::string path() const { return d_path.string(); }
    std::string content() const
    {
        std::ostringstream text;
        text << std::ifstream(d_path).rdbuf();
        return text.str();
    }
    void append(const std::string& text) const
    {
        std::ofstream(d_path, std::ios::app) << text;
    }

private:
    std::filesystem::path d_path;
};

//! Values that decimal numbers do not hit, one that is infinite, and a frame without.
RecordChunk chunk(std::int64_t first)
{
    const float infinite = std::numeric_limits<float>::infinity();
    return {"point",
            "ml",
            first,
            {Record({0.1f, 1.0f / 3.0f, -1e-30f, 3.4e38f}),
             std::nullopt,
             Record({infinite, std::nextafter(1.0f, 2.0f), 16777217.0f, 0.0f})}};
}

TEST_F(RecordFileTest, KeepsEveryBit)
{
    {
        RecordFile file(path(), settings);
        file.add(chunk(0));
        file.add(chunk(10));
        file.flush();
    }
    const RecordFile file(path(), settings);
    for (const std::int64_t first : {0, 10}) {
        const auto* found = file.find("point", "ml", first, 3);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(*found, chunk(first).records);
    }
    EXPECT_EQ(file.find("point", "ml", 0, 2), nullptr);
    EXPECT_EQ(file.find("point", "cs", 0, 3), nullptr);
    EXPECT_EQ(file.find("other", "ml", 0, 3), nullptr);
    EXPECT_EQ(file.find("point", "ml", 20, 3), nullptr);
}

TEST_F(RecordFileTest, DropsALineThatWasCutOff)
{
    {
        RecordFile file(path(), settings);
        file.add(chunk(0));
        file.flush();
    }
    const auto whole = content();
    append(chunk(10).to_line().substr(0, 40));
    {
        RecordFile file(path(), settings);
        EXPECT_EQ(file.find("point", "ml", 10, 3), nullptr);
        EXPECT_EQ(content(), whole);
        file.add(chunk(10));
        file.flush();
    }
    const RecordFile file(path(), settings);
    EXPECT_NE(file.find("point", "ml", 0, 3), nullptr);
    EXPECT_NE(file.find("point", "ml", 10, 3), nullptr);
}

TEST_F(RecordFileTest, RefusesOtherSettingsAndNamesThem)
{
    {
        const RecordFile file(path(), settings);
    }
    try {
        const RecordFile file(path(), R"({"seed": 2, "scenario": {"name": "lite"}})");
        ADD_FAILURE();
    } catch (const RecordFileError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("seed is 2 instead of 1"), std::string::npos) << text;
        EXPECT_NE(text.find(path()), std::string::npos) << text;
    }
}

TEST_F(RecordFileTest, AnyNumberOfNestedListsIsRefused)
{
    const std::string deep(1'000'000, '[');
    const std::string end(deep.size(), ']');
    EXPECT_THROW(RecordChunk::from_line(R"({"records": )" + deep + end + "}"),
                 std::runtime_error);
    append(R"({"results": "cfisac-evaluation", "settings": )" + deep + end + "}\n");
    EXPECT_THROW(RecordFile(path(), settings), RecordFileError);
}

TEST_F(RecordFileTest, RefusesWhatIsNoFileOfResults)
{
    append("{\"log\":\"cfisac-training\"}\n");
    EXPECT_THROW(RecordFile(path(), settings), RecordFileError);
    std::filesystem::remove(path());
    {
        const RecordFile file(path(), settings);
    }
    append("{\"point\":1}\n");
    try {
        const RecordFile file(path(), settings);
        ADD_FAILURE();
    } catch (const RecordFileError& error) {
        EXPECT_NE(std::string(error.what()).find(path() + ":2"), std::string::npos);
    }
}

} // namespace
