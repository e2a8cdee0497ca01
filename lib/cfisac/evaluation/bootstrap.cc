// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistics.h"

#include <cfisac/evaluation/bootstrap.h>
#include <cmath>
#include <random>
#include <stdexcept>
#include <string>

namespace cfisac::evaluation {
namespace {

//! Errors of one quantity, and its scores in every resample.
class Resampled
{
public:
    Resampled(const std::vector<FrameErrors>& frames,
              std::vector<double> FrameErrors::*errors)
    {
        for (const auto& frame : frames) {
            const auto& own = frame.*errors;
            if (own.size() != (frames.front().*errors).size()) {
                throw std::invalid_argument(
                    "bootstrap: frames have " + std::to_string(own.size()) + " and " +
                    std::to_string((frames.front().*errors).size()) + " targets");
            }
            d_errors.insert(d_errors.end(), own.begin(), own.end());
        }
        d_targets = frames.empty() ? 0 : (frames.front().*errors).size();
    }

    void add(const std::vector<std::size_t>& drawn)
    {
        if (d_targets == 0) {
            return;
        }
        d_drawn.clear();
        for (const auto frame : drawn) {
            const auto first =
                d_errors.begin() + static_cast<std::ptrdiff_t>(frame * d_targets);
            d_drawn.insert(
                d_drawn.end(), first, first + static_cast<std::ptrdiff_t>(d_targets));
        }
        d_rmse.push_back(root_mean_square(d_drawn));
        d_median.push_back(quantile_in_place(d_drawn, 0.5));
    }

    Interval rmse(double level) const { return ends(d_rmse, level); }
    Interval median(double level) const { return ends(d_median, level); }

private:
    static Interval ends(const std::vector<double>& scores, double level)
    {
        const double outside = (1.0 - level) / 2.0;
        return {quantile(scores, outside), quantile(scores, 1.0 - outside)};
    }

    std::vector<double> d_errors; //!< frame by frame, target by target
    std::size_t d_targets = 0;
    std::vector<double> d_drawn; //!< of one resample
    std::vector<double> d_rmse, d_median;
};

} // namespace

ScoreIntervals bootstrap(const std::vector<FrameErrors>& frames,
                         const BootstrapOptions& options)
{
    if (options.resamples == 0 || !(options.level > 0.0 && options.level < 1.0)) {
        throw std::invalid_argument("bootstrap: " + std::to_string(options.resamples) +
                                    " resamples, level " + std::to_string(options.level));
    }
    Resampled location(frames, &FrameErrors::location_m);
    Resampled velocity(frames, &FrameErrors::velocity_mps);
    // The words of this generator are fixed by the standard; those of the standard's
    // distributions are not.
    std::mt19937_64 words(options.seed);
    std::vector<std::size_t> drawn(frames.size());
    for (std::size_t k = 0; !frames.empty() && k < options.resamples; k++) {
        for (auto& frame : drawn) {
            frame = static_cast<std::size_t>(((words() >> 32) * frames.size()) >> 32);
        }
        location.add(drawn);
        velocity.add(drawn);
    }
    return {location.rmse(options.level),
            location.median(options.level),
            velocity.rmse(options.level),
            velocity.median(options.level)};
}

} // namespace cfisac::evaluation
