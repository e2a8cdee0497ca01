// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_RECORD_FILE_H
#define INCLUDED_CFISAC_EVALUATION_RECORD_FILE_H

#include <cfisac/evaluation/monte_carlo.h>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>

namespace cfisac::evaluation {

//! Records of consecutive frames of one scheme at one point.
struct RecordChunk {
    std::string point;      //!< see point_id()
    std::string scheme;     //!< name, and of a learned one the fingerprint of its model
    std::int64_t first = 0; //!< number of the first frame
    std::vector<Record> records; //!< of the frames first, first + 1, …

    //! A JSON object on one line.
    std::string to_line() const;
    //! \throws std::runtime_error where the text is no chunk
    static RecordChunk from_line(const std::string& line);
};

//! Name of a point: a hash of its whole scenario, 16 hexadecimal digits.
std::string point_id(const Scenario& scenario);

//! What is in a file is no results, or those of other settings.
class RecordFileError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/*! What an evaluation has found so far, in a file that survives the end of the program and
 * a loss of power: JSON, a line with the settings, then one for every chunk.
 */
class RecordFile
{
public:
    /*! Open the file, or begin it. A last line that was cut off is dropped.
     * \param settings JSON object: what all results in the file have in common
     * \throws RecordFileError where the file is none, or has other settings, naming the first
     * that differs
     * \throws std::runtime_error where it cannot be written
     */
    RecordFile(const std::string& path, const std::string& settings);
    ~RecordFile();
    RecordFile(const RecordFile&) = delete;
    RecordFile& operator=(const RecordFile&) = delete;

    //! Keep a chunk; on the disk after the next flush().
    void add(RecordChunk chunk);
    //! Bring all chunks that were added to the disk.
    void flush();

    //! The frames first … first + count - 1, or null where they are not all there as one
    //! chunk.
    const std::vector<Record>* find(const std::string& point,
                                    const std::string& scheme,
                                    std::int64_t first,
                                    std::int64_t count) const;

private:
    using Key = std::tuple<std::string, std::string, std::int64_t, std::int64_t>;

    void read(const std::string& settings);
    void begin(const std::string& settings);
    [[noreturn]] void fail(const char* what) const;

    std::string d_path;
    int d_file = -1;
    std::string d_pending; //!< lines that are not written yet
    std::map<Key, std::vector<Record>> d_chunks;
};

} // namespace cfisac::evaluation

#endif
