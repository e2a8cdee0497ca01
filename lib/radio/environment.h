// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_ENVIRONMENT_H
#define INCLUDED_RADIO_ENVIRONMENT_H

#include "segment.h"
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <complex>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cfisac::radio {

/*! A radio's part in an environment: a segment of shared memory that the radios of one
 * user on one machine join by name. The first one makes it, the last one removes it.
 *
 * Each radio holds a lock of its own on the segment's file (one byte, of its open file
 * description), which the kernel drops when its process ends, however it ends: by it the
 * others see who is there. A lock on byte 0 is held only to come, to go and to clear away
 * what the dead have left; nobody waits for it while streaming.
 */
class Environment
{
public:
    /*! Join the environment, or make it.
     * \throws std::runtime_error when the access point is there already, when the
     * environment has another scenario or other settings (named), belongs to another user
     * or another version, or when there is not enough shared memory (size named)
     */
    explicit Environment(const Arguments& arguments);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    const std::string& name() const { return d_name; }
    SegmentHeader& header() const { return *d_header; }
    std::size_t transmitters() const { return d_layout.transmitters; }
    std::size_t receivers() const { return d_layout.receivers; }
    //! Of each transmit access point.
    std::size_t antennas() const { return d_layout.antennas; }
    //! Samples of a ring.
    std::int64_t capacity() const { return d_layout.capacity; }
    bool lockstep() const { return d_header->time == TimeMode::lockstep; }

    //! This radio's own place.
    RadioSlot& own() const { return d_slots[d_slot]; }
    RadioSlot& transmitter(std::size_t n) const { return d_slots[n]; }
    RadioSlot& receiver(std::size_t m) const
    {
        return d_slots[d_layout.transmitters + m];
    }
    //! All of them, transmitters first.
    RadioSlot& slot(std::size_t index) const { return d_slots[index]; }
    std::size_t slots() const { return d_layout.transmitters + d_layout.receivers; }
    //! [capacity]
    std::complex<float>* ring(std::size_t n, std::size_t antenna) const;

    //! Time since the environment was made on the machine's steady clock, ns.
    std::int64_t elapsed_ns() const;

    //! Lockstep: say that something changed that others may be waiting for.
    void notify() const;
    /*! Lockstep: wait until somebody notifies after `seen` was read from
     * `SegmentHeader::progress`, or for `timeout_ns`, or for some ms. */
    void wait(std::uint32_t seen, std::int64_t timeout_ns) const;

    //! Free the places of radios whose process is gone, where this can be done without
    //! waiting. To be called now and then.
    void clear_away_the_dead() const;

private:
    class Door;
    //! Open the segment's file so that its door is locked and it will not be removed.
    std::unique_ptr<Door> enter();
    void make(const Arguments& arguments);
    void map();
    void check(const Arguments& arguments) const;
    void take_place(const Arguments& arguments);
    //! Whether the radio of a place holds its lock. False for the place of this object.
    bool is_alive(std::size_t index) const;
    bool is_anyone_alive() const;
    void free_place(std::size_t index) const;
    int file() const { return d_memory.get_mapping_handle().handle; }
    std::string slot_name(std::size_t index) const;

    std::string d_name;
    SegmentLayout d_layout;
    std::vector<std::string> d_slot_names;
    std::size_t d_slot;
    boost::interprocess::shared_memory_object d_memory;
    boost::interprocess::mapped_region d_region;
    SegmentHeader* d_header = nullptr;
    RadioSlot* d_slots = nullptr;
};

//! The machine's steady clock, the same in all its processes, ns.
std::int64_t steady_ns();

} // namespace cfisac::radio

#endif
