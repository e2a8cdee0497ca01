// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/hash.h"
#include "scenario/json_depth.h"
#include <cerrno>
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/evaluation/record_file.h>
#include <cfisac/evaluation/settings.h>
#include <cfisac/scenario/yaml.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace cfisac::evaluation {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* magic = "cfisac-evaluation";
constexpr std::size_t most_nested = 32; // lists and objects

//! The number of nine digits that is this float32, so that little text keeps every bit.
double short_number(float value)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(value));
    return std::strtod(text, nullptr);
}

//! Infinite bounds are null: JSON has no number for them.
Json to_json(const Record& record)
{
    if (!record) {
        return nullptr;
    }
    auto values = Json::array();
    for (const auto value : *record) {
        values.push_back(std::isfinite(value) ? Json(short_number(value)) : Json());
    }
    return values;
}

Record from_json(const Json& json)
{
    if (json.is_null()) {
        return std::nullopt;
    }
    std::vector<float> values;
    for (const auto& value : json) {
        values.push_back(value.is_null() ? std::numeric_limits<float>::infinity()
                                         : value.get<float>());
    }
    return values;
}

} // namespace

std::string RecordChunk::to_line() const
{
    Json json{{"point", point}, {"scheme", scheme}, {"first", first}};
    json["records"] = Json::array();
    for (const auto& record : records) {
        json["records"].push_back(to_json(record));
    }
    return json.dump();
}

RecordChunk RecordChunk::from_line(const std::string& line)
{
    if (cfisac::detail::nested_deeper(line, most_nested)) {
        throw std::runtime_error("not a chunk of results: nested too deeply");
    }
    try {
        const auto json = Json::parse(line);
        RecordChunk chunk;
        chunk.point = json.at("point").get<std::string>();
        chunk.scheme = json.at("scheme").get<std::string>();
        chunk.first = json.at("first").get<std::int64_t>();
        for (const auto& record : json.at("records")) {
            chunk.records.push_back(from_json(record));
        }
        return chunk;
    } catch (const Json::exception& error) {
        throw std::runtime_error(std::string("not a chunk of results: ") + error.what());
    }
}

std::string point_id(const Scenario& scenario)
{
    const auto hash = cfisac::detail::fnv1a(to_yaml(scenario));
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

RecordFile::RecordFile(const std::string& path, const std::string& settings)
    : d_path(path)
{
    if (std::filesystem::exists(path)) {
        read(settings);
    } else {
        begin(settings);
    }
    d_file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (d_file < 0) {
        fail("cannot be written");
    }
}

RecordFile::~RecordFile()
{
    if (d_file >= 0) {
        ::close(d_file);
    }
}

void RecordFile::fail(const char* what) const
{
    throw std::runtime_error(d_path + ": " + what + ": " + std::strerror(errno));
}

void RecordFile::begin(const std::string& settings)
{
    const Json header{{"results", magic}, {"settings", Json::parse(settings)}};
    write_durably(d_path, header.dump() + "\n");
}

void RecordFile::read(const std::string& settings)
{
    std::ostringstream content;
    content << std::ifstream(d_path, std::ios::binary).rdbuf();
    const auto text = content.str();
    const auto whole = text.rfind('\n') + 1; // zero where no line is complete
    if (whole < text.size()) {
        std::filesystem::resize_file(d_path, whole);
    }
    std::istringstream lines(text.substr(0, whole));
    std::string line;
    std::getline(lines, line);
    const auto header = cfisac::detail::nested_deeper(line, most_nested)
                            ? Json()
                            : Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!header.is_object() || header.value("results", "") != magic) {
        throw RecordFileError(d_path + ":1: not a file of results");
    }
    const auto difference =
        first_difference(settings, header.value("settings", Json()).dump());
    if (!difference.empty()) {
        throw RecordFileError(d_path +
                              ": its results are of other settings: " + difference);
    }
    for (int number = 2; std::getline(lines, line); number++) {
        try {
            auto chunk = RecordChunk::from_line(line);
            const auto count = static_cast<std::int64_t>(chunk.records.size());
            d_chunks[{chunk.point, chunk.scheme, chunk.first, count}] =
                std::move(chunk.records);
        } catch (const std::runtime_error& error) {
            throw RecordFileError(d_path + ":" + std::to_string(number) + ": " +
                                  error.what());
        }
    }
}

void RecordFile::add(RecordChunk chunk)
{
    d_pending += chunk.to_line() + "\n";
    const auto count = static_cast<std::int64_t>(chunk.records.size());
    d_chunks[{chunk.point, chunk.scheme, chunk.first, count}] = std::move(chunk.records);
}

void RecordFile::flush()
{
    std::size_t written = 0;
    while (written < d_pending.size()) {
        const auto count =
            ::write(d_file, d_pending.data() + written, d_pending.size() - written);
        if (count < 0 && errno != EINTR) {
            fail("cannot be written");
        }
        written += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    d_pending.clear();
    if (::fdatasync(d_file) != 0) {
        fail("cannot be written");
    }
}

const std::vector<Record>* RecordFile::find(const std::string& point,
                                            const std::string& scheme,
                                            std::int64_t first,
                                            std::int64_t count) const
{
    const auto found = d_chunks.find({point, scheme, first, count});
    return found == d_chunks.end() ? nullptr : &found->second;
}

} // namespace cfisac::evaluation
