// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_ENDING_H
#define INCLUDED_APPS_DEPLOYMENT_ENDING_H

#include <atomic>
#include <cstdint>
#include <memory>

namespace isac::apps {

/*! Where the stream of frames of an access point ends: what is behind works off what has come,
 * and then the flowgraph ends. From any thread.
 */
class Ending
{
public:
    //! \param most frames that pass, 0 for no end
    explicit Ending(std::uint64_t most) : d_most(most) {}

    void end() { d_over = true; }
    //! Whether the last frame has passed.
    bool over() const { return d_over || (d_most > 0 && d_passed >= d_most); }
    //! Of `frames` how many may pass.
    std::uint64_t may_pass(std::uint64_t frames) const
    {
        const auto left = d_most - d_passed;
        return d_over ? 0 : d_most > 0 && left < frames ? left : frames;
    }
    void note_passed(std::uint64_t frames) { d_passed += frames; }
    std::uint64_t passed() const { return d_passed; }

private:
    const std::uint64_t d_most;
    std::atomic<bool> d_over{false};
    std::atomic<std::uint64_t> d_passed{0};
};

} // namespace isac::apps

#endif
