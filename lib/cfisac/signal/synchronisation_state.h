// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_STATE_H
#define CFISAC_SIGNAL_SYNCHRONISATION_STATE_H

#include "synchronisation_meter.h"
#include "synchronisation_search.h"
#include "synchronisation_tracker.h"
#include "synchronisation_turn.h"
#include <cfisac/signal/synchronisation.h>
#include <functional>

namespace cfisac::signal {

//! The latest time that radios may tell, s: places of samples remain whole numbers.
double latest_time_s(const FrameTiming& timing);

//! Samples of some antennas from a place in their streams on.
class SampleWindow
{
public:
    explicit SampleWindow(int antennas) : d_samples(antennas) {}

    const std::vector<Samples>& samples() const { return d_samples; }
    std::int64_t begin() const { return d_begin; }
    std::int64_t next() const
    {
        return d_next;
    } //!< place of the next sample in the stream
    bool empty() const { return d_samples.front().empty(); }

    //! Forget what is before a place; samples that were not kept become zeros.
    void keep_from(std::int64_t place);
    //! Forget everything; the next sample is at `next`.
    void restart(std::int64_t next);
    //! Take samples up to the place `end`. \return how many
    std::size_t take(const std::vector<const std::complex<float>*>& samples,
                     std::size_t offset,
                     std::size_t count,
                     std::int64_t end);

private:
    std::vector<Samples> d_samples;
    std::int64_t d_begin = 0;
    std::int64_t d_next = 0;
};

//! What a Synchroniser does: one stage after the other.
class Synchroniser::State
{
public:
    State(const Scenario& scenario,
          int receiver,
          const SynchronisationSettings& settings);

    void set_time(const RadioTime& time);
    std::size_t push(const std::vector<const std::complex<float>*>& samples,
                     std::size_t count);
    std::size_t read(const std::vector<std::complex<float>*>& samples, std::size_t count);

    const FrameTiming timing;
    const int antennas;
    int misses_allowed;
    bool locked = false;
    bool reading = false;
    SynchronisedFrame frame;
    SynchronisationCounts counts;
    std::vector<SynchronisationEvent> events;

private:
    enum class Stage { searching, measuring, collecting };

    // Places, counted in samples of the stream.
    int guard() const;
    PreambleGuess guess(int n) const;
    std::int64_t arrival(int n) const;
    std::int64_t first_wanted() const;
    std::int64_t last_wanted() const;
    std::int64_t header_place() const;
    std::optional<RadioTime> time_of(std::int64_t place) const;

    std::int64_t target() const;
    void step();
    void search();
    bool acquire(std::int64_t peak);
    void measure();
    void note_seen(bool any);
    void choose_start();
    //! What the header says behind a preamble of access point 0, which sends it.
    std::optional<std::uint32_t> header_behind(const PreambleMeasurement& preamble) const;
    void read_number(const PreambleMeasurement& preamble);
    void advance(std::int64_t frames);
    void begin_search(std::int64_t from);
    void lose(int misses);
    //! The next whole frame by the schedule.
    void schedule();
    std::int64_t samples_missing(const RadioTime& time) const;
    void jump_to(const RadioTime& time, std::int64_t jump);
    double mean(const std::function<double(const OffsetTracker&)>& value) const;
    void report();

    const bool d_by_time;
    const double d_start_time_s;
    std::vector<double> d_delay; //!< [N] of the direct paths, samples
    PreambleSearch d_search;
    PreambleMeter d_meter;
    const std::int64_t d_behind; //!< samples needed from a peak of the search on
    const std::int64_t d_before; //!< and before it
    const std::int64_t d_search_samples;

    SampleWindow d_window;
    Stage d_stage = Stage::searching;
    std::int64_t d_from = 0; //!< where the search goes on
    std::complex<double> d_steady =
        0.0;                  //!< what it took for a tone, of a sample's product
    std::int64_t d_start = 0; //!< of the frame that is worked on
    std::uint64_t d_number = 0;
    std::int64_t d_renumber = 0; //!< what the last header differed by
    int d_misses = 0;
    std::vector<OffsetTracker> d_trackers; //!< [N]
    std::vector<int> d_unseen;             //!< [N] frames since it was seen
    std::vector<double> d_snr;             //!< [N] when it was seen last
    std::optional<RadioTime> d_time;       //!< of the sample d_time_place
    std::int64_t d_time_place = 0;
    std::int64_t d_read = 0; //!< samples of the payload that were read
};

} // namespace cfisac::signal

#endif
