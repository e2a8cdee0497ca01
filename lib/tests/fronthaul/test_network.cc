// SPDX-License-Identifier: GPL-3.0-or-later
#include "network_ends.h"

#include <memory>
#include <thread>

namespace cfisac::fronthaul {
namespace {

using namespace test;

class Network : public testing::TestWithParam<bool>
{
protected:
    Network()
    {
        if (GetParam()) {
            keys.emplace();
        }
    }
    std::optional<Keys> keys;
};

TEST_P(Network, PacketsArriveBitExactly)
{
    Receiver receiver(receiver_options(keys));
    auto options = sender_options(keys, receiver.address());
    options.queue = 1000;
    Sender sender(options);
    for (std::uint64_t frame = 0; frame < 500; ++frame) {
        sender.send(packet(frame).data());
    }
    std::vector<Bytes> got;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (got.size() < 500 && std::chrono::steady_clock::now() < end) {
        sender.send(packet(500).data()); // lets what waits go out
        for (auto& each : read(receiver, 500 - got.size(), milliseconds(10))) {
            got.push_back(std::move(each));
        }
    }
    ASSERT_EQ(got.size(), 500u);
    for (std::uint64_t frame = 0; frame < 500; ++frame) {
        EXPECT_EQ(got[frame], packet(frame)) << frame;
    }
    EXPECT_TRUE(sender.connected());
    const auto counts = receiver.counts();
    EXPECT_EQ(counts.received, 500u);
    EXPECT_EQ(counts.lost + counts.late + counts.corrupt + counts.foreign, 0u);
    EXPECT_EQ(counts.refused + counts.connections_refused, 0u);
    EXPECT_EQ(receiver.last_refusal(), "");
}

TEST_P(Network, WhatIsNoPacketIsCountedAndDropped)
{
    Receiver receiver(receiver_options(keys));
    Peer peer(receiver.address(), keys);
    const auto settled = [&](std::uint64_t frame) {
        peer.send(packet(frame));
        const auto got = read(receiver, 1, patience);
        ASSERT_EQ(got.size(), 1u);
        EXPECT_EQ(got[0], packet(frame)); // and nothing else was passed on
    };
    settled(10);

    Bytes bytes = packet(11);
    bytes.pop_back();
    peer.send(bytes);
    peer.send({});
    peer.send(Bytes(7, 0xFF));
    settled(11);
    EXPECT_EQ(receiver.counts().corrupt, 3u);

    bytes = packet(12);
    bytes.resize(bytes.size() + 1);
    peer.send(bytes);
    bytes.resize(size_of_packet + 700);
    peer.send(bytes);
    settled(12);
    EXPECT_EQ(receiver.counts().corrupt, 5u);

    for (std::size_t bit = 0; bit < 8 * size_of_packet; ++bit) {
        bytes = packet(13);
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        peer.send(bytes);
        if (bit % 32 == 0) { // room for the others
            EXPECT_TRUE(read(receiver, 1, milliseconds(1)).empty());
        }
    }
    settled(13);
    EXPECT_EQ(receiver.counts().corrupt, 5u + 8 * size_of_packet);

    peer.send(packet(14), true);
    peer.send(packet(14));
    settled(14);
    EXPECT_EQ(receiver.counts().corrupt, 6u + 8 * size_of_packet);

    peer.send(packet(15, access_point, scenario_print + 1));
    peer.send(packet(15, access_point, scenario_print, model_print ^ 1));
    settled(15);
    EXPECT_EQ(receiver.counts().foreign, 2u);

    peer.send(packet(16, access_point + 1));
    settled(16);
    EXPECT_EQ(receiver.counts().refused, 1u);
    EXPECT_NE(receiver.last_refusal().find("access point 4"), std::string::npos);

    peer.send(packet(16));
    peer.send(packet(10));
    peer.send(packet(16));
    settled(17);
    EXPECT_EQ(receiver.counts().duplicate, 3u);
    settled(20);
    peer.send(packet(18));
    peer.send(packet(18));
    settled(21);
    EXPECT_EQ(receiver.counts().late, 1u);
    EXPECT_EQ(receiver.counts().duplicate, 4u);
    EXPECT_EQ(receiver.counts().lost, 2u);
    EXPECT_EQ(receiver.counts().received, 10u);
    EXPECT_EQ(receiver.counts().connections_refused, 0u);
}

TEST_P(Network, MessageFarTooLargeEndsItsConnectionUnread)
{
    Receiver receiver(receiver_options(keys));
    Peer peer(receiver.address(), keys);
    peer.send(packet(1));
    ASSERT_EQ(read(receiver, 1, patience).size(), 1u);
    peer.send(Bytes(1 << 20, 0x55));
    EXPECT_TRUE(read(receiver, 1, milliseconds(200)).empty());
    // The peer connects again.
    std::vector<Bytes> got;
    for (std::uint64_t frame = 2; got.empty() && frame < 500; ++frame) {
        peer.send(packet(frame));
        got = read(receiver, 1, milliseconds(50));
    }
    EXPECT_EQ(got.size(), 1u);
    EXPECT_EQ(receiver.counts().received, 2u);
}

TEST_P(Network, ReceiverMayComeBack)
{
    auto options = receiver_options(keys);
    auto receiver = std::make_unique<Receiver>(options);
    options.address = receiver->address();
    Sender sender(sender_options(keys, options.address));
    std::uint64_t frame = 0;
    const auto until_heard = [&] {
        std::vector<Bytes> got;
        const auto end = std::chrono::steady_clock::now() + patience;
        while (got.empty() && std::chrono::steady_clock::now() < end) {
            sender.send(packet(frame++).data());
            got = read(*receiver, 1000, milliseconds(10));
        }
        return !got.empty();
    };
    EXPECT_TRUE(until_heard());
    receiver.reset();
    for (int i = 0; i < 200; ++i) {
        sender.send(packet(frame++).data());
        std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_FALSE(sender.connected());
    EXPECT_GE(sender.counts().dropped, 200u - 64u - 64u);
    receiver = std::make_unique<Receiver>(options);
    EXPECT_TRUE(until_heard());
    EXPECT_TRUE(sender.connected());
    // The same one, closed and opened.
    receiver->close();
    receiver->open();
    EXPECT_EQ(receiver->address(), options.address);
    EXPECT_TRUE(until_heard());
    EXPECT_EQ(receiver->counts().duplicate, 0u);
}

TEST_P(Network, SenderMayComeBackAndCountAnew)
{
    Receiver receiver(receiver_options(keys));
    for (int round = 0; round < 3; ++round) {
        auto options = sender_options(keys, receiver.address());
        options.linger = patience;
        Sender sender(options);
        for (std::uint64_t frame = 0; frame < 20; ++frame) {
            sender.send(packet(frame).data());
        }
        sender.close(); // what waits goes out first
        EXPECT_EQ(sender.counts().sent, 20u);
        const auto got = read(receiver, 20, patience);
        ASSERT_EQ(got.size(), 20u);
        EXPECT_EQ(got[19], packet(19));
    }
    const auto counts = receiver.counts();
    EXPECT_EQ(counts.received, 60u);
    EXPECT_EQ(counts.lost + counts.late + counts.duplicate + counts.refused, 0u);
}

TEST_P(Network, OfTwoWithOneKeyTheSecondIsHeard)
{
    Receiver receiver(receiver_options(keys));
    Peer first(receiver.address(), keys);
    first.send(packet(1));
    ASSERT_EQ(read(receiver, 1, patience).size(), 1u);
    Peer second(receiver.address(), keys);
    second.send(packet(1));
    ASSERT_EQ(read(receiver, 1, patience).size(), 1u);
    first.send(packet(2));
    EXPECT_TRUE(read(receiver, 1, milliseconds(300)).empty());
    EXPECT_EQ(receiver.counts().refused, 1u);
    EXPECT_NE(receiver.last_refusal().find("another one"), std::string::npos);
    second.send(packet(2));
    EXPECT_EQ(read(receiver, 1, patience).size(), 1u);
}

TEST_P(Network, TheFirstIsHeardAgainWhenTheSecondIsGone)
{
    Receiver receiver(receiver_options(keys));
    Peer first(receiver.address(), keys);
    first.send(packet(1));
    EXPECT_EQ(read(receiver, 1, patience), std::vector<Bytes>{packet(1)});
    {
        Peer second(receiver.address(), keys);
        second.send(packet(2));
        EXPECT_EQ(read(receiver, 1, patience), std::vector<Bytes>{packet(2)});
    }
    // It has not been restarted, and goes on as if nothing had been.
    std::uint64_t frame = 3;
    const auto end = std::chrono::steady_clock::now() + patience;
    std::vector<Bytes> heard;
    while (heard.empty() && std::chrono::steady_clock::now() < end) {
        first.send(packet(frame));
        heard = read(receiver, 1, milliseconds(100));
        ++frame;
    }
    EXPECT_EQ(heard, std::vector<Bytes>{packet(frame - 1)});
    EXPECT_GT(receiver.counts().refused, 1u);
    EXPECT_EQ(receiver.counts().late + receiver.counts().duplicate, 0u);
}

TEST_P(Network, NobodyListensOldestAreDropped)
{
    auto options = sender_options(keys, "tcp://127.0.0.1:1");
    options.queue = 5;
    options.linger = milliseconds(20);
    Sender sender(options);
    for (std::uint64_t frame = 0; frame < 12; ++frame) {
        sender.send(packet(frame).data());
    }
    EXPECT_EQ(sender.counts().dropped, 7u);
    EXPECT_EQ(sender.counts().sent, 0u);
    EXPECT_FALSE(sender.connected());
    sender.close();
    EXPECT_EQ(sender.counts().dropped, 12u);
}

TEST_P(Network, NobodyReadsQueuesAreBounded)
{
    auto to = receiver_options(keys);
    to.queue = 10;
    Receiver receiver(to);
    auto from = sender_options(keys, receiver.address());
    from.queue = 10;
    Sender sender(from);
    sender.send(packet(0).data());
    ASSERT_TRUE([&] {
        for (int i = 0; i < 2000 && !sender.connected(); ++i) {
            std::this_thread::sleep_for(milliseconds(10));
            sender.send(packet(0).data());
        }
        return sender.connected();
    }());
    const std::uint64_t frames = 200000;
    for (std::uint64_t frame = 1; frame <= frames; ++frame) {
        sender.send(packet(frame).data());
    }
    EXPECT_GT(sender.counts().dropped, 0u);
    EXPECT_LT(sender.counts().sent, frames);
    // The newest ones get through once somebody reads.
    std::uint64_t newest = 0;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (newest != frames && std::chrono::steady_clock::now() < end) {
        sender.send(packet(frames).data());
        for (const auto& bytes : read(receiver, 1000, milliseconds(20))) {
            PacketHeader header;
            ASSERT_EQ(read_header(bytes.data(), bytes.size(), size_of_packet, header),
                      PacketStatus::ok);
            EXPECT_GE(header.frame, newest);
            newest = header.frame;
        }
    }
    EXPECT_EQ(newest, frames);
    const auto counts = receiver.counts();
    EXPECT_EQ(counts.received + counts.lost, frames + 1);
}

INSTANTIATE_TEST_SUITE_P(Security,
                         Network,
                         testing::Values(false, true),
                         [](const auto& info) {
                             return std::string(info.param ? "Curve" : "None");
                         });

//! What a receiver with keys does with a peer; nothing may get through.
void expect_refused(Receiver& receiver, Peer& peer)
{
    for (std::uint64_t frame = 0; frame < 10; ++frame) {
        peer.try_send(packet(frame));
    }
    EXPECT_TRUE(read(receiver, 1, milliseconds(500)).empty());
    EXPECT_EQ(receiver.counts().received, 0u);
}

TEST(NetworkKeys, WithoutTheAuthorisedKeyNobodyIsLetIn)
{
    const Keys keys;
    Receiver receiver(receiver_options(keys));

    Keys wrong = keys;
    wrong.client = make_key_pair();
    Peer stranger(receiver.address(), wrong);
    expect_refused(receiver, stranger);
    EXPECT_GE(receiver.counts().connections_refused, 1u);
    EXPECT_NE(receiver.last_refusal().find(wrong.client.public_key), std::string::npos);

    Peer bare(receiver.address(), std::nullopt); // no encryption at all
    expect_refused(receiver, bare);

    wrong = keys;
    wrong.server = make_key_pair(); // the right key, shown to another central unit
    Peer astray(receiver.address(), wrong);
    expect_refused(receiver, astray);

    Peer right(receiver.address(), keys);
    right.send(packet(5));
    EXPECT_EQ(read(receiver, 1, patience).size(), 1u);
}

TEST(NetworkKeys, SenderTellsThatItIsRefusedAndTriesAgain)
{
    const Keys keys;
    auto options = receiver_options(keys);
    options.authorised[1].public_key = make_key_pair().public_key;
    auto receiver = std::make_unique<Receiver>(options);
    options.address = receiver->address();
    Sender sender(sender_options(keys, options.address));
    const auto end = std::chrono::steady_clock::now() + patience;
    std::uint64_t frame = 0;
    while (sender.counts().refused < 2 && std::chrono::steady_clock::now() < end) {
        sender.send(packet(frame++).data());
        std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_GE(sender.counts().refused, 2u);
    EXPECT_GE(receiver->counts().connections_refused, 2u);
    EXPECT_EQ(sender.counts().sent, 0u);
    EXPECT_FALSE(sender.connected());
    // The key is authorised and the central unit begins anew.
    receiver.reset();
    options.authorised[1].public_key = keys.client.public_key;
    receiver = std::make_unique<Receiver>(options);
    std::vector<Bytes> got;
    while (got.empty() && std::chrono::steady_clock::now() < end) {
        sender.send(packet(frame++).data());
        got = read(*receiver, 1, milliseconds(10));
    }
    EXPECT_EQ(got.size(), 1u);
}

TEST(NetworkOptions, WrongOnesAreNamed)
{
    const auto expect_error = [](const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    auto options = receiver_options(std::nullopt);
    options.packet_size = 5;
    expect_error(error_of([&] { Receiver receiver(options); }), "packet size");
    options = receiver_options(std::nullopt);
    options.queue = 0;
    expect_error(error_of([&] { Receiver receiver(options); }), "queue");
    options = receiver_options(std::nullopt, "nonsense");
    expect_error(error_of([&] { Receiver receiver(options); }), "nonsense");
    options = receiver_options(Keys());
    options.authorised.pop_back();
    expect_error(error_of([&] { Receiver receiver(options); }), "access point 3");

    Receiver first(receiver_options(std::nullopt));
    expect_error(error_of([&] {
                     Receiver second(receiver_options(std::nullopt, first.address()));
                 }),
                 first.address());
    auto to = sender_options(std::nullopt, "nonsense");
    expect_error(error_of([&] { Sender sender(to); }), "nonsense");
    to = sender_options(std::nullopt, "tcp://127.0.0.1:1");
    to.queue = 100000;
    expect_error(error_of([&] { Sender sender(to); }), "queue");
}

} // namespace
} // namespace cfisac::fronthaul
