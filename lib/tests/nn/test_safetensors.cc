// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/safetensors.h>

#include "support.h"

#include <nlohmann/json.hpp>

#include <cstring>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

std::map<std::string, at::Tensor> every_type()
{
    std::map<std::string, at::Tensor> tensors;
    for (const auto type : {at::kDouble,
                            at::kFloat,
                            at::kHalf,
                            at::kBFloat16,
                            at::kLong,
                            at::kInt,
                            at::kByte,
                            at::kBool}) {
        tensors[std::string("x.") + c10::toString(type)] =
            (normal({3, 5}, 1, at::kDouble) * 10).abs().to(type);
    }
    tensors["scalar"] = at::tensor(2.5f).squeeze();
    tensors["empty"] = at::zeros({4, 0, 2});
    tensors["not contiguous"] = normal({4, 6}, 2).t();
    return tensors;
}

std::string file_of(const std::string& header, size_t data_bytes)
{
    const uint64_t length = header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + std::string(data_bytes, '\1');
}

void expect_refused(const std::string& bytes, std::vector<std::string> parts)
{
    const TemporaryFolder folder;
    const auto path = folder.file("bad.safetensors");
    write_bytes(path, bytes);
    parts.push_back(path);
    expect_error<FileError>([&] { read_safetensors(path); }, parts);
}

//! one tensor "w" with this description
void expect_entry_refused(const std::string& entry,
                          size_t data_bytes,
                          const std::string& reason)
{
    expect_refused(file_of("{\"w\":" + entry + "}", data_bytes), {": w: ", reason});
}

} // namespace

TEST(SafeTensors, ReadsWhatItWrote)
{
    const TemporaryFolder folder;
    const auto path = folder.file("all.safetensors");
    const auto tensors = every_type();
    const std::map<std::string, std::string> metadata{{"scenario", "a: \"ü\"\n"},
                                                      {"", "x"}};
    write_safetensors(path, tensors, metadata);
    const auto file = read_safetensors(path);
    EXPECT_EQ(file.source, path);
    EXPECT_EQ(file.metadata, metadata);
    ASSERT_EQ(file.tensors.size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
        const auto& found = file.tensors.at(name);
        EXPECT_EQ(found.scalar_type(), tensor.scalar_type()) << name;
        EXPECT_EQ(found.sizes(), tensor.sizes()) << name;
        EXPECT_TRUE(found.equal(tensor)) << name;
    }
    write_safetensors(path, {}, {});
    EXPECT_TRUE(read_safetensors(path).tensors.empty());
}

TEST(SafeTensors, DataAreAligned)
{
    const TemporaryFolder folder;
    const auto path = folder.file("all.safetensors");
    write_safetensors(path, every_type());
    const auto bytes = read_bytes(path);
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ(length % 8, 0u);
    const auto header = nlohmann::json::parse(bytes.substr(8, length));
    const auto tensors = every_type();
    for (const auto& [name, entry] : header.items()) {
        EXPECT_EQ(entry["data_offsets"][0].get<uint64_t>() %
                      tensors.at(name).element_size(),
                  0u)
            << name;
    }
}

TEST(SafeTensors, TruncatedAtAnyLengthIsRefused)
{
    const TemporaryFolder folder;
    const auto whole = folder.file("whole.safetensors");
    const auto path = folder.file("part.safetensors");
    write_safetensors(whole, {{"a", normal({5}, 1)}, {"b", normal({2, 3}, 2)}});
    const auto bytes = read_bytes(whole);
    for (size_t length = 0; length < bytes.size(); length++) {
        write_bytes(path, bytes.substr(0, length));
        expect_error<FileError>([&] { read_safetensors(path); }, {path});
    }
    write_bytes(path, bytes + "x");
    expect_error<FileError>([&] { read_safetensors(path); }, {path, "1 bytes after"});
    write_bytes(path, bytes);
    EXPECT_NO_THROW(read_safetensors(path));
}

TEST(SafeTensors, AnyChangedHeaderByteIsReadOrRefused)
{
    const TemporaryFolder folder;
    const auto path = folder.file("changed.safetensors");
    write_safetensors(path, {{"a", normal({5}, 1)}, {"b", at::ones({3})}});
    const auto bytes = read_bytes(path);
    const auto end = bytes.size() - 32;
    int refused = 0;
    for (size_t i = 0; i < end; i++) {
        for (const int change : {1, 4, 16, 128}) {
            auto changed = bytes;
            changed[i] = static_cast<char>(changed[i] ^ change);
            write_bytes(path, changed);
            try {
                read_safetensors(path);
            } catch (const FileError&) {
                refused++;
            }
        }
    }
    EXPECT_GT(refused, static_cast<int>(end));
}

TEST(SafeTensors, HeaderLengthIsCompared)
{
    expect_refused("", {"0 bytes"});
    expect_refused(std::string(8, '\xff') + "{}", {"does not fit"});
    auto long_header = file_of("{}", 0);
    long_header[0] = 3;
    expect_refused(long_header, {"a header of 3 bytes", "10 bytes"});
    expect_refused(file_of("{" + std::string(17 << 20, ' ') + "}", 0), {"at most"});
    expect_refused(file_of("", 0), {"not JSON"});
    expect_refused(file_of("[]", 0), {"not a JSON object"});
    expect_refused(file_of("{\"w\":}", 0), {"not JSON"});
    expect_refused(file_of("{\"w\":\"\xff\"}", 0), {"not JSON"});
    const std::string deep(1 << 20, '[');
    expect_refused(file_of("{\"w\":{\"shape\":" + deep, 0), {"nested too deep"});
}

TEST(SafeTensors, EntriesAreChecked)
{
    const std::string f32 = R"({"dtype":"F32","shape":[2],"data_offsets":[)";
    expect_entry_refused(f32 + "0,16]}", 8, "not within the file's 8 bytes");
    expect_entry_refused(f32 + "8,0]}", 8, "not within");
    expect_entry_refused(f32 + "0,18446744073709551615]}", 8, "natural number");
    expect_entry_refused(f32 + "0,99999999999999999999999]}", 8, "natural number");
    expect_entry_refused(f32 + "-8,0]}", 8, "natural number");
    expect_entry_refused(f32 + "0.0,8.0]}", 8, "natural number");
    expect_entry_refused(f32 + "0]}", 8, "two data_offsets");
    expect_entry_refused(f32 + "0,4]}", 8, "take 8 bytes, data_offsets [0, 4] give 4");
    expect_entry_refused(f32 + "4,12]}", 12, "begins at 4");
    expect_refused(file_of("{\"w\":" + f32 + "0,8]}}", 12), {"4 bytes after"});
    expect_entry_refused(R"({"dtype":"F99","shape":[2],"data_offsets":[0,8]})", 8, "F99");
    expect_entry_refused(R"({"dtype":7,"shape":[2],"data_offsets":[0,8]})", 8, "dtype");
    expect_entry_refused(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", 8, "shape");
    expect_entry_refused(R"({"dtype":"F32","shape":[2]})", 8, "must have");
    expect_entry_refused("[]", 8, "must have");
    expect_entry_refused(
        R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})",
        0,
        "too large");
    expect_entry_refused(
        R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})",
        0,
        "too large");
    expect_entry_refused(
        R"({"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]})", 8, "natural number");
    std::string ones = "1";
    for (int i = 0; i < 40; i++) {
        ones += ",1";
    }
    expect_entry_refused(R"({"dtype":"F32","shape":[)" + ones +
                             R"(],"data_offsets":[0,4]})",
                         4,
                         "dimensions");
    auto boolean =
        file_of(R"({"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", 2);
    boolean.back() = 2;
    expect_refused(boolean, {"w", "neither 0 nor 1"});
}

TEST(SafeTensors, OverlapHoleAndDoubleNamesAreRefused)
{
    const auto entry = [](const std::string& begin, const std::string& end) {
        return R"({"dtype":"U8","shape":[4],"data_offsets":[)" + begin + "," + end + "]}";
    };
    expect_refused(
        file_of("{\"a\":" + entry("0", "4") + ",\"b\":" + entry("2", "6") + "}", 6),
        {": b: ", "begins at 2", "end at 4"});
    expect_refused(
        file_of("{\"a\":" + entry("0", "4") + ",\"b\":" + entry("5", "9") + "}", 9),
        {": b: ", "begins at 5"});
    expect_refused(
        file_of("{\"a\":" + entry("0", "4") + ",\"b\":" + entry("0", "4") + "}", 4),
        {"begins at 0"});
    expect_refused(
        file_of("{\"a\":" + entry("0", "4") + ",\"a\":" + entry("4", "8") + "}", 8),
        {": a: ", "twice"});
    expect_refused(file_of(R"({"__metadata__":{"a":1}})", 0), {"__metadata__", "string"});
    expect_refused(file_of(R"({"__metadata__":[]})", 0), {"__metadata__", "object"});
}

TEST(SafeTensors, FilesThatCannotBe)
{
    const TemporaryFolder folder;
    expect_error<FileError>([&] { read_safetensors(folder.file("none")); },
                            {folder.file("none")});
    expect_error<FileError>([&] { read_safetensors(folder.path().string()); },
                            {"is not a file"});
    expect_error<FileError>(
        [&] {
            write_safetensors(folder.file("no/such/folder"), {{"a", at::ones(1)}});
        },
        {"cannot be written"});
    expect_error<FileError>(
        [&] {
            write_safetensors(folder.file("complex"),
                              {{"c", at::zeros({2}, at::kComplexFloat)}});
        },
        {"c: type", "ComplexFloat"});
    expect_error<FileError>(
        [&] {
            write_safetensors(folder.file("name"), {{"__metadata__", at::ones(1)}});
        },
        {"__metadata__"});
    expect_error<FileError>(
        [&] {
            write_safetensors(folder.file("text"), {}, {{"a", "\xff"}});
        },
        {"UTF-8"});
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "nothing is left behind";
}

TEST(SafeTensors, AFailedWriteLeavesTheOldFile)
{
    const TemporaryFolder folder;
    const auto path = folder.file("model.safetensors");
    write_safetensors(path, {{"a", at::ones({2})}});
    EXPECT_THROW(write_safetensors(path, {{"a", at::zeros({2}, at::kComplexFloat)}}),
                 FileError);
    EXPECT_TRUE(read_safetensors(path).tensors.at("a").equal(at::ones({2})));
    write_safetensors(path, {{"a", at::zeros({3})}});
    EXPECT_TRUE(read_safetensors(path).tensors.at("a").equal(at::zeros({3})));
    const auto files = std::filesystem::directory_iterator(folder.path());
    EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "no temporary file remains";
}

TEST(SafeTensors, ErrorsQuoteNothingThatIsNoCharacter)
{
    const TemporaryFolder folder;
    const auto path = folder.file("bad.safetensors");
    write_bytes(path, file_of(R"({"\u001b[2J": {}})", 0));
    expect_error<FileError>([&] { read_safetensors(path); },
                            {path + ": ?[2J: must have"});
    write_bytes(path, file_of("{\"\xff", 0));
    try {
        read_safetensors(path);
        ADD_FAILURE();
    } catch (const FileError& error) {
        EXPECT_EQ(std::string(error.what()).find('\xff'), std::string::npos);
    }
}

//! the other way round is in test_reference.cc, whose files Python wrote
TEST(SafeTensors, PythonReadsWhatWeWrote)
{
    const TemporaryFolder folder;
    const auto path = folder.file("from_cpp.safetensors");
    const auto listing = folder.file("listing.json");
    write_safetensors(path, every_type(), {{"key", "value"}});
    const char* python = std::getenv("CFISAC_PYTHON");
    const std::string command = std::string(python != nullptr ? python : "python3") +
                                " \"" + reference_folder() + "/safetensors_file.py\" \"" +
                                path + "\" > \"" + listing + "\"";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const auto found = nlohmann::json::parse(read_bytes(listing));
    EXPECT_EQ(found["metadata"], nlohmann::json({{"key", "value"}}));
    const auto tensors = every_type();
    ASSERT_EQ(found["tensors"].size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
        const auto& entry = found["tensors"][name];
        EXPECT_EQ(entry["shape"].get<std::vector<int64_t>>(), tensor.sizes().vec())
            << name;
        const auto values = entry["values"].get<std::vector<double>>();
        const auto expected = tensor.to(at::kDouble).reshape({-1});
        ASSERT_EQ(static_cast<int64_t>(values.size()), expected.numel()) << name;
        for (int64_t i = 0; i < expected.numel(); i++) {
            EXPECT_EQ(values[i], expected[i].item<double>()) << name << " entry " << i;
        }
    }
}
