// SPDX-License-Identifier: GPL-3.0-or-later
#include "hdf5_handle.h"

#include <cfisac/scenario/yaml.h>
#include <cfisac/training/dataset.h>
#include <cfisac/version.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

namespace cfisac::training {
namespace {

using detail::Handle;
using detail::Quiet;

constexpr std::int64_t batch_bytes = std::int64_t{1} << 24;      // of echoes and signals
constexpr hsize_t chunk_bytes = hsize_t{1} << 20;                // several small frames
constexpr std::int64_t largest_chunk = std::int64_t{4294967295}; // of HDF5's format

Handle complex_type()
{
    Handle type(H5Tcreate(H5T_COMPOUND, 2 * sizeof(float)), H5Tclose);
    H5Tinsert(type.get(), "r", 0, H5T_NATIVE_FLOAT);
    H5Tinsert(type.get(), "i", sizeof(float), H5T_NATIVE_FLOAT);
    return type;
}

std::vector<hsize_t> with_frames(hsize_t frames, const std::vector<std::int64_t>& shape)
{
    std::vector<hsize_t> sizes{frames};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    return sizes;
}

std::string text_of(at::IntArrayRef shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        text += (i ? ", " : "") + std::to_string(shape[i]);
    }
    return text + "]";
}

//! What a set holds.
struct SetDescription {
    const char* name;
    std::vector<std::int64_t> shape; //!< of one frame
    bool complex;
    const char* unit;
    const char* description;
};

std::vector<SetDescription> sets_of(const Scenario& s)
{
    const std::int64_t N = static_cast<std::int64_t>(s.transmit.size());
    const std::int64_t M = static_cast<std::int64_t>(s.receive.size());
    const std::int64_t S = s.waveform.sensed_subcarriers();
    const std::int64_t T = s.waveform.sensed_symbols();
    const std::int64_t Q = s.targets.count;
    const std::int64_t D = s.dimensions;
    const std::vector<std::int64_t> echo{M, s.receive_antennas(), S, T};
    return {
        {"transmit",
         {N * s.transmit_antennas(), S, T},
         true,
         "sqrt(W)",
         "transmitted signal (3) [frame, antenna of all transmit access points, "
         "subcarrier, "
         "symbol]"},
        {"symbols",
         {s.users.count, S, T},
         true,
         "",
         "payload [frame, user, subcarrier, symbol]"},
        {"echo",
         echo,
         true,
         "sqrt(W)",
         "received signal with clutter, offsets and noise [frame, receive access point, "
         "antenna, subcarrier, symbol]"},
        {"echo_noiseless",
         echo,
         true,
         "sqrt(W)",
         "echo (6) of the targets alone, axes as in echo"},
        {"location", {Q, D}, false, "m", "[frame, target, coordinate]"},
        {"velocity", {Q, D}, false, "m/s", "[frame, target, coordinate]"},
        {"reflection",
         {N, M, Q},
         true,
         "",
         "reflection coefficient [frame, transmit access point, receive access point, "
         "target]"},
        {"root_crlb",
         {2 * D * Q},
         false,
         "m, m/s",
         "square roots of the diagonal of the Cramer-Rao bound (24): location "
         "coordinates "
         "target by target, then velocity coordinates"},
    };
}

} // namespace

class DatasetWriter::File
{
public:
    File(const std::string& path,
         const Scenario& scenario,
         std::uint64_t seed,
         std::int64_t frames)
        : d_path(path),
          d_temporary(path + ".part" + std::to_string(::getpid())),
          d_frames(frames)
    {
        if (frames < 1) {
            throw std::invalid_argument("data set: " + std::to_string(frames) +
                                        " frames");
        }
        const auto yaml = to_yaml(scenario); // validates
        const Quiet quiet;
        errno = 0;
        d_file =
            Handle(H5Fcreate(d_temporary.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT),
                   H5Fclose);
        if (!d_file.valid()) {
            const int error = errno;
            if (error != EEXIST) { // begun, perhaps, on a disk that is full
                ::unlink(d_temporary.c_str());
            }
            errno = error;
            fail("cannot be made");
        }
        d_made = true;
        try {
            write_text(d_file.get(), "scenario", yaml);
            write_text(d_file.get(), "version", std::string("gr-isac ") + version);
            write_seed(seed);
            for (const auto& description : sets_of(scenario)) {
                make_set(description);
            }
        } catch (...) {
            discard();
            throw;
        }
    }

    ~File() { discard(); }

    void append(const Samples& samples)
    {
        const auto count = samples.count();
        if (count > d_frames - d_written) {
            throw std::invalid_argument("data set: frame " +
                                        std::to_string(d_written + count) + " of " +
                                        std::to_string(d_frames));
        }
        const auto& truth = samples.targets;
        const std::array<at::Tensor, 8> tensors{samples.transmit.flatten(1, 2),
                                                samples.symbols,
                                                samples.echo,
                                                samples.echo_noiseless,
                                                truth.position,
                                                truth.velocity,
                                                truth.reflection,
                                                samples.root_crlb};
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            check_shape(d_sets[i].description, tensors[i], count);
        }
        const Quiet quiet;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            write(d_sets[i], tensors[i], count);
        }
        d_written += count;
    }

    void finish()
    {
        if (d_written != d_frames) {
            throw std::invalid_argument("data set: finished after " +
                                        std::to_string(d_written) + " of " +
                                        std::to_string(d_frames) + " frames");
        }
        const Quiet quiet;
        bool ok = true;
        errno = 0;
        for (auto& set : d_sets) {
            ok = set.handle.close() && ok;
        }
        ok = d_file.close() && ok;
        if (!ok || std::rename(d_temporary.c_str(), d_path.c_str()) != 0) {
            fail("cannot be finished");
        }
        d_made = false;
    }

private:
    struct Set {
        SetDescription description;
        Handle handle;
    };

    [[noreturn]] void fail(const std::string& what) const
    {
        const int error = errno;
        throw DatasetError(d_path + ": data set " + what +
                           (error ? std::string(": ") + std::strerror(error) : ""));
    }

    void discard()
    {
        const Quiet quiet;
        d_sets.clear();
        d_file.close();
        if (d_made) {
            ::unlink(d_temporary.c_str());
            d_made = false;
        }
    }

    void write_text(hid_t at, const char* name, const std::string& text) const
    {
        const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(type.get(), H5T_VARIABLE);
        H5Tset_cset(type.get(), H5T_CSET_UTF8);
        const char* value = text.c_str();
        write_attribute(at, name, type.get(), type.get(), &value);
    }

    void write_seed(std::uint64_t seed) const
    {
        write_attribute(d_file.get(), "seed", H5T_STD_U64LE, H5T_NATIVE_UINT64, &seed);
    }

    void write_attribute(
        hid_t at, const char* name, hid_t stored, hid_t native, const void* value) const
    {
        const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
        const Handle attribute(
            H5Acreate2(at, name, stored, space.get(), H5P_DEFAULT, H5P_DEFAULT),
            H5Aclose);
        if (!attribute.valid() || H5Awrite(attribute.get(), native, value) < 0) {
            fail(std::string("has no room for the attribute ") + name);
        }
    }

    void make_set(const SetDescription& description)
    {
        const auto sizes = with_frames(static_cast<hsize_t>(d_frames), description.shape);
        hsize_t frame_bytes = description.complex ? 2 * sizeof(float) : sizeof(double);
        for (const auto size : description.shape) {
            frame_bytes *= static_cast<hsize_t>(size);
        }
        if (frame_bytes > static_cast<hsize_t>(largest_chunk)) {
            throw DatasetError(d_path + ": a frame of /" + description.name + " has " +
                               std::to_string(frame_bytes) +
                               " bytes, more than HDF5 takes");
        }
        const auto together = std::clamp<hsize_t>(
            chunk_bytes / frame_bytes, 1, static_cast<hsize_t>(d_frames));
        const auto chunk = with_frames(together, description.shape);

        const int rank = static_cast<int>(sizes.size());
        const Handle space(H5Screate_simple(rank, sizes.data(), nullptr), H5Sclose);
        const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_chunk(layout.get(), rank, chunk.data());
        const Handle type = description.complex
                                ? complex_type()
                                : Handle(H5Tcopy(H5T_IEEE_F64LE), H5Tclose);
        errno = 0;
        Set set{description,
                Handle(H5Dcreate2(d_file.get(),
                                  description.name,
                                  type.get(),
                                  space.get(),
                                  H5P_DEFAULT,
                                  layout.get(),
                                  H5P_DEFAULT),
                       H5Dclose)};
        if (!set.handle.valid()) {
            fail(std::string("cannot take the set /") + description.name);
        }
        write_text(set.handle.get(), "unit", description.unit);
        write_text(set.handle.get(), "description", description.description);
        d_sets.push_back(std::move(set));
    }

    static void check_shape(const SetDescription& description,
                            const at::Tensor& tensor,
                            std::int64_t count)
    {
        std::vector<std::int64_t> shape{count};
        shape.insert(shape.end(), description.shape.begin(), description.shape.end());
        if (tensor.sizes() != at::IntArrayRef(shape)) {
            throw std::invalid_argument(std::string("data set: ") + description.name +
                                        " is " + text_of(tensor.sizes()) + ", not " +
                                        text_of(shape));
        }
    }

    void write(const Set& set, const at::Tensor& tensor, std::int64_t count) const
    {
        const auto& description = set.description;
        const auto values =
            tensor.to(at::kCPU, description.complex ? at::kComplexFloat : at::kDouble)
                .resolve_conj()
                .contiguous();
        auto start = with_frames(static_cast<hsize_t>(d_written), description.shape);
        std::fill(start.begin() + 1, start.end(), 0);
        const auto sizes = with_frames(static_cast<hsize_t>(count), description.shape);

        const Handle space(H5Dget_space(set.handle.get()), H5Sclose);
        const Handle memory(
            H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
            H5Sclose);
        const Handle type = description.complex
                                ? complex_type()
                                : Handle(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose);
        errno = 0;
        if (H5Sselect_hyperslab(space.get(),
                                H5S_SELECT_SET,
                                start.data(),
                                nullptr,
                                sizes.data(),
                                nullptr) < 0 ||
            H5Dwrite(set.handle.get(),
                     type.get(),
                     memory.get(),
                     space.get(),
                     H5P_DEFAULT,
                     values.data_ptr()) < 0) {
            fail(std::string("cannot be written at /") + description.name);
        }
    }

    std::string d_path;
    std::string d_temporary;
    std::int64_t d_frames;
    std::int64_t d_written = 0;
    bool d_made = false; //!< the temporary file exists
    Handle d_file;
    std::vector<Set> d_sets;
};

DatasetWriter::DatasetWriter(const std::string& path,
                             const Scenario& scenario,
                             std::uint64_t seed,
                             std::int64_t frames)
    : d_file(std::make_unique<File>(path, scenario, seed, frames))
{
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::append(const Samples& samples) { d_file->append(samples); }

void DatasetWriter::finish() { d_file->finish(); }

void write_dataset(const std::string& path,
                   const Scenario& scenario,
                   std::uint64_t seed,
                   std::int64_t frames,
                   at::Device device,
                   const std::function<void(std::int64_t)>& progress)
{
    DatasetWriter writer(path, scenario, seed, frames);
    const signal::Layout layout(scenario, device);
    const auto samples = static_cast<std::int64_t>(
        scenario.transmit.size() * scenario.transmit_frame_size() +
        2 * scenario.receive.size() * scenario.receive_frame_size());
    const auto batch = std::max<std::int64_t>(1, batch_bytes / (8 * samples));
    for (std::int64_t first = 0; first < frames; first += batch) {
        const auto count = std::min(batch, frames - first);
        writer.append(draw_samples(layout, signal::Random::range(seed, first, count)));
        if (progress) {
            progress(first + count);
        }
    }
    writer.finish();
}

} // namespace cfisac::training
