// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_BACKGROUND_FILE_H
#define INCLUDED_CFISAC_RECORDING_BACKGROUND_FILE_H

#include "checksum.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cfisac::recording {

/*! A file that a thread of its own writes. What is handed over waits in pieces of some
 * megabytes, as many as there is memory for; whoever writes waits beyond that.
 */
class BackgroundFile
{
public:
    /*! Create the file.
     * \param unit the file's length stays a multiple of so many bytes, also where it
     * cannot be written on
     * \throws RecordingError naming a file that is there already or cannot be created
     */
    BackgroundFile(const std::string& path,
                   std::size_t unit,
                   bool overwrite,
                   bool checksum);
    ~BackgroundFile();
    BackgroundFile(const BackgroundFile&) = delete;
    BackgroundFile& operator=(const BackgroundFile&) = delete;

    //! Room for `count` bytes, a multiple of the unit, at the end; fill it before the next
    //! call. \throws RecordingError naming the file when it cannot be written on
    char* append(std::size_t count);
    //! Hand over what was appended, where the thread waits for something to do.
    void flush();
    //! Write everything, and put it on the disk.
    //! \throws RecordingError naming the file
    void finish();

    //! Bytes in the file so far.
    std::uint64_t written() const { return d_written; }
    //! Of what was written; empty without. After finish(), also where that has thrown.
    std::string sha512() const { return d_sha512; }

private:
    void run();
    void hand_over();
    void stop_thread();
    //! \throws RecordingError
    void check();
    //! Write one piece. \throws RecordingError
    void write_out(const std::vector<char>& piece);

    const std::string d_path;
    const std::size_t d_unit;
    int d_file;
    std::optional<Checksum> d_checksum;
    std::string d_sha512;
    std::vector<char> d_piece; //!< that is filled
    std::mutex d_mutex;
    std::condition_variable d_changed;
    std::deque<std::vector<char>> d_waiting; //!< guarded by d_mutex
    bool d_idle = true;                      //!< guarded by d_mutex
    bool d_ending = false;                   //!< guarded by d_mutex
    std::string d_error;                     //!< guarded by d_mutex
    std::atomic<std::uint64_t> d_written{0};
    std::thread d_thread;
};

} // namespace cfisac::recording

#endif
