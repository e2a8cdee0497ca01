// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_PLAYER_H
#define INCLUDED_CFISAC_RECORDING_PLAYER_H

#include <cfisac/recording/sigmf.h>
#include <complex>

namespace cfisac::recording {

//! Reads the samples of a recording.
class Player
{
public:
    /*! Open the data and remember how many samples the metadata promise.
     * \param path see recording_files()
     * \throws RecordingError as read_metadata()
     */
    Player(const std::string& path, const Metadata& metadata);
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    /*! Read on.
     * \param channels [antenna] pointers to room for `count` samples each
     * \return samples read, fewer at the end only
     * \throws RecordingError when the file cannot be read or has become shorter
     */
    std::size_t read(std::complex<float>* const* channels, std::size_t count);
    //! Go to a sample. \throws std::out_of_range beyond the end
    void seek(std::uint64_t sample);
    //! Sample that is read next.
    std::uint64_t position() const { return d_position; }

private:
    const std::string d_path;
    const Datatype d_datatype;
    const int d_channels;
    const std::size_t d_sample_bytes;
    const std::uint64_t d_samples;
    std::uint64_t d_position = 0;
    int d_file;
    std::vector<char> d_bytes;
};

} // namespace cfisac::recording

#endif
