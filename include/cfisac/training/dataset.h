// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_DATASET_H
#define INCLUDED_CFISAC_TRAINING_DATASET_H

#include <cfisac/training/samples.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace cfisac::training {

//! A data set that cannot be written; the text names the file and what failed.
class DatasetError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/*! Writes a data set as HDF5 (in builds with ENABLE_HDF5).
 *
 * Sets, with the frame as first axis; complex numbers are {r, i} of two float32, which
 * h5py reads as complex64:
 *
 * | set               | axes after the frame | type    | unit        |
 * |-------------------|----------------------|---------|-------------|
 * | `/transmit`       | N·N_t, S, T          | complex | sqrt(W)     |
 * | `/symbols`        | K, S, T              | complex |             |
 * | `/echo`           | M, M_r, S, T         | complex | sqrt(W)     |
 * | `/echo_noiseless` | M, M_r, S, T         | complex | sqrt(W)     |
 * | `/location`       | Q, D                 | float64 | m           |
 * | `/velocity`       | Q, D                 | float64 | m/s         |
 * | `/reflection`     | N, M, Q              | complex |             |
 * | `/root_crlb`      | 2·D·Q                | float64 | m, then m/s |
 *
 * Attributes of the file: `scenario` (YAML), `seed` (uint64), `version` (of this
 * library). Every set has the attributes `unit` and `description`.
 *
 * The file appears under its own name only when it is complete. An unfinished one is
 * removed.
 */
class DatasetWriter
{
public:
    /*!
     * \param path file to write; an old one is replaced at the end
     * \param frames that will be appended
     * \throws DatasetError when the file cannot be made
     */
    DatasetWriter(const std::string& path,
                  const Scenario& scenario,
                  std::uint64_t seed,
                  std::int64_t frames);
    ~DatasetWriter();
    DatasetWriter(const DatasetWriter&) = delete;
    DatasetWriter& operator=(const DatasetWriter&) = delete;

    /*! Write the next frames.
     * \throws std::invalid_argument naming a tensor of a wrong shape, or on too many
     * frames
     * \throws DatasetError when the file cannot be written, e.g. on a full disk
     */
    void append(const Samples& samples);

    /*! Close the file and give it its name.
     * \throws std::invalid_argument when frames are missing
     * \throws DatasetError when the file cannot be written
     */
    void finish();

private:
    class File;
    std::unique_ptr<File> d_file;
};

/*! Draw the frames 0 … `frames` - 1 of a seed and write them, in batches of a bounded
 * size.
 *
 * \param device LibTorch device the frames are made on; they do not depend on it
 * \param progress called with the number of frames written, after every batch; may throw
 * to give up, the unfinished file is then removed
 * \throws DatasetError as DatasetWriter does
 * \throws std::invalid_argument when `frames` is not positive
 */
void write_dataset(const std::string& path,
                   const Scenario& scenario,
                   std::uint64_t seed,
                   std::int64_t frames,
                   at::Device device = at::kCPU,
                   const std::function<void(std::int64_t)>& progress = nullptr);

} // namespace cfisac::training

#endif
