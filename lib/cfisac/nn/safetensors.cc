// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/detail.h"

#include <cfisac/nn/safetensors.h>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little endian; this reader copies bytes as they are"
#endif

namespace cfisac::nn {

using cfisac::detail::printable;
using nlohmann::json;

namespace {

constexpr uint64_t LENGTH_BYTES = 8;
constexpr uint64_t MAX_HEADER_BYTES = 16 << 20;
constexpr size_t MAX_DIMENSIONS = 32;
constexpr int MAX_DEPTH = 4; // header, tensor, list, number
const char* const METADATA = "__metadata__";

struct Type {
    const char* name;
    at::ScalarType scalar;
};

// the widest first: in this order the writer places the tensors, so that each is aligned
constexpr std::array<Type, 8> TYPES{{{"F64", at::kDouble},
                                     {"I64", at::kLong},
                                     {"F32", at::kFloat},
                                     {"I32", at::kInt},
                                     {"F16", at::kHalf},
                                     {"BF16", at::kBFloat16},
                                     {"U8", at::kByte},
                                     {"BOOL", at::kBool}}};

//! a tensor as the header describes it, after all checks
struct Entry {
    std::string name;
    at::ScalarType type;
    std::vector<int64_t> shape;
    uint64_t begin;
    uint64_t end;
};

[[noreturn]] void fail(const std::string& path, const std::string& reason)
{
    throw FileError(path + ": " + printable(reason));
}

[[noreturn]] void fail(const std::string& path,
                       const std::string& tensor,
                       const std::string& reason)
{
    throw FileError(path + ": " + printable(tensor) + ": " + printable(reason));
}

//! the header as JSON; refuses a name that occurs twice, and deep nesting
json parse_header(const std::string& path, const std::string& text)
{
    std::vector<std::set<std::string>> names;
    const auto watch = [&](int depth, json::parse_event_t event, json& value) {
        if (depth > MAX_DEPTH) {
            fail(path, "the header is nested too deep");
        }
        if (event == json::parse_event_t::object_start) {
            names.emplace_back();
        } else if (event == json::parse_event_t::object_end) {
            names.pop_back();
        } else if (event == json::parse_event_t::key) {
            const auto& name = value.get_ref<const std::string&>();
            if (!names.back().insert(name).second) {
                fail(path, name, "occurs twice in the header");
            }
        }
        return true;
    };
    try {
        auto header = json::parse(text, watch);
        if (!header.is_object()) {
            fail(path, "the header is not a JSON object");
        }
        return header;
    } catch (const json::exception& error) {
        fail(path, std::string("the header is not JSON: ") + error.what());
    }
}

uint64_t natural_number(const std::string& path,
                        const std::string& tensor,
                        const json& value)
{
    if (!value.is_number_unsigned() ||
        value.get<uint64_t>() >
            static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        fail(path, tensor, "a dimension or offset is not a natural number below 2^63");
    }
    return value.get<uint64_t>();
}

//! bytes of a tensor; refuses a shape of more than 2^63 − 1 of them, zeros not counted
uint64_t byte_size(const std::string& path, const std::string& tensor, const Entry& entry)
{
    auto bytes = static_cast<int64_t>(c10::elementSize(entry.type));
    bool empty = false;
    for (const auto size : entry.shape) {
        empty = empty || size == 0;
        if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
            fail(path, tensor, "the shape is too large");
        }
    }
    return empty ? 0 : static_cast<uint64_t>(bytes);
}

Entry parse_entry(const std::string& path,
                  const std::string& name,
                  const json& value,
                  uint64_t data_bytes)
{
    const auto is = [&](const char* key, json::value_t type) {
        return value.contains(key) && value.at(key).type() == type;
    };
    if (!value.is_object() || !is("dtype", json::value_t::string) ||
        !is("shape", json::value_t::array) || !is("data_offsets", json::value_t::array) ||
        value.at("data_offsets").size() != 2) {
        fail(path, name, "must have dtype, shape and two data_offsets");
    }
    Entry entry;
    entry.name = name;
    const auto& dtype = value.at("dtype").get_ref<const std::string&>();
    const auto* type = std::find_if(
        TYPES.begin(), TYPES.end(), [&](const Type& t) { return dtype == t.name; });
    if (type == TYPES.end()) {
        fail(path, name, "type " + dtype + " is not known");
    }
    entry.type = type->scalar;
    if (value.at("shape").size() > MAX_DIMENSIONS) {
        fail(path,
             name,
             "has more than " + std::to_string(MAX_DIMENSIONS) + " dimensions");
    }
    for (const auto& size : value.at("shape")) {
        entry.shape.push_back(static_cast<int64_t>(natural_number(path, name, size)));
    }
    entry.begin = natural_number(path, name, value.at("data_offsets")[0]);
    entry.end = natural_number(path, name, value.at("data_offsets")[1]);
    const auto range =
        "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
    if (entry.begin > entry.end || entry.end > data_bytes) {
        fail(path,
             name,
             "data_offsets " + range + " are not within the file's " +
                 std::to_string(data_bytes) + " bytes of data");
    }
    const auto bytes = byte_size(path, name, entry);
    if (entry.end - entry.begin != bytes) {
        fail(path,
             name,
             "type " + dtype + " and shape " + c10::str(at::IntArrayRef(entry.shape)) +
                 " take " + std::to_string(bytes) + " bytes, data_offsets " + range +
                 " give " + std::to_string(entry.end - entry.begin));
    }
    return entry;
}

void parse_metadata(const std::string& path, const json& value, SafeTensors& out)
{
    if (!value.is_object()) {
        fail(path, METADATA, "is not an object");
    }
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) {
            fail(path, METADATA, "the value of " + key + " is not a string");
        }
        out.metadata[key] = text.get<std::string>();
    }
}

//! sorted by place, without hole, overlap or surplus bytes
void check_places(const std::string& path,
                  std::vector<Entry>& entries,
                  uint64_t data_bytes)
{
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::make_pair(a.begin, a.end) < std::make_pair(b.begin, b.end);
    });
    uint64_t place = 0;
    for (const auto& entry : entries) {
        if (entry.begin != place) {
            fail(path,
                 entry.name,
                 "begins at " + std::to_string(entry.begin) +
                     ", the data before it end at " + std::to_string(place));
        }
        place = entry.end;
    }
    if (place != data_bytes) {
        fail(path,
             std::to_string(data_bytes - place) +
                 " bytes after the last tensor belong to "
                 "none");
    }
}

void read_bytes(const std::string& path,
                const std::string& what,
                std::ifstream& file,
                void* data,
                uint64_t bytes)
{
    file.read(static_cast<char*>(data), static_cast<std::streamsize>(bytes));
    if (!file || static_cast<uint64_t>(file.gcount()) != bytes) {
        fail(path, what, "the file ends too early");
    }
}

at::Tensor read_tensor(const std::string& path, const Entry& entry, std::ifstream& file)
{
    auto tensor = at::empty(entry.shape, at::TensorOptions(entry.type));
    const auto bytes = entry.end - entry.begin;
    if (bytes == 0) {
        return tensor;
    }
    read_bytes(path, entry.name, file, tensor.data_ptr(), bytes);
    if (entry.type == at::kBool) {
        const auto* begin = static_cast<const uint8_t*>(tensor.data_ptr());
        if (std::any_of(begin, begin + bytes, [](uint8_t value) { return value > 1; })) {
            fail(path, entry.name, "a BOOL is neither 0 nor 1");
        }
    }
    return tensor;
}

//! removes the temporary file unless it was renamed
class TemporaryFile
{
public:
    explicit TemporaryFile(const std::string& path)
    {
        static std::atomic<unsigned> count{0};
        d_path = path + ".partial-" + std::to_string(::getpid()) + "-" +
                 std::to_string(count++);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile()
    {
        std::error_code ignored;
        std::filesystem::remove(d_path, ignored);
    }
    const std::string& path() const { return d_path; }

private:
    std::string d_path;
};

} // namespace

SafeTensors read_safetensors(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        fail(path, "is not a file that can be read");
    }
    const uint64_t file_bytes = std::filesystem::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    if (error || !file) {
        fail(path, "cannot be read");
    }
    if (file_bytes < LENGTH_BYTES) {
        fail(path, std::to_string(file_bytes) + " bytes are too few for a header");
    }
    uint64_t header_bytes = 0;
    read_bytes(path, "header length", file, &header_bytes, LENGTH_BYTES);
    if (header_bytes > MAX_HEADER_BYTES || header_bytes > file_bytes - LENGTH_BYTES) {
        fail(path,
             "a header of " + std::to_string(header_bytes) +
                 " bytes does not fit: the file has " + std::to_string(file_bytes) +
                 " bytes, a header at most " + std::to_string(MAX_HEADER_BYTES));
    }
    std::string text(header_bytes, '\0');
    read_bytes(path, "header", file, text.data(), header_bytes);

    const uint64_t data_bytes = file_bytes - LENGTH_BYTES - header_bytes;
    SafeTensors out;
    out.source = path;
    std::vector<Entry> entries;
    const auto header = parse_header(path, text);
    for (const auto& [name, value] : header.items()) {
        if (name == METADATA) {
            parse_metadata(path, value, out);
        } else {
            entries.push_back(parse_entry(path, name, value, data_bytes));
        }
    }
    check_places(path, entries, data_bytes);
    for (const auto& entry : entries) { // in the order of the data
        out.tensors[entry.name] = read_tensor(path, entry, file);
    }
    return out;
}

void write_safetensors(const std::string& path,
                       const std::map<std::string, at::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata)
{
    json header = json::object();
    if (!metadata.empty()) {
        header[METADATA] = metadata;
    }
    std::vector<const at::Tensor*> order;
    size_t known = 0;
    uint64_t place = 0;
    for (const auto& type : TYPES) {
        for (const auto& [name, tensor] : tensors) {
            if (tensor.scalar_type() != type.scalar) {
                continue;
            }
            if (name == METADATA) {
                fail(path, name, "no tensor can have this name");
            }
            const auto end = place + static_cast<uint64_t>(tensor.numel()) *
                                         c10::elementSize(type.scalar);
            header[name] = {{"dtype", type.name},
                            {"shape", tensor.sizes().vec()},
                            {"data_offsets", {place, end}}};
            place = end;
            order.push_back(&tensor);
            known++;
        }
    }
    if (known != tensors.size()) {
        for (const auto& [name, tensor] : tensors) {
            const auto type = tensor.scalar_type();
            if (std::none_of(TYPES.begin(), TYPES.end(), [&](const Type& t) {
                    return t.scalar == type;
                })) {
                fail(path, name, c10::str("type ", type, " cannot be written"));
            }
        }
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const json::exception& error) {
        fail(path, std::string("a name or the metadata are not UTF-8: ") + error.what());
    }
    text.append((LENGTH_BYTES - text.size() % LENGTH_BYTES) % LENGTH_BYTES, ' ');
    if (text.size() > MAX_HEADER_BYTES) {
        fail(path, "a header of " + std::to_string(text.size()) + " bytes is too large");
    }

    const TemporaryFile temporary(path);
    errno = 0;
    std::ofstream file(temporary.path(), std::ios::binary | std::ios::trunc);
    const uint64_t header_bytes = text.size();
    file.write(reinterpret_cast<const char*>(&header_bytes), LENGTH_BYTES);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const auto* tensor : order) {
        const auto host = tensor->detach().to(at::kCPU).contiguous();
        file.write(static_cast<const char*>(host.data_ptr()),
                   static_cast<std::streamsize>(host.nbytes()));
    }
    file.close();
    if (!file) {
        fail(path, std::string("cannot be written: ") + std::strerror(errno));
    }
    std::error_code error;
    std::filesystem::rename(temporary.path(), path, error);
    if (error) {
        fail(path, "cannot be put in place: " + error.message());
    }
}

} // namespace cfisac::nn
