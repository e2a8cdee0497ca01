// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_MONTE_CARLO_H
#define INCLUDED_CFISAC_EVALUATION_MONTE_CARLO_H

#include <cfisac/evaluation/scheme.h>
#include <cfisac/signal/scene.h>
#include <map>
#include <optional>
#include <string>

namespace cfisac::evaluation {

//! One frame of a scenario, on the device of the layout.
struct Frame {
    at::Tensor transmit;   //!< X [N, N_t, S, T], complex64
    at::Tensor echo;       //!< Y [M, M_r, S, T], complex64
    signal::Scene targets; //!< the truth, [1, Q]
};

//! The frame that (seed, number) give: the same as in a flowgraph or a data set.
Frame draw_frame(const signal::Layout& layout, std::uint64_t seed, std::int64_t number);

//! What is known of one frame; nothing where a scheme had no (finite) estimate.
using Record = std::optional<std::vector<float>>;

/*! The frames of one scenario, drawn once for all schemes; those of a scheme with a scenario
 * of its own have the same targets. A frame depends on the seed and its number alone, and
 * an estimate on its frame. One thread at a time.
 */
class MonteCarlo
{
public:
    //! \param seed of all frames, \param device where they are computed
    MonteCarlo(const Scenario& scenario, at::Device device, std::uint64_t seed);

    /*! Truth and bound: [location × Q, velocity × Q, root bounds of the locations, of the
     * velocities], 2 D Q + 2 Q values, m and m/s.
     */
    Record truth(std::int64_t number);
    /*! [location × Q, velocity × Q], 2 D Q values, m and m/s.
     * \param scheme on the same device
     */
    Record estimates(Scheme& scheme, std::int64_t number);

private:
    //! A scenario and the last of its frames.
    struct Source {
        signal::Layout layout;
        std::int64_t number = -1;
        Frame frame;
    };
    Source& source_of(const Scenario& scenario);
    const Frame& frame_of(Source& source, std::int64_t number) const;

    std::uint64_t d_seed;
    at::Device d_device;
    std::map<std::string, Source> d_sources; //!< by scenario
    Source& d_own;
};

} // namespace cfisac::evaluation

#endif
