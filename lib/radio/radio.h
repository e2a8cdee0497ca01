// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RADIO_H
#define INCLUDED_RADIO_RADIO_H

#include "arguments.h"
#include "environment.h"
#include "lockstep.h"
#include "radio_time.h"
#include <SoapySDR/Logger.hpp>
#include <atomic>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/converter.h>
#include <cstdint>
#include <string>
#include <vector>

namespace cfisac::radio {

//! Counts of what went wrong since the device was made.
struct Counters {
    std::atomic<std::uint64_t> overflows{0};  //!< times that a reader was too slow
    std::atomic<std::uint64_t> underflows{0}; //!< times that samples were not there
    std::atomic<std::uint64_t> late{0};       //!< samples dropped, their time past
    std::atomic<std::uint64_t> clipped{0};    //!< samples beyond full scale
    std::atomic<std::uint64_t> lost{0}; //!< transmitted samples that a receiver missed
};

//! A warning that is given at most once a second, with what there was since the last one.
class Warning
{
public:
    //! "isac radio: BEFORE COUNT AFTER"
    void operator()(const std::string& before,
                    std::uint64_t count,
                    const std::string& after);

private:
    std::int64_t d_next_ns = 0;
    std::uint64_t d_count = 0;
};

/*! What the device and the streams of one radio share.
 *
 * Full scale at the antenna connector is gain - 70 dBm of a transmit and -gain dBm of a
 * receive channel, gain from 0 to 100 dB.
 */
struct Radio {
    static constexpr double max_gain_db = 100.0;
    static constexpr double transmit_full_scale_dbm = -70.0; //!< at a gain of 0 dB
    static constexpr double receive_full_scale_dbm = 0.0;    //!< likewise

    explicit Radio(const Arguments& arguments);

    std::size_t channels() const { return gain_db.size(); }
    double full_scale_dbm(std::size_t channel) const;
    //! The magnitude of a sample of full scale at the antenna, sqrt(W).
    float full_scale(std::size_t channel) const;
    //! Environment time, ns.
    std::int64_t now_ns() const;
    //! "environment NAME: access point NAME: ", for messages
    std::string label() const;

    Arguments arguments;
    FrameTiming timing;
    RadioTime time;
    Environment environment;
    //! How far transmit streams may be ahead of time, and receive streams behind it, ns
    std::int64_t ahead_ns;
    std::int64_t behind_ns;
    Lockstep lockstep;
    signal::Converter converter;
    std::vector<std::atomic<double>> gain_db;
    Counters counters;
};

} // namespace cfisac::radio

#endif
