// SPDX-License-Identifier: GPL-3.0-or-later
//
// Model files. What is accepted holds the tensors that its header describes and is written
// as a file that gives the same; what is refused, is refused by a FileError.

#include "fuzz.h"

#include <cfisac/nn/safetensors.h>

#include <ATen/ATen.h>

#include <cstring>
#include <filesystem>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using cfisac::fuzz::require;
using cfisac::nn::SafeTensors;

//! A file in memory that is read by its path.
class MemoryFile
{
public:
    MemoryFile(const std::uint8_t* data, std::size_t size)
        : d_file(::memfd_create("fuzz", MFD_CLOEXEC))
    {
        require(d_file >= 0 && ::write(d_file, data, size) == static_cast<ssize_t>(size),
                "the system has room for a file in memory");
    }
    ~MemoryFile() { ::close(d_file); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(d_file); }

private:
    int d_file;
};

//! A folder of this process, in memory where the system has one there.
class Folder
{
public:
    Folder()
    {
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        auto path = ((memory ? "/dev/shm" : std::filesystem::temp_directory_path()) /
                     std::filesystem::path("cfisac_fuzz_XXXXXX"))
                        .string();
        require(::mkdtemp(path.data()) != nullptr, "a folder can be made");
        d_path = path;
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(d_path, ignored);
    }
    std::string file() const { return (d_path / "written.safetensors").string(); }

private:
    std::filesystem::path d_path;
};

bool same(const at::Tensor& a, const at::Tensor& b)
{
    // Bytes, for a NaN is not equal to itself.
    return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
           (a.nbytes() == 0 || std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0);
}

bool same(const SafeTensors& a, const SafeTensors& b)
{
    return a.metadata == b.metadata &&
           std::equal(a.tensors.begin(),
                      a.tensors.end(),
                      b.tensors.begin(),
                      b.tensors.end(),
                      [](const auto& one, const auto& other) {
                          return one.first == other.first &&
                                 same(one.second, other.second);
                      });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cfisac::nn;
    const MemoryFile file(data, size);
    SafeTensors found;
    try {
        found = read_safetensors(file.path());
    } catch (const FileError& error) {
        require(cfisac::fuzz::is_plain_text(error.what()), "an error text can be shown");
        return 0;
    }
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : found.tensors) {
        require(tensor.is_contiguous(), "tensors are contiguous");
        bytes += tensor.nbytes();
    }
    require(bytes <= size, "no more data than the file has");
    static const Folder folder;
    write_safetensors(folder.file(), found.tensors, found.metadata);
    require(same(read_safetensors(folder.file()), found), "the file gives the same");
    return 0;
}
