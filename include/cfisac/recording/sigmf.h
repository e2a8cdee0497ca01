// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_SIGMF_H
#define INCLUDED_CFISAC_RECORDING_SIGMF_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/*! Recordings of antenna streams in the Signal Metadata Format (SigMF, https://sigmf.org):
 * `NAME.sigmf-data` with the samples of all antennas, one after the other, and
 * `NAME.sigmf-meta`, JSON, with what is needed to process them. What SigMF has no key for
 * stands in the namespace `isac`, see docs/files.md.
 */
namespace cfisac::recording {

//! Something is wrong with a recording; the text names the file and what it is.
class RecordingError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! How a component of a sample is stored, little endian.
enum class Datatype {
    cf32_le, //!< float32
    ci16_le  //!< int16, of which 32767 is full scale
};

//! SigMF's word for it.
const char* to_string(Datatype datatype);
//! \throws std::invalid_argument naming a word that is neither
Datatype datatype_from_string(const std::string& word);

//! Time of a radio's clock, as GNU Radio's tag `rx_time` has it.
struct RadioTime {
    std::uint64_t seconds = 0; //!< whole ones
    double fraction = 0.0;     //!< 0 ≤ fraction < 1, s

    //! Seconds from `from` to this.
    double since(const RadioTime& from) const
    {
        return static_cast<double>(static_cast<std::int64_t>(seconds - from.seconds)) +
               (fraction - from.fraction);
    }
    //! This and `later_s` seconds; what would be before 0 is 0.
    RadioTime plus(double later_s) const;
};

//! Samples without a gap between them, from `sample_start` to the next capture.
struct Capture {
    std::uint64_t sample_start = 0; //!< counted for each antenna
    std::optional<RadioTime> time;  //!< of this sample, where the radio told
    double frequency_hz = 0.0;      //!< that the radio was tuned to
    std::string datetime; //!< when it reached the recorder by that one's clock, ISO 8601
};

//! Samples that the radio lost before sample `sample_start`.
struct Loss {
    //! the first sample after them, counted for each antenna
    std::uint64_t sample_start = 0;
    std::uint64_t samples = 0; //!< of each antenna
};

//! A frame whose place is known.
struct FrameStart {
    std::uint64_t frame = 0;  //!< its number
    std::uint64_t sample = 0; //!< its first one, counted for each antenna
};

//! What the processing of a recording needs to know.
struct Setup {
    Scenario scenario;           //!< that was on the air
    bool receive = true;         //!< whether it is of a receive access point
    int access_point = 0;        //!< its number on that side
    double full_scale_dbm = 0.0; //!< power at the antenna that full scale stands for, dBm
    //! When frame 0 of the schedule starts, by the clock of the captures' times, s
    std::optional<double> start_time_s;
    std::optional<std::uint64_t> seed;       //!< of payload and channel state
    std::optional<std::uint64_t> scene_seed; //!< of scenes that were drawn
    std::optional<FrameStart> first_frame;   //!< of those whose tags were seen
    std::string clock_source;                //!< of the radio, empty where not known
    std::string time_source;                 //!< of the radio, empty where not known

    //! The access point of the recording.
    const AccessPoint& own() const
    {
        return (receive ? scenario.receive : scenario.transmit).at(access_point);
    }
};

/*! Check a setup.
 * \throws ScenarioError for a scenario that is not valid or has no `radio`
 * \throws std::invalid_argument naming the value: an access point that is none, a power or
 * time that is not finite
 */
void validate(const Setup& setup);

/*! An access point by its name, into `receive` and `access_point`.
 * \throws std::invalid_argument naming it and those that there are
 */
void find_access_point(Setup& setup, const std::string& name);

//! All that the metadata of a recording say.
struct Metadata {
    std::string path;                      //!< that it was read from; empty otherwise
    Datatype datatype = Datatype::cf32_le; //!< of the samples
    int channels = 0;                      //!< antennas
    double sample_rate_hz = 0.0;           //!< of each antenna
    std::uint64_t samples = 0;             //!< of each antenna
    //! Whether the recorder came to its end. `samples` of one that did not follows from the
    //! size of the file.
    bool complete = false;
    bool foreign = false; //!< without the extension `isac`: `setup` is what was given
    std::uint64_t samples_clipped = 0; //!< of all antennas, beyond full scale of ci16_le
    std::string sha512;                //!< of the data, 128 hexadecimal digits, or empty
    std::string description;           //!< `core:description`
    std::string hardware;              //!< `core:hw`
    std::string recorder;              //!< `core:recorder`
    std::string author;                //!< `core:author`
    std::string license;               //!< `core:license`
    Setup setup;                       //!< what the processing needs
    std::vector<Capture> captures;     //!< at least one, ascending
    std::vector<Loss> losses;          //!< ascending

    std::size_t sample_bytes() const //!< of all antennas
    {
        return static_cast<std::size_t>(channels) *
               (datatype == Datatype::cf32_le ? 8 : 4);
    }
};

//! Sizes above which recordings are refused.
struct RecordingLimits {
    //! of the file with the metadata
    static constexpr std::size_t metadata_bytes = std::size_t{64} << 20;
    static constexpr std::size_t captures = std::size_t{1} << 18; //!< and as many losses
    static constexpr std::size_t text_bytes = std::size_t{1} << 16;  //!< of a description
    static constexpr std::uint64_t samples = std::uint64_t{1} << 50; //!< of each antenna
    static constexpr double sample_rate_hz = 1e12;                   //!< of each antenna
};

//! The two files of a recording.
struct RecordingFiles {
    std::string metadata; //!< `NAME.sigmf-meta`
    std::string data;     //!< `NAME.sigmf-data`
};

//! \param path with either ending, or without
RecordingFiles recording_files(const std::string& path);

/*! Metadata as JSON.
 * \throws std::invalid_argument when a text in it is not UTF-8
 */
std::string to_json(const Metadata& metadata);

/*! Read metadata.
 * \param text JSON
 * \param source how errors call it
 * \param foreign what to take for a recording that another program made, without the
 * extension `isac`; such a recording is refused otherwise, and one with it keeps its own
 * \throws RecordingError "SOURCE: KEY: …"
 */
Metadata parse_metadata(const std::string& text,
                        const std::string& source,
                        const std::optional<Setup>& foreign = std::nullopt);

/*! Read and check the metadata of a recording, and the size of its data.
 * \param path see recording_files()
 * \param checksum whether the data are read and compared with `core:sha512` where there is
 * one (and the library was built with OpenSSL)
 * \throws RecordingError naming the file: it cannot be read, is no SigMF, lacks something,
 * the data are shorter or longer than they were, or not those of the checksum
 */
Metadata read_metadata(const std::string& path,
                       const std::optional<Setup>& foreign = std::nullopt,
                       bool checksum = false);

} // namespace cfisac::recording

#endif
