// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SAMPLE_PATHS_H
#define CFISAC_SIGNAL_SAMPLE_PATHS_H

#include <cfisac/signal/sample_channel.h>
#include <complex>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace cfisac::signal {

//! Cosines of the angles between a direction and the axes of an array.
struct ArrayCosines {
    double first;
    double second; //!< of planar arrays
};

/*! A path during a block of samples, in the middle of which it is computed. Sample k of the
 * receiver is made of what was sent at sample k + shift + position, with `position` for the
 * middle of the block and `drift` more at its end than at its start.
 */
struct SamplePath {
    int transmitter;
    std::int64_t begin, end; //!< samples of the block, those of the receiver
    std::int64_t shift;
    double position; //!< 0 to 1
    double drift;    //!< samples per block
    double turns;    //!< phase of the carriers at the first sample of the block
    double step;     //!< from sample to sample, in turns
    std::complex<double> gain;
    ArrayCosines departing; //!< at the transmit array
    ArrayCosines arriving;  //!< likewise
};

//! Geometry of the paths to the receive access points, over time.
class SamplePaths
{
public:
    SamplePaths(const Scenario& scenario,
                std::shared_ptr<SceneSource> scenes,
                const SampleChannelOptions& options);

    void set_direct_path(bool on, double gain_db);
    void set_clocks(const std::vector<RadioClock>& transmit,
                    const std::vector<RadioClock>& receive);
    void set_scenes(std::shared_ptr<SceneSource> scenes);

    double time_s(int m, std::int64_t k) const;
    //! Append the paths to receive access point m that reach it in block number `index`.
    void add(int m, std::int64_t index, std::vector<SamplePath>& paths);
    /*! How many samples later by its own clock transmit access point n sends what reaches m in
     * a block, in whole samples rounded down as SamplePath::shift: over the longest path
     * that there may be, and over the shortest. */
    std::pair<std::int64_t, std::int64_t> shifts(int m, int n, std::int64_t index) const;
    //! Paths of the scene that block number `index` starts with.
    std::int64_t count(int m, std::int64_t index);

    const Scenario scenario;
    const FrameTiming timing;

private:
    //! The scene as a receive access point sees it, and for which of its samples.
    struct View {
        std::int64_t from = 0;
        std::int64_t until = 0; //!< equal: nothing is there yet
        double time_s = 0.0;
        std::int64_t count = 0;
        std::vector<double> position, velocity;       //!< [Q, D]
        std::vector<std::complex<double>> reflection; //!< [N, Q]
        std::vector<double> reference_s;              //!< [N, Q], delay
    };
    struct Leg {
        double length_m, rate_mps;
        ArrayCosines cosines;
    };

    const View& view(int m, std::int64_t k);
    void fill(View& view, int m, const SceneAt& scene) const;
    //! How much more the clock of n reads when a sample leaves than that of m when it
    //! arrives, s, in the middle of a block.
    double ahead_s(int m, int n, std::int64_t index, double delay_s) const;
    //! First sample of m at a time or later.
    std::int64_t first_sample(int m, double time_s) const;
    Leg leg(const AccessPoint& point, const double* place, const double* velocity) const;
    double amplitude(double length_m) const;
    void require_direct_paths() const;
    void add_path(int m,
                  int n,
                  std::int64_t index,
                  const Leg& transmit,
                  const Leg& receive,
                  double reference_s,
                  std::complex<double> reflection,
                  SamplePath path,
                  std::vector<SamplePath>& paths) const;

    std::shared_ptr<SceneSource> d_scenes;
    bool d_direct_path;
    double d_direct_gain = 1.0;
    std::vector<double> d_direct_m; //!< [N, M], from access point to access point
    std::vector<RadioClock> d_transmit_clocks;
    std::vector<RadioClock> d_receive_clocks;
    std::vector<View> d_views; //!< [M]
    std::vector<double> d_place;
};

} // namespace cfisac::signal

#endif
