// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_RECORDER_H
#define INCLUDED_CFISAC_RECORDING_RECORDER_H

#include <cfisac/recording/sigmf.h>
#include <chrono>
#include <complex>
#include <memory>

namespace cfisac::recording {

class BackgroundFile;

//! How a recording is written.
struct RecorderOptions {
    bool overwrite = false; //!< whether files of that name are replaced
    bool checksum = true;   //!< whether `core:sha512` is computed along the way
};

/*! Writes a recording.
 *
 * Samples go to the disk from a thread of their own, in large pieces; write() waits where
 * it falls behind. The metadata are there from the start and follow the captures, so that a
 * recorder that is killed leaves a recording that can be read. Where the disk is full, what
 * was written until then becomes the recording.
 *
 * For one thread.
 */
class Recorder
{
public:
    /*! Create the files.
     * \param path see recording_files()
     * \param metadata datatype, setup and texts; the rest follows
     * \throws RecordingError naming a file that is there already or cannot be created
     * \throws ScenarioError as validate() does
     * \throws std::invalid_argument as validate() does, and where a text is too long or not
     * UTF-8
     */
    Recorder(const std::string& path,
             const Metadata& metadata,
             const RecorderOptions& options = {});
    //! Finishes; errors are lost, so call finish() first.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /*! Say when the next sample was taken. Where that is not when the samples before let
     * expect, a capture begins, and what is missing counts as lost.
     * \return samples lost
     */
    std::uint64_t set_time(const RadioTime& time);
    //! Say where the radio is tuned to from the next sample on.
    void set_frequency(double frequency_hz);
    //! Say that frame `frame` starts with the next sample.
    void set_frame(std::uint64_t frame);
    /*! Note what the radio is.
     * \throws std::invalid_argument on a text that is too long or not UTF-8
     */
    void set_hardware(const std::string& hardware,
                      const std::string& clock_source,
                      const std::string& time_source);
    //! Note the seed that the scenes before the radios were drawn with.
    void set_scene_seed(std::uint64_t seed) { d_metadata.setup.scene_seed = seed; }

    /*! Append samples.
     * \param channels [antenna] pointers to `count` samples each
     * \throws RecordingError naming the file and the cause when they cannot be written
     */
    void write(const std::complex<float>* const* channels, std::size_t count);

    /*! Put everything on the disk.
     * \throws RecordingError naming the file and the cause when something could not be
     * written
     */
    void finish();

    //! As they would be written now.
    const Metadata& metadata() const { return d_metadata; }

private:
    void begin_capture();
    //! Write the metadata as far as the data are in the file.
    void write_progress(bool at_once);

    const RecordingFiles d_files;
    Metadata d_metadata;
    std::unique_ptr<BackgroundFile> d_data;
    std::vector<char> d_bytes;
    std::optional<RadioTime> d_next_time; //!< of the next sample, as the radio said
    double d_next_frequency_hz;
    bool d_begin = true; //!< the next sample begins a capture
    std::size_t d_captures_saved = 0;
    std::chrono::steady_clock::time_point d_saved;
    bool d_finished = false;
};

} // namespace cfisac::recording

#endif
