// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/checkpoint.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace cfisac::training {

namespace {

constexpr std::size_t kept = 2;

std::vector<std::int64_t> read_steps(const std::string& text)
{
    std::istringstream words(text);
    return {std::istream_iterator<std::int64_t>(words), {}};
}

// What stands in a file's name behind `stem`; nothing for other files.
std::vector<std::string> endings(const std::string& stem)
{
    const auto path = std::filesystem::absolute(stem);
    const auto name = path.filename().string();
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator(path.parent_path(), none)) {
        const auto file = entry.path().filename().string();
        if (file.size() > name.size() && file.compare(0, name.size(), name) == 0) {
            found.push_back(file.substr(name.size()));
        }
    }
    return found;
}

} // namespace

CheckpointFiles::CheckpointFiles(std::string out,
                                 const World& world,
                                 int rank,
                                 bool several)
    : d_stem(out + ".checkpoint" + (several ? "." + world.label(rank) : "")),
      d_world(world),
      d_several(several)
{
}

std::string CheckpointFiles::path(std::int64_t step) const
{
    return d_several ? d_stem + "." + std::to_string(step) : d_stem;
}

std::vector<std::int64_t> CheckpointFiles::steps() const
{
    std::vector<std::int64_t> steps;
    for (const auto& ending : endings(d_stem + ".")) {
        if (ending.find_first_not_of("0123456789") == std::string::npos) {
            steps.push_back(std::stoll(ending));
        }
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

std::vector<std::string> CheckpointFiles::files() const
{
    std::vector<std::string> files;
    if (!d_several) {
        if (std::filesystem::exists(d_stem)) {
            files.push_back(d_stem);
        }
        return files;
    }
    for (const auto step : steps()) {
        files.push_back(path(step));
    }
    return files;
}

std::optional<std::int64_t> CheckpointFiles::agree(Transport* transport) const
{
    if (!d_several) {
        return files().empty() ? std::nullopt : std::optional<std::int64_t>(0);
    }
    std::ostringstream own;
    for (const auto step : steps()) {
        own << step << " ";
    }
    const auto lists = transport->exchange("checkpoints", own.str());
    if (std::all_of(lists.begin(), lists.end(), [](const auto& list) {
            return read_steps(list).empty();
        })) {
        return std::nullopt;
    }
    auto common = read_steps(lists.front());
    std::string table;
    for (std::size_t rank = 0; rank < lists.size(); rank++) {
        const auto others = read_steps(lists[rank]);
        std::vector<std::int64_t> both;
        std::set_intersection(common.begin(),
                              common.end(),
                              others.begin(),
                              others.end(),
                              std::back_inserter(both));
        common = both;
        table += (rank == 0 ? "" : "; ") + d_world.describe(static_cast<int>(rank)) +
                 ": " + (others.empty() ? "none" : lists[rank]);
    }
    if (common.empty()) {
        throw std::runtime_error(
            "there is no step of which all processes have a checkpoint (" + table + ")");
    }
    for (const auto step : steps()) {
        if (step > common.back()) {
            std::filesystem::remove(path(step));
        }
    }
    return common.back();
}

void CheckpointFiles::prune() const
{
    if (!d_several) {
        return;
    }
    const auto all = steps();
    for (std::size_t k = 0; k + kept < all.size(); k++) {
        std::filesystem::remove(path(all[k]));
    }
}

void CheckpointFiles::remove_leftovers() const
{
    for (const auto& ending : endings(d_stem + ".")) {
        const auto partial =
            ending.find(".partial-") != std::string::npos ||
            ending.rfind("new", 0) == 0 ||
            (ending.size() > 4 && ending.compare(ending.size() - 4, 4, ".new") == 0);
        if (partial) {
            std::filesystem::remove(d_stem + "." + ending);
        }
    }
}

void CheckpointFiles::remove() const
{
    for (const auto& file : files()) {
        std::filesystem::remove(file);
    }
    remove_leftovers();
}

} // namespace cfisac::training
