// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_CHECKPOINT_H
#define INCLUDED_CFISAC_TRAINING_CHECKPOINT_H

#include <cfisac/training/transport.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::training {

/*! Files from which a training goes on. One process has OUT.checkpoint; of several, each
 * has OUT.checkpoint.ROLE.STEP, such as model.checkpoint.ap0.250, and keeps the last two:
 * whenever one dies there is a step of which all have a file.
 */
class CheckpointFiles
{
public:
    //! \param out OUT, \param several whether there are several processes
    CheckpointFiles(std::string out, const World& world, int rank, bool several);

    //! Where the state after `step` goes.
    std::string path(std::int64_t step) const;
    //! All files of this process.
    std::vector<std::string> files() const;

    /*! The newest step of which all processes have a file, and zero where there is one
     * process; later ones are removed. Nothing where no process has a file.
     * \param transport to the others; null where there is one process
     * \throws std::runtime_error naming who has what where there is no common step
     */
    std::optional<std::int64_t> agree(Transport* transport) const;
    //! Remove all but the newest two.
    void prune() const;
    //! Remove them all, and what an end in the middle of writing has left.
    void remove() const;

private:
    std::vector<std::int64_t> steps() const; // of several processes, ascending
    void remove_leftovers() const;

    std::string d_stem; // OUT.checkpoint or OUT.checkpoint.ROLE
    World d_world;
    bool d_several;
};

} // namespace cfisac::training

#endif
