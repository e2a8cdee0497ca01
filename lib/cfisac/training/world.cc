// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/world.h>

#include <algorithm>
#include <stdexcept>

namespace cfisac::training {

World::World(bool split, std::int64_t workers, std::int64_t receivers)
    : d_split(split), d_workers(workers), d_receivers(receivers)
{
    if (workers < 1 || receivers < 1) {
        throw std::invalid_argument("a training needs at least one worker and one access "
                                    "point, got " +
                                    std::to_string(workers) + " and " +
                                    std::to_string(receivers));
    }
}

Role World::role(int rank) const
{
    if (!d_split) {
        return Role::all;
    }
    return is_central_unit(rank) ? Role::central_unit : Role::access_point;
}

int World::central_unit(std::int64_t worker) const
{
    return static_cast<int>(worker * processes());
}

int World::access_point(std::int64_t worker, std::int64_t receiver) const
{
    return static_cast<int>(worker * processes() + (d_split ? 1 + receiver : 0));
}

Group World::central_units() const
{
    Group group;
    for (std::int64_t worker = 0; worker < d_workers; worker++) {
        group.push_back(central_unit(worker));
    }
    return group;
}

Group World::access_points(std::int64_t receiver) const
{
    Group group;
    for (std::int64_t worker = 0; worker < d_workers; worker++) {
        group.push_back(access_point(worker, receiver));
    }
    return group;
}

Group World::all_access_points() const
{
    Group group;
    for (std::int64_t receiver = 0; receiver < d_receivers; receiver++) {
        const auto more = access_points(receiver);
        group.insert(group.end(), more.begin(), more.end());
    }
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
    return group;
}

std::string World::describe(int rank) const
{
    const auto worker_name = "worker " + std::to_string(worker(rank));
    const auto rank_name = " (rank " + std::to_string(rank) + ")";
    switch (role(rank)) {
    case Role::central_unit:
        return "central unit of " + worker_name + rank_name;
    case Role::access_point:
        return "access point " + std::to_string(rank - central_unit(worker(rank)) - 1) +
               " of " + worker_name + rank_name;
    default:
        return worker_name + rank_name;
    }
}

std::string World::label(int rank) const
{
    const auto worker_label =
        worker(rank) == 0 ? "" : ".w" + std::to_string(worker(rank));
    switch (role(rank)) {
    case Role::central_unit:
        return "cu" + worker_label;
    case Role::access_point:
        return "ap" + std::to_string(rank - central_unit(worker(rank)) - 1) +
               worker_label;
    default:
        return "all" + worker_label;
    }
}

} // namespace cfisac::training
