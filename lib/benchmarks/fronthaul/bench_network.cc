// SPDX-License-Identifier: GPL-3.0-or-later
//
// The fronthaul over the network, encrypted, on loopback and in one process: packets per
// second of eight access points whose packets one thread reads, and the time that a packet is
// under way at the interval of the waveform.
#include <algorithm>
#include <atomic>
#include <benchmark/benchmark.h>
#include <cfisac/fronthaul/packet.h>
#include <cfisac/fronthaul/receiver.h>
#include <cfisac/fronthaul/sender.h>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace cfisac::fronthaul;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint32_t index_count = 400; // about as lite.yml's model sends
constexpr unsigned index_bits = 9;

std::vector<std::uint8_t> packet_of(std::uint16_t access_point, std::uint64_t frame)
{
    Packet packet;
    packet.access_point = access_point;
    packet.frame = frame;
    packet.bits_per_index = index_bits;
    packet.indices.assign(index_count, 5);
    std::vector<std::uint8_t> bytes(packet_size(index_bits, index_count));
    encode(packet, bytes.data(), bytes.size());
    return bytes;
}

//! Both ends of an access point's fronthaul.
struct Pair {
    explicit Pair(std::uint16_t access_point)
    {
        const auto server = make_key_pair();
        const auto client = make_key_pair();
        ReceiverOptions to;
        to.address = "tcp://127.0.0.1:*";
        to.access_point = access_point;
        to.packet_size = packet_size(index_bits, index_count);
        to.keys = server;
        to.authorised = {{access_point, client.public_key, "bench"}};
        receiver = std::make_unique<Receiver>(to);
        SenderOptions from;
        from.address = receiver->address();
        from.packet_size = to.packet_size;
        from.keys = client;
        from.server_key = server.public_key;
        from.linger = milliseconds(0);
        sender = std::make_unique<Sender>(from);
        room.resize(64 * to.packet_size);
        while (receiver->receive(room.data(), 64, milliseconds(5)) == 0) {
            sender->send(packet_of(access_point, 0).data());
        }
    }

    std::unique_ptr<Receiver> receiver;
    std::unique_ptr<Sender> sender;
    std::vector<std::uint8_t> room;
};

void fronthaul_rate(benchmark::State& state)
{
    const auto count = static_cast<std::uint16_t>(state.range(0));
    std::vector<std::unique_ptr<Pair>> pairs;
    for (std::uint16_t m = 0; m < count; ++m) {
        pairs.push_back(std::make_unique<Pair>(m));
    }
    std::atomic<bool> over{false};
    std::thread access_points([&] {
        for (std::uint64_t frame = 1; !over; ++frame) {
            for (std::uint16_t m = 0; m < count; ++m) {
                pairs[m]->sender->send(packet_of(m, frame).data());
            }
        }
    });
    std::int64_t packets = 0;
    for (auto _ : state) {
        for (auto& pair : pairs) {
            packets += static_cast<std::int64_t>(
                pair->receiver->receive(pair->room.data(), 64, milliseconds(1)));
        }
    }
    over = true;
    access_points.join();
    state.SetItemsProcessed(packets);
}
BENCHMARK(fronthaul_rate)->Name("Network/rate")->Arg(1)->Arg(8)->UseRealTime();

void fronthaul_latency(benchmark::State& state)
{
    constexpr auto interval = std::chrono::microseconds(1333);
    Pair pair(0);
    std::vector<double> latencies_us;
    std::uint64_t frame = 1;
    auto next = Clock::now();
    for (auto _ : state) {
        std::this_thread::sleep_until(next += interval);
        const auto bytes = packet_of(0, frame++);
        const auto sent = Clock::now();
        pair.sender->send(bytes.data());
        if (pair.receiver->receive(pair.room.data(), 1, milliseconds(1000)) != 1) {
            state.SkipWithError("a packet is lost");
            break;
        }
        const std::chrono::duration<double> under_way = Clock::now() - sent;
        latencies_us.push_back(1e6 * under_way.count());
        state.SetIterationTime(under_way.count());
    }
    if (!latencies_us.empty()) {
        std::sort(latencies_us.begin(), latencies_us.end());
        state.counters["median_us"] = latencies_us[latencies_us.size() / 2];
        state.counters["p99_us"] = latencies_us[latencies_us.size() * 99 / 100];
    }
}
BENCHMARK(fronthaul_latency)->Name("Network/latency")->UseManualTime()->Iterations(3000);

} // namespace
