// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/evaluation/record_file.h>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace {

using cfisac::evaluation::RecordFile;
using cfisac::evaluation::RecordFileError;
using cfisac::evaluation::write_durably;

constexpr std::size_t limit = 4096;

//! While it lives, files of this process end at `limit`, as on a disk that is full.
class LittleRoom
{
public:
    LittleRoom() : d_old_action(std::signal(SIGXFSZ, SIG_IGN))
    {
        ::getrlimit(RLIMIT_FSIZE, &d_old);
        auto bounded = d_old;
        bounded.rlim_cur = limit;
        ::setrlimit(RLIMIT_FSIZE, &bounded);
    }
    ~LittleRoom()
    {
        ::setrlimit(RLIMIT_FSIZE, &d_old);
        std::signal(SIGXFSZ, d_old_action);
    }

private:
    void (*d_old_action)(int);
    rlimit d_old{};
};

class DurableFile : public testing::Test
{
protected:
    DurableFile()
        : folder(std::filesystem::temp_directory_path() /
                 ("durable-" + std::to_string(::getpid()))),
          path((folder / "file").string())
    {
        std::filesystem::create_directory(folder);
    }
    ~DurableFile() override { std::filesystem::remove_all(folder); }

    std::string content() const
    {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::size_t files() const
    {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder), {}));
    }

    const std::filesystem::path folder;
    const std::string path;
};

TEST_F(DurableFile, HoldsTheText)
{
    const std::string text("a\r\n\0b", 5);
    write_durably(path, "another");
    write_durably(path, text);
    EXPECT_EQ(content(), text);
    EXPECT_EQ(files(), 1u);
}

TEST_F(DurableFile, OldOneStaysWhereThereIsNoRoom)
{
    write_durably(path, "old");
    try {
        const LittleRoom room;
        write_durably(path, std::string(2 * limit, 'x'));
        ADD_FAILURE();
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), path + ": cannot be written: " + std::strerror(EFBIG));
    }
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(DurableFile, OldOneStaysWhereTheWriterThrows)
{
    write_durably(path, "old");
    EXPECT_THROW(write_durably(path,
                               [](const std::string& temporary) {
                                   std::ofstream(temporary) << "half";
                                   throw std::logic_error("no");
                               }),
                 std::logic_error);
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(DurableFile, ResultsBeginWholeOrNotAtAll)
{
    const std::string settings = R"({"seed": ")" + std::string(2 * limit, '1') + R"("})";
    try {
        const LittleRoom room;
        const RecordFile file(path, settings);
        ADD_FAILURE();
    } catch (const RecordFileError& error) {
        ADD_FAILURE() << "as if the file were wrong: " << error.what();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
    EXPECT_EQ(files(), 0u);
    const RecordFile file(path, settings);
}

} // namespace
