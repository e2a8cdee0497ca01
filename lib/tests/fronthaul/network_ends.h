// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "key_folder.h"

#include <cfisac/fronthaul/packet.h>
#include <cfisac/fronthaul/receiver.h>
#include <cfisac/fronthaul/sender.h>
#include <chrono>
#include <optional>
#include <random>

#include <zmq.hpp>

namespace cfisac::fronthaul::test {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::milliseconds;

constexpr std::uint16_t access_point = 3;
constexpr std::uint64_t scenario_print = 0x1122334455667788ull;
constexpr std::uint64_t model_print = 0x99AABBCCDDEEFF00ull;

inline Bytes packet(std::uint64_t frame,
                    std::uint16_t m = access_point,
                    std::uint64_t scenario = scenario_print,
                    std::uint64_t model = model_print)
{
    Packet p;
    p.access_point = m;
    p.frame = frame;
    p.bits_per_index = 8;
    p.scenario_fingerprint = scenario;
    p.model_fingerprint = model;
    std::mt19937 engine(static_cast<unsigned>(frame));
    for (int i = 0; i < 40; ++i) {
        p.indices.push_back(engine() % 256);
    }
    Bytes bytes(packet_size(8, 40));
    encode(p, bytes.data(), bytes.size());
    return bytes;
}

inline const std::size_t size_of_packet = packet_size(8, 40);

//! A central unit and an access point with keys.
struct Keys {
    KeyPair server = make_key_pair();
    KeyPair client = make_key_pair();
};

inline ReceiverOptions receiver_options(const std::optional<Keys>& keys,
                                        const std::string& address = "tcp://127.0.0.1:*")
{
    ReceiverOptions options;
    options.address = address;
    options.access_point = access_point;
    options.packet_size = size_of_packet;
    options.scenario_fingerprint = scenario_print;
    options.model_fingerprint = model_print;
    if (keys) {
        options.keys = keys->server;
        options.authorised = {{0, make_key_pair().public_key, "other"},
                              {access_point, keys->client.public_key, "mine"}};
    }
    return options;
}

inline SenderOptions sender_options(const std::optional<Keys>& keys,
                                    const std::string& address)
{
    SenderOptions options;
    options.address = address;
    options.packet_size = size_of_packet;
    if (keys) {
        options.keys = keys->client;
        options.server_key = keys->server.public_key;
    }
    return options;
}

//! Packets that come within a time, until there are `most`.
inline std::vector<Bytes> read(Receiver& receiver, std::size_t most, milliseconds wait)
{
    std::vector<Bytes> packets;
    const auto end = std::chrono::steady_clock::now() + wait;
    while (packets.size() < most && std::chrono::steady_clock::now() < end) {
        Bytes bytes(most * size_of_packet);
        const auto count =
            receiver.receive(bytes.data(), most - packets.size(), milliseconds(10));
        for (std::size_t i = 0; i < count; ++i) {
            const auto begin =
                bytes.begin() + static_cast<std::ptrdiff_t>(i * size_of_packet);
            packets.emplace_back(begin,
                                 begin + static_cast<std::ptrdiff_t>(size_of_packet));
        }
    }
    return packets;
}

constexpr auto patience = milliseconds(20000);

//! A peer that sends whatever it likes.
class Peer
{
public:
    Peer(const std::string& address, const std::optional<Keys>& keys)
        : d_socket(d_context, zmq::socket_type::push)
    {
        d_socket.set(zmq::sockopt::linger, 0);
        d_socket.set(zmq::sockopt::reconnect_ivl, 20);
        if (keys) {
            d_socket.set(zmq::sockopt::curve_serverkey, keys->server.public_key);
            d_socket.set(zmq::sockopt::curve_publickey, keys->client.public_key);
            d_socket.set(zmq::sockopt::curve_secretkey, keys->client.secret_key);
        }
        d_socket.connect(address);
    }
    //! Sends when it has a connection, or the hope of one.
    void try_send(const Bytes& bytes)
    {
        d_socket.send(zmq::buffer(bytes), zmq::send_flags::dontwait);
    }
    void send(const Bytes& bytes, bool more = false)
    {
        d_socket.send(zmq::buffer(bytes),
                      more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }

private:
    zmq::context_t d_context;
    zmq::socket_t d_socket;
};

} // namespace cfisac::fronthaul::test
