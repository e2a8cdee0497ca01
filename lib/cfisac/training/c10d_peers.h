// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/training/transport.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

namespace cfisac::training {

//! What the store holds is bytes.
inline std::vector<std::uint8_t> bytes_of(const std::string& text)
{
    return {text.begin(), text.end()};
}

inline std::string text_of(const std::vector<std::uint8_t>& bytes)
{
    return {bytes.begin(), bytes.end()};
}

/*! Knows which processes of a training live. A thread of its own tells the store twice a
 * second that this process lives, and reads the same of the others; the first reason to
 * stop that is found is kept in the store, so that all processes give the same.
 */
class Peers
{
public:
    /*! \param store a connection of its own; every process has written to it once
     * \param timeout for one who lives but does not get on
     */
    Peers(c10::intrusive_ptr<c10d::Store> store,
          const World& world,
          int rank,
          std::chrono::seconds timeout);
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    //! This process gets on.
    void progressed() { d_progress++; }

    //! While it lives, this process waits for others, and is not to blame.
    class Waiting
    {
    public:
        explicit Waiting(Peers& peers) : d_peers(peers)
        {
            d_peers.progressed();
            d_peers.d_waiting = true;
        }
        ~Waiting()
        {
            d_peers.d_waiting = false;
            d_peers.progressed();
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        Peers& d_peers;
    };

    /*! Wait until `done`, asking it again and again.
     * \throws PeerError when a process is gone or stuck, or the training stops
     */
    void wait_until(const std::function<bool()>& done);
    //! A transfer has failed: find out who is gone.
    //! \throws PeerError always
    [[noreturn]] void explain(const std::string& error);
    //! Make `reason` the one for all, unless there is one.
    void stop(const std::string& reason);
    //! End the thread and tell the others; rank 0, who has the store, waits for them.
    void leave();

private:
    using Clock = std::chrono::steady_clock;
    struct Peer {
        std::string state; // as read last
        std::uint64_t progress = 0;
        bool waiting = false;
        bool left = false;
        Clock::time_point seen;       // when its state was another one
        Clock::time_point progressed; // when its progress was another one
    };

    void watch();
    void tell();
    void read(int rank);
    void take_reason(const std::string& reason);
    bool has_reason();
    void check();
    std::string stuck(Clock::time_point since);

    c10::intrusive_ptr<c10d::Store> d_store;
    World d_world;
    int d_rank;
    std::chrono::seconds d_timeout;
    std::atomic<std::uint64_t> d_progress{0};
    std::atomic<bool> d_waiting{false};
    std::atomic<bool> d_end{false};
    std::atomic<Clock::rep> d_last_round;
    std::uint64_t d_beat = 0;
    std::mutex d_mutex; // of the members below
    std::map<int, Peer> d_peers;
    std::string d_reason;
    std::thread d_thread;
};

} // namespace cfisac::training
