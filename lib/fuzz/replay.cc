// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes the place of libFuzzer where there is none: runs a fuzz target once over every file
// that is named, and over those of every folder.

#include "fuzz.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(int argc, char** argv)
{
    std::vector<fs::path> files;
    for (int i = 1; i < argc; ++i) {
        if (!fs::is_directory(argv[i])) {
            files.emplace_back(argv[i]);
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
            if (entry.is_regular_file()) {
                files.push_back(entry.path());
            }
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

int main(int argc, char** argv)
{
    const auto files = files_of(argc, argv);
    if (files.empty()) {
        std::cerr << argv[0] << ": no files; usage: " << argv[0] << " FILE|FOLDER…\n";
        return 2;
    }
    for (const auto& file : files) {
        std::cout << file.string() << std::endl; // flushed: the next may be the last
        std::ifstream stream(file, std::ios::binary);
        const std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
        if (!stream.is_open() || stream.bad()) {
            std::cerr << file.string() << ": cannot be read\n";
            return 2;
        }
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                               bytes.size());
    }
    std::cout << files.size() << " files, every property holds\n";
    return 0;
}
