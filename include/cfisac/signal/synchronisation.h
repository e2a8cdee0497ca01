// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_SYNCHRONISATION_H
#define INCLUDED_CFISAC_SIGNAL_SYNCHRONISATION_H

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/preamble.h>
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cfisac::signal {

/*! Where a receive access point takes frames from, and when it gives up. */
struct SynchronisationSettings {
    /*! Whether frame k starts at `start_time_s` + k periods of the receiver's time, and the
     * preambles tell the offsets only; otherwise frames start where their preambles are. */
    bool by_time = false;
    double start_time_s = 0.0; //!< of frame 0, in the receiver's time
    //! Frames in a row without any preamble that the lock survives
    int misses_allowed = 10;
    //! Probability that noise passes the search within one period of frames
    double false_alarm = 1e-6;
};

//! What a receive access point knows of a transmit access point in a frame.
struct PreambleReport {
    bool seen = false;         //!< whether its preamble was found in this frame
    double snr_db = 0.0;       //!< of the direct path, per sample, mean of the antennas
    double timing_s = 0.0;     //!< timing offset, filtered; what remains after correction
    double frequency_hz = 0.0; //!< frequency offset, filtered; before correction
};

//! Time of a radio: full seconds and the rest of them.
struct RadioTime {
    std::uint64_t seconds = 0; //!< whole ones
    //! 0 ≤ fraction < 1, s
    double fraction = 0.0;
};

//! A frame that was cut out of the samples.
struct SynchronisedFrame {
    std::uint64_t number = 0;            //!< of its header or of the schedule
    std::int64_t start = 0;              //!< sample that was taken for its start
    bool locked = false;                 //!< after this frame
    int misses = 0;                      //!< frames without a preamble, this one the last
    double frequency_hz = 0.0;           //!< common offset that was taken off
    std::optional<RadioTime> time;       //!< of the first sample of the payload
    std::vector<PreambleReport> reports; //!< [N]
};

//! Something to tell a user.
struct SynchronisationEvent {
    //! What has happened.
    enum class Kind {
        locked,  //!< found the frames; see `reports`
        missed,  //!< a frame without any preamble
        lost,    //!< too many of them; after none, a jump that was too far
        jump,    //!< the radio's time jumped by `samples`, `frames` frames are damaged
        renumber //!< the headers count otherwise now
    };
    Kind kind;                                //!< what has happened
    std::uint64_t frame = 0;                  //!< at which it happened
    int misses = 0;                           //!< frames in a row without any preamble
    std::int64_t samples = 0;                 //!< by which time jumped
    std::uint64_t frames = 0;                 //!< damaged ones
    std::vector<PreambleReport> reports = {}; //!< [N]
};

//! What a synchroniser has done since it was made.
struct SynchronisationCounts {
    std::uint64_t frames = 0;  //!< cut out
    std::uint64_t missed = 0;  //!< of them, those without any preamble
    std::uint64_t dropped = 0; //!< damaged by a jump of time
    std::uint64_t locks = 0;   //!< times that frames were found
    std::uint64_t losses = 0;  //!< times that they were lost
};

/*! Finds frames (see FrameTiming) in the samples of a receive access point's antennas,
 * measures the timing and frequency offset of every transmit access point on its preamble
 * and cuts the payloads out.
 *
 * **Search** (unless frames start by time): autocorrelation at the lag of one repetition
 * over every access point's preamble, divided by the energy (Schmidl and Cox, "Robust
 * frequency and timing synchronization for OFDM", IEEE Trans. Commun. 45(12), 1997), the
 * squares summed over access points; its phase is a coarse frequency offset. What a steady
 * tone brings everywhere is taken off first, and places of a tone that comes and goes are
 * passed over. A place above the threshold is taken when an access point's sequence is found
 * there and, where there is one, the header's check holds: the header is read on the
 * strongest path of access point 0, which sends it, also where other access points are
 * stronger or come some samples earlier or later.
 *
 * **Measurement**: correlation with the access point's sequence, coherent over a few
 * repetitions and non-coherent over the rest and the antennas, finds its strongest path;
 * where its place is not known to less than a repetition, all of them are added coherently to
 * tell it. Around it the channel of the occupied bins is resolved into up to four paths, one
 * at a time and then all together (Li and Stoica, "Efficient mixed-spectrum estimation with
 * applications to target feature extraction", IEEE Trans. Signal Process. 44(2), 1996); the
 * earliest one within 15 dB of the strongest is the direct path. The frequency offset is
 * the maximum likelihood over the repetitions.
 *
 * **Tracking**: an offset of f_o Hz says that the transmitter's clock is ε = f_o/f_c fast,
 * and with it its sample clock: its frames come ε periods earlier each time. A Kalman filter
 * of timing and frequency offset for every access point follows this; its measurement noise
 * is the Cramér-Rao bound, its process noise a clock that wanders by 3e-10 from frame to
 * frame. A measurement far from what was expected counts only when a second one follows.
 * Frames without any preamble are cut out where they are expected, up to
 * `misses_allowed`; then the lock is lost. By time, frames are cut out without a lock too.
 *
 * **Correction**: samples are taken from where what left the access points at the start of
 * the payload would arrive without delay, in whole samples; the direct path of access point
 * n arrives |p_n - p_m|/c later. The mean of the frequency offsets, weighted by SNR, is taken
 * off. What remains are the offsets (30) of every access point, the timing offset as of the
 * middle of the payload.
 *
 * Samples are counted from the first one that is pushed. Samples of about one frame are
 * kept.
 */
class Synchroniser
{
public:
    /*!
     * \param receiver the receive access point; its place tells the direct paths' delays
     * \throws std::invalid_argument on a wrong receiver or setting, naming it
     * \throws ScenarioError for a scenario without `radio`
     */
    Synchroniser(const Scenario& scenario,
                 int receiver,
                 const SynchronisationSettings& settings);
    ~Synchroniser();
    Synchroniser(const Synchroniser&) = delete;
    Synchroniser& operator=(const Synchroniser&) = delete;

    int antennas() const; //!< M_r
    //! Where what is in a frame.
    const FrameTiming& timing() const;

    /*! Time of the sample that is pushed next. One that does not continue the time before
     * says that samples are missing: the frame they belong to is dropped, the lock stays.
     * It is lost when the time goes back or leaves out more frames than may be missed. Not to
     * be called while there is a frame.
     * \throws std::invalid_argument on a fraction that is none, or a time after the year
     * 2286
     */
    void set_time(const RadioTime& time);

    /*! Take samples, up to the end of a frame's payload.
     * \param samples [antennas], `count` samples each
     * \return samples taken; all of them unless there is a frame now
     * \throws std::runtime_error by time, before it was told the time
     */
    std::size_t push(const std::vector<const std::complex<float>*>& samples,
                     std::size_t count);

    //! The frame whose payload is to be read before samples are taken again.
    const SynchronisedFrame* frame() const;
    /*! Read on in the payload, corrected.
     * \param samples [antennas], `count` samples each; the rest of the payload at most
     * \return samples written; the frame is done with after its last one
     */
    std::size_t read(const std::vector<std::complex<float>*>& samples, std::size_t count);

    //! What has happened since the last call.
    std::vector<SynchronisationEvent> take_events();

    //! Whether frames are found.
    bool locked() const;
    //! What was done so far.
    const SynchronisationCounts& counts() const;
    //! See SynchronisationSettings. \throws std::invalid_argument below zero
    void set_misses_allowed(int misses);

private:
    class State;
    const std::unique_ptr<State> d_state;
};

} // namespace cfisac::signal

#endif
