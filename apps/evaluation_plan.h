// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_PLAN_H
#define INCLUDED_APPS_EVALUATION_PLAN_H

#include "evaluation_options.h"

#include <cfisac/evaluation/sweep.h>
#include <functional>
#include <set>

namespace isac::apps {

//! A scheme at a point.
struct Contender {
    std::string scheme;
    std::string id;   //!< name, and of a learned one the fingerprint of its model
    std::string file; //!< of its model; empty where there is none
    cfisac::evaluation::SchemeOptions options;
    std::int64_t codewords; //!< of its model, or zero
    std::size_t fronthaul_bits, reference_bits;
    bool estimates_velocity;
};

//! A point of a figure with all schemes that are possible there.
struct PlannedPoint {
    cfisac::evaluation::SweepPoint point;
    std::string id;
    std::int64_t frames;
    std::vector<Contender> contenders;
};

//! A scheme that a figure lacks somewhere.
struct LeftOut {
    std::string scheme;
    std::string reason;
    std::vector<std::string> places; //!< e.g. "targets = 4"
    std::string where;               //!< all of them, or "every point"
};

struct PlannedFigure {
    cfisac::evaluation::Sweep sweep; //!< its points are those below
    std::vector<PlannedPoint> points;
    std::vector<LeftOut> left_out;
};

/*! The figures that are comparisons of schemes.
 * \throws UsageError on a scheme that was asked for by name and is possible nowhere, and on
 * a model that fits no point, saying why
 */
std::vector<PlannedFigure> plan(const EvaluationOptions& options);

//! What the figures lack, one line for each scheme and reason.
std::vector<std::string> left_out_lines(const std::vector<PlannedFigure>& figures);

//! Frames of a scenario that belong together: from `first`, for some of the schemes.
struct WorkItem {
    std::size_t unit; //!< of WorkPlan::units
    std::int64_t first, count;
    std::vector<std::string> schemes; //!< ids, and truth_id
};

//! Where truth and bound are kept beside the schemes.
constexpr const char* truth_id = "truth";
//! Frames of one item, from a multiple of this.
constexpr std::int64_t chunk_frames = 10;

//! What is to be drawn: points that figures share are in it once.
class WorkPlan
{
public:
    explicit WorkPlan(const std::vector<PlannedFigure>& figures);

    struct Unit {
        std::string id;
        std::string where; //!< for people
        cfisac::Scenario scenario;
        std::int64_t frames;
        std::vector<Contender> contenders;
        std::size_t figure; //!< the first that needs it
    };
    const std::vector<Unit>& units() const { return d_units; }

    //! \param known whether (point, scheme, first frame, frames) is there already
    std::vector<WorkItem> items(
        const std::function<bool(
            const std::string&, const std::string&, std::int64_t, std::int64_t)>& known)
        const;

private:
    std::vector<Unit> d_units;
};

//! The items as text for the other processes.
std::string to_text(const std::vector<WorkItem>& items);
std::vector<WorkItem> items_from_text(const std::string& text);

} // namespace isac::apps

#endif
