// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/c10d_peers.h"

#include <algorithm>
#include <sstream>

namespace cfisac::training {

namespace {

using namespace std::chrono_literals;

constexpr auto beat_interval = 500ms;
constexpr auto gone_after = 5s;       // without a beat
constexpr auto silent_after = 2500ms; // the same, for one who is not waited for
constexpr auto store_gone_after = 6s; // without an answer of the store
constexpr auto explain_within = 8s;
constexpr auto leave_within = 8s;
constexpr const char* reason_key = "reason";

std::string state_key(int rank) { return "state/" + std::to_string(rank); }
std::string left_key(int rank) { return "left/" + std::to_string(rank); }

} // namespace

Peers::Peers(c10::intrusive_ptr<c10d::Store> store,
             const World& world,
             int rank,
             std::chrono::seconds timeout)
    : d_store(std::move(store)),
      d_world(world),
      d_rank(rank),
      d_timeout(timeout),
      d_last_round(Clock::now().time_since_epoch().count())
{
    const auto now = Clock::now();
    for (int other = 0; other < world.size(); other++) {
        if (other != rank) {
            d_peers[other].seen = d_peers[other].progressed = now;
        }
    }
    d_thread = std::thread([this] { watch(); });
}

Peers::~Peers()
{
    d_end = true;
    if (d_thread.joinable()) {
        d_thread.join();
    }
}

void Peers::watch()
{
    while (!d_end) {
        try {
            tell();
            if (d_store->check({reason_key})) {
                take_reason(text_of(d_store->get(reason_key)));
            }
            for (int rank = 0; rank < d_world.size(); rank++) {
                if (rank != d_rank) {
                    read(rank);
                }
            }
        } catch (const std::exception&) { // the store is in the process of rank 0
            take_reason(d_world.describe(0) + " is gone");
            return;
        }
        d_last_round = Clock::now().time_since_epoch().count();
        for (auto slept = 0ms; slept < beat_interval && !d_end; slept += 50ms) {
            std::this_thread::sleep_for(50ms);
        }
    }
}

void Peers::tell()
{
    std::ostringstream state;
    state << d_beat++ << " " << d_progress << " " << d_waiting;
    d_store->set(state_key(d_rank), bytes_of(state.str()));
}

void Peers::read(int rank)
{
    const bool started = d_store->check({state_key(rank)});
    const auto state = started ? text_of(d_store->get(state_key(rank))) : "";
    const bool left = d_store->check({left_key(rank)});
    const auto now = Clock::now();
    bool gone = false;
    {
        const std::lock_guard lock(d_mutex);
        auto& peer = d_peers.at(rank);
        peer.left = left;
        if (state != peer.state) {
            std::istringstream words(state);
            std::uint64_t beat = 0, progress = 0;
            words >> beat >> progress >> peer.waiting;
            peer.seen = now;
            if (progress != peer.progress) {
                peer.progressed = now;
            }
            peer.progress = progress;
            peer.state = state;
        }
        gone = !left && now - peer.seen > gone_after && d_reason.empty();
    }
    if (gone) {
        stop(d_world.describe(rank) + " is gone");
    }
}

void Peers::take_reason(const std::string& reason)
{
    const std::lock_guard lock(d_mutex);
    if (d_reason.empty()) {
        d_reason = reason;
    }
}

bool Peers::has_reason()
{
    const std::lock_guard lock(d_mutex);
    return !d_reason.empty();
}

void Peers::stop(const std::string& reason)
{
    if (has_reason()) {
        return;
    }
    try {
        take_reason(
            text_of(d_store->compareSet(reason_key, {}, bytes_of(reason)))); // the first
    } catch (const std::exception&) {
        take_reason(d_world.describe(0) + " is gone");
    }
}

void Peers::check()
{
    const Clock::time_point round{Clock::duration(d_last_round)};
    if (Clock::now() - round > store_gone_after) {
        take_reason(d_world.describe(0) + " is gone");
    }
    const std::lock_guard lock(d_mutex);
    if (!d_reason.empty()) {
        throw PeerError(d_reason);
    }
}

std::string Peers::stuck(Clock::time_point since)
{
    const auto now = Clock::now();
    const std::lock_guard lock(d_mutex);
    auto latest = since;
    std::string names;
    for (const auto& [rank, peer] : d_peers) {
        latest = std::max(latest, peer.progressed);
        if (!peer.waiting) {
            names += (names.empty() ? "" : ", ") + d_world.describe(rank);
        }
    }
    if (now - latest < d_timeout) {
        return "";
    }
    return (names.empty() ? "all processes wait for each other; nothing has happened"
                          : names + " has not answered") +
           " for " + std::to_string(d_timeout.count()) + " s";
}

void Peers::wait_until(const std::function<bool()>& done)
{
    const Waiting waiting(*this);
    const auto since = Clock::now();
    auto pause = 20us;
    while (!done()) {
        check();
        const auto who = stuck(since);
        if (!who.empty()) {
            stop(who);
            check();
        }
        std::this_thread::sleep_for(pause);
        pause = std::min<std::chrono::microseconds>(pause * 3 / 2, 1000us);
    }
}

void Peers::explain(const std::string& error)
{
    const auto until = Clock::now() + explain_within;
    while (Clock::now() < until) {
        check();
        std::this_thread::sleep_for(20ms);
    }
    stop("the connection to another process has failed: " +
         error.substr(0, error.find('\n')));
    check();
    throw PeerError(error);
}

void Peers::leave()
{
    d_end = true;
    if (d_thread.joinable()) {
        d_thread.join();
    }
    const auto now = Clock::now();
    try {
        d_store->set(left_key(d_rank), bytes_of("1"));
        if (d_rank != 0) {
            return;
        }
        for (const auto& [rank, peer] : d_peers) {
            const bool lives = now - peer.seen < silent_after;
            while (lives && !d_store->check({left_key(rank)}) &&
                   Clock::now() < now + leave_within) {
                std::this_thread::sleep_for(20ms);
            }
        }
    } catch (const std::exception&) { // the store is gone, so nobody waits
    }
}

} // namespace cfisac::training
