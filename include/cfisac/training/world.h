// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_WORLD_H
#define INCLUDED_CFISAC_TRAINING_WORLD_H

#include <cstdint>
#include <string>
#include <vector>

namespace cfisac::training {

//! What a process trains.
enum class Role { all, access_point, central_unit };

//! Ranks of processes that exchange something, ascending.
using Group = std::vector<int>;

/*! The processes of a training. A worker is one replica of all roles: a single process, or
 * a central unit and M access points, each a process. Of W workers, rank w (M + 1) is the
 * central unit of worker w and rank w (M + 1) + 1 + m its access point m; where a worker
 * is one process, its rank is w.
 */
class World
{
public:
    //! One process with all roles.
    World() = default;
    /*! \param split whether every role is a process
     * \param workers W, \param receivers M
     * \throws std::invalid_argument where a number is below one
     */
    World(bool split, std::int64_t workers, std::int64_t receivers);

    //! Processes of the training.
    int size() const { return static_cast<int>(d_workers * processes()); }
    //! W
    std::int64_t workers() const { return d_workers; }
    //! Whether every role is a process.
    bool split() const { return d_split; }

    //! What a process trains.
    Role role(int rank) const;
    //! The worker that a process belongs to.
    std::int64_t worker(int rank) const { return rank / processes(); }
    //! Whether it has the central unit's role.
    bool is_central_unit(int rank) const { return rank == central_unit(worker(rank)); }
    //! Whether it has the role of that access point.
    bool is_access_point(int rank, std::int64_t receiver) const
    {
        return rank == access_point(worker(rank), receiver);
    }

    //! Ranks of the roles of a worker.
    int central_unit(std::int64_t worker) const;
    //! Rank of that access point of a worker.
    int access_point(std::int64_t worker, std::int64_t receiver) const;
    //! The same role in all workers.
    Group central_units() const;
    //! That access point of all workers.
    Group access_points(std::int64_t receiver) const;
    //! All access points of all workers.
    Group all_access_points() const;

    //! For people: "access point 1 of worker 0 (rank 2)".
    std::string describe(int rank) const;
    //! For file names: "cu", "ap1", "all"; with ".w1" behind for worker 1 and so on.
    std::string label(int rank) const;

private:
    std::int64_t processes() const { return d_split ? d_receivers + 1 : 1; }

    bool d_split = false;
    std::int64_t d_workers = 1;
    std::int64_t d_receivers = 1;
};

} // namespace cfisac::training

#endif
