// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_SAMPLE_CHANNEL_H
#define INCLUDED_CFISAC_SIGNAL_SAMPLE_CHANNEL_H

#include <cfisac/signal/scene_source.h>
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cfisac::signal {

/*! Clock of a radio: at environment time t it reads (t - offset_s)(1 + 1e-6 ppm). Sample k
 * is made or taken when it reads k / sample rate, and the carrier has the phase 2π f times
 * its reading, with the centre frequency f of FrameTiming.
 */
struct RadioClock {
    static constexpr double most_ppm = 50.0; //!< that a clock may be fast or slow

    double offset_s = 0.0; //!< environment time at which it reads zero
    double ppm = 0.0;      //!< -most_ppm to most_ppm

    //! When it reads `reading_s`, environment time, s.
    double time_s(double reading_s) const
    {
        return offset_s + reading_s / (1.0 + 1e-6 * ppm);
    }
    //! What it reads at environment time `time_s`, s.
    double reading_s(double time_s) const
    {
        return (time_s - offset_s) * (1.0 + 1e-6 * ppm);
    }
    //! The clock that reads the same at `time_s` and then runs at `new_ppm`.
    RadioClock with_ppm(double new_ppm, double time_s) const
    {
        const double change = 1e-6 * (new_ppm - ppm) / (1.0 + 1e-6 * new_ppm);
        return {offset_s + (time_s - offset_s) * change, new_ppm};
    }
};

//! Samples that the transmit radios have sent, by sample number of each radio's clock.
class SampleSource
{
public:
    virtual ~SampleSource() = default;
    /*! Copy samples [first, first + count) of all antennas of transmit access point n;
     * zeros where nothing was sent, or is not there any more.
     * \param antennas [N_t], room for `count` samples each, sqrt(W)
     */
    virtual void read(int n,
                      std::int64_t first,
                      std::int64_t count,
                      std::complex<float>* const* antennas) = 0;
};

//! What is between the antennas beside what reflects.
struct SampleChannelOptions {
    bool direct_path = true; //!< from every transmit to every receive access point
    double direct_path_gain_db = 0.0; //!< over that of the path loss
    //! ξ_z² per resource element and antenna; that of the scenario where there is none
    std::optional<double> noise_dbm;
    std::uint64_t seed = 0;                  //!< of the noise
    std::vector<RadioClock> transmit_clocks; //!< [N]; perfect ones where empty
    std::vector<RadioClock> receive_clocks;  //!< [M]; likewise
};

/*! Propagation of samples from the transmit to the receive radios.
 *
 * Sample k of receive access point m is taken at environment time t, when its clock reads
 * r = k / f_s. A path over reflector q from transmit access point n has the length
 * d(t) = |p_n - p_q(t)| + |p_q(t) - p_m|, delay τ = d / c, and left when the transmit clock
 * read s, that is, at sample s f_s, which is interpolated:
 *
 *   y_m[k] = Σ a_r sqrt(PL(d)) β_{n,m,q} exp(j2π f_c τ_0) exp(j2π f (s - r)) a_t^H x_n(s f_s)
 *
 * with the steering vectors (1), (2) of the direction, the centre frequency f of FrameTiming
 * and the delay τ_0 from where the scene has its reference. So delay and Doppler frequency
 * are those of the motion, and demodulating gives (6): subcarrier i arrives with
 * exp(-j2π ((f_c + i Δf) τ - f_c τ_0)), which is (6) as long as i Δf (τ - τ_0) is small; where
 * the reflector is at its reference, the carrier has the phase of β alone. What an OFDM symbol
 * sees of the Doppler phase is the mean over the samples of its transform, which lies in their
 * middle; (6) counts from the symbol's first sample. The direct path is one with length
 * |p_n - p_m|, β = 10^(gain/20) and τ_0 = τ.
 *
 * The position of a reflector is that at t, not at t - |p_q - p_m|/c: what it moves while the
 * wave travels on is left out, which changes the phase of its path by a constant in the first
 * order.
 *
 * Errors: x is interpolated by a windowed sinc of 24 taps, right to -60 dB in the inner 80 %
 * of the band. Amplitude and steering vectors are those of the middle of blocks of 128 samples,
 * the carrier's phase is linear in them, and the delay constant where it moves less than
 * 1/4000 of a sample in a block, which is right to -70 dB, and linear otherwise, for speeds up
 * to 10 km/s. A reflector that turns by φ in a block, seen from an access point R away, has a
 * phase at antenna a that is wrong by up to 2π φ (R φ/8 + a d/2) / λ_c, with the array's spacing
 * d: -113 dB for a = 1 and 15 m/s at 300 m with sdr_2x2.yml. In the block in which a side throws
 * a reflector back, its change of velocity happens at the whole sample.
 *
 * Noise is CN(0, fft_size ξ²) for each sample and antenna and follows from (seed, m, antenna,
 * k), so that it is ξ² per resource element.
 *
 * Samples depend on the arguments and what was sent alone, and are the same however calls are
 * cut. Calls that begin and end at multiples of `block` cost least. Not to be used by several
 * threads at a time.
 */
class SampleChannel
{
public:
    //! Samples that are worked out at a time.
    static constexpr std::int64_t block = 128;
    //! Longest path, s.
    static constexpr double longest_delay_s = 0.01;

    /*! \throws ScenarioError for a scenario without `radio`, or a wrong one
     * \throws std::invalid_argument naming the option that is wrong, or the pair of access
     * points at one place, between which a direct path has no path loss
     */
    SampleChannel(const Scenario& scenario,
                  std::shared_ptr<SceneSource> scenes,
                  const SampleChannelOptions& options = {});
    ~SampleChannel();

    /*! Samples [first, first + count) of receive access point m.
     * \param antennas [M_r], room for `count` samples each, sqrt(W)
     * \throws std::invalid_argument when there is no such access point, `count` is negative,
     * or a path is longer than `longest_delay_s`
     */
    void receive(int m,
                 std::int64_t first,
                 std::int64_t count,
                 SampleSource& sent,
                 std::complex<float>* const* antennas);

    /*! Which samples of transmit access point n the samples [first, first + count) of receive
     * access point m depend on: from the first to before the second number, which are equal
     * where no path leads from n to m. Works out every path in between. Errors as for
     * receive(), and std::invalid_argument when there is no such transmit access point.
     */
    std::pair<std::int64_t, std::int64_t> needs(int m,
                                                int n,
                                                std::int64_t first,
                                                std::int64_t count) const;

    /*! What sample k may depend on at most, whatever the scene is: as needs() of one sample
     * over a path of `longest_delay_s`, and over the direct one, than which none is shorter.
     * Both numbers grow with k, by 0, 1 or 2 from sample to sample. Takes no time to speak of.
     * \throws std::invalid_argument when there is no such access point
     */
    std::pair<std::int64_t, std::int64_t> reach(int m, int n, std::int64_t k) const;

    //! Environment time of sample k of receive access point m, s.
    //! \throws std::invalid_argument when there is no such access point
    double time_s(int m, std::int64_t k) const;
    //! Samples per second.
    double sample_rate_hz() const;

    //! From the next call on. Errors as for the constructor, and nothing is changed then.
    void set_noise_dbm(double noise_dbm);
    //! As set_noise_dbm().
    void set_direct_path(bool on, double gain_db);
    //! As set_noise_dbm().
    void set_clocks(const std::vector<RadioClock>& transmit,
                    const std::vector<RadioClock>& receive);
    //! As set_noise_dbm().
    void set_scenes(std::shared_ptr<SceneSource> scenes);

private:
    class State;
    std::unique_ptr<State> d_state;
};

} // namespace cfisac::signal

#endif
