// SPDX-License-Identifier: GPL-3.0-or-later
#include "network_ends.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include <unistd.h>

namespace cfisac::fronthaul {
namespace {

using namespace test;

// Sanitizers keep what is freed for a while, to see who still uses it, and books on it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool freed_memory_is_kept = true;
#else
constexpr bool freed_memory_is_kept = false;
#endif

//! Memory of this process that is in use, bytes.
std::size_t resident()
{
    std::size_t total = 0;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> total >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(NetworkFaults, EveryFrameOnceOrLostOfAMillion)
{
    constexpr std::uint64_t frames = 1000000;
    const Keys keys;
    Receiver receiver(receiver_options(keys));
    std::atomic<bool> done{false};
    std::thread access_point([&] {
        std::mt19937 engine(3);
        auto options = sender_options(keys, receiver.address());
        options.queue = 4096;
        Sender sender(options);
        const auto one_percent = [&] { return engine() % 100 == 0; };
        std::uint64_t held = 0; // a frame that comes later, 0 for none
        for (std::uint64_t frame = 1; frame < frames; ++frame) {
            if (one_percent()) {
                continue; // lost
            }
            if (held == 0 && one_percent()) {
                held = frame;
                continue;
            }
            const auto bytes = packet(frame);
            sender.send(bytes.data());
            if (one_percent()) {
                sender.send(bytes.data());
            }
            if (held != 0 && engine() % 5 == 0) {
                sender.send(packet(held).data());
                held = 0;
            }
        }
        // What is on the way when a connection breaks shows as lost with the next frame
        // that comes, so frames go on until the last of the million is behind.
        for (std::uint64_t frame = frames; !done; ++frame) {
            sender.send(packet(frame).data());
            std::this_thread::sleep_for(milliseconds(20));
        }
    });
    std::uint64_t newest = 0;
    std::uint64_t passed = 0;
    std::uint64_t first = 0;
    std::uint64_t wrong = 0;
    std::size_t before = 0;
    Bytes bytes(64 * size_of_packet);
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (newest < frames && std::chrono::steady_clock::now() < end) {
        const auto count = receiver.receive(bytes.data(), 64, milliseconds(10));
        for (std::size_t i = 0; i < count; ++i) {
            const auto* data = bytes.data() + i * size_of_packet;
            PacketHeader header;
            EXPECT_EQ(read_header(data, size_of_packet, size_of_packet, header),
                      PacketStatus::ok);
            const auto expected = packet(header.frame);
            wrong += !std::equal(expected.begin(), expected.end(), data);
            EXPECT_GT(header.frame, newest);
            newest = header.frame;
            first = passed++ == 0 ? newest : first;
        }
        if (before == 0 && passed > frames / 10) {
            before = resident();
        }
    }
    done = true;
    access_point.join();
    EXPECT_GE(newest, frames);
    EXPECT_EQ(wrong, 0u);
    const auto counts = receiver.counts();
    EXPECT_EQ(counts.received, passed);
    EXPECT_EQ(counts.received + counts.lost, newest - first + 1);
    EXPECT_GT(counts.late, 0u);
    EXPECT_GT(counts.duplicate, 0u);
    EXPECT_LE(counts.late, counts.lost);
    EXPECT_EQ(counts.corrupt + counts.foreign + counts.refused, 0u);
    if (!freed_memory_is_kept) {
        EXPECT_LT(resident(), before + (std::size_t{8} << 20));
    }
}

} // namespace
} // namespace cfisac::fronthaul
