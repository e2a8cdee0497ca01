// SPDX-License-Identifier: GPL-3.0-or-later
#include "key_folder.h"

#include <algorithm>
#include <cfisac/fronthaul/publisher.h>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.hpp>

namespace cfisac::fronthaul::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

PublisherOptions options()
{
    PublisherOptions options;
    options.largest = 1000;
    return options;
}

//! A socket that datagrams come to.
class Mailbox
{
public:
    Mailbox() : d_socket(::socket(AF_INET, SOCK_DGRAM, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        EXPECT_EQ(::bind(d_socket, reinterpret_cast<sockaddr*>(&address), length), 0);
        EXPECT_EQ(::getsockname(d_socket, reinterpret_cast<sockaddr*>(&address), &length),
                  0);
        d_address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        const timeval patience{20, 0};
        ::setsockopt(d_socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    }
    ~Mailbox() { ::close(d_socket); }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    const std::string& address() const { return d_address; }
    std::string read() const
    {
        std::string text(70000, '\0');
        const auto size = ::recv(d_socket, text.data(), text.size(), 0);
        EXPECT_GE(size, 0);
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return text;
    }

private:
    const int d_socket;
    std::string d_address;
};

//! A reader that subscribes to everything, once it is known that it hears.
class Reader
{
public:
    explicit Reader(Publisher& publisher, int queue = 1000)
        : d_socket(d_context, zmq::socket_type::sub)
    {
        d_socket.set(zmq::sockopt::linger, 0);
        d_socket.set(zmq::sockopt::rcvhwm, queue);
        d_socket.set(zmq::sockopt::rcvtimeo, 50);
        d_socket.set(zmq::sockopt::subscribe, "");
        d_socket.connect(publisher.zmq_address());
        for (const auto end = Clock::now() + milliseconds(20000); Clock::now() < end;) {
            publisher.publish("hello");
            if (read() == "hello") {
                break;
            }
        }
    }
    //! The next text, or nothing.
    std::string read()
    {
        zmq::message_t message;
        const auto size = d_socket.recv(message);
        EXPECT_FALSE(message.more());
        return size ? message.to_string() : "";
    }
    //! The next text that is no greeting.
    std::string read_news()
    {
        std::string text;
        for (const auto end = Clock::now() + milliseconds(20000);
             (text.empty() || text == "hello") && Clock::now() < end;) {
            text = read();
        }
        return text;
    }

private:
    zmq::context_t d_context;
    zmq::socket_t d_socket;
};

TEST(Publisher, GivesTextsToAllReaders)
{
    const Mailbox mailbox;
    auto both = options();
    both.zmq_address = "tcp://127.0.0.1:*";
    both.udp_address = mailbox.address();
    Publisher publisher(both);
    EXPECT_EQ(publisher.zmq_address().find("tcp://127.0.0.1:"), 0u);
    Reader first(publisher);
    Reader second(publisher);
    const auto greetings = publisher.counts().published;
    publisher.publish("one");
    publisher.publish(std::string(1000, 'x'));
    for (Reader* reader : {&first, &second}) {
        EXPECT_EQ(reader->read_news(), "one");
        EXPECT_EQ(reader->read_news(), std::string(1000, 'x'));
    }
    for (std::uint64_t k = 0; k < greetings; ++k) {
        EXPECT_EQ(mailbox.read(), "hello");
    }
    EXPECT_EQ(mailbox.read(), "one");
    EXPECT_EQ(mailbox.read(), std::string(1000, 'x'));
    EXPECT_EQ(publisher.counts().published, greetings + 2);
    EXPECT_EQ(publisher.counts().datagrams_dropped, 0u);
}

TEST(Publisher, WaitsForNoReader)
{
    auto zmq = options();
    zmq.zmq_address = "tcp://127.0.0.1:*";
    zmq.udp_address = "127.0.0.1:9"; // nobody is there
    zmq.largest = 60000;
    zmq.queue = 4;
    zmq.linger = milliseconds(0);
    Publisher publisher(zmq);
    Reader slow(publisher, 4); // reads nothing from here on
    const std::string text(60000, 'y');
    const auto start = Clock::now();
    for (int k = 0; k < 2000; ++k) {
        publisher.publish(text);
    }
    // 120 MB, of which the reader and the network take a few.
    EXPECT_LT(Clock::now() - start, milliseconds(10000));
    Reader quick(publisher);
    publisher.publish("news");
    EXPECT_EQ(quick.read_news(), "news");
}

TEST(Publisher, LetsTextsGoOutAtTheEnd)
{
    auto zmq = options();
    zmq.zmq_address = "tcp://127.0.0.1:*";
    zmq.linger = milliseconds(10000);
    auto publisher = std::make_unique<Publisher>(zmq);
    Reader reader(*publisher);
    for (int k = 0; k < 20; ++k) {
        publisher->publish(std::to_string(k));
    }
    publisher.reset();
    for (int k = 0; k < 20; ++k) {
        EXPECT_EQ(reader.read_news(), std::to_string(k));
    }
}

TEST(Publisher, RefusesWhatCannotBe)
{
    const auto refusal = [](const auto& change) {
        auto wrong = options();
        wrong.udp_address = "127.0.0.1:9";
        change(wrong);
        return error_of([&] { Publisher publisher(wrong); });
    };
    EXPECT_EQ(refusal([](auto&) {}), "");
    EXPECT_NE(refusal([](auto& o) { o.udp_address = ""; }).find("no address"),
              std::string::npos);
    for (const char* address : {"localhost",
                                "localhost:",
                                ":9",
                                "localhost:0",
                                "::1:9",
                                "localhost:65536",
                                "localhost:x",
                                "localhost:99999999999"}) {
        EXPECT_NE(refusal([&](auto& o) { o.udp_address = address; }).find(address),
                  std::string::npos)
            << address;
    }
    EXPECT_EQ(refusal([](auto& o) { o.largest = largest_datagram; }), "");
    EXPECT_NE(refusal([](auto& o) { o.largest = largest_datagram + 1; }).find("65508"),
              std::string::npos);
    EXPECT_NE(refusal([](auto& o) { o.queue = 0; }).find("queue"), std::string::npos);
    EXPECT_NE(refusal([](auto& o) {
                  o.udp_address = "no.such.host.invalid:9";
              }).find("no.such.host.invalid"),
              std::string::npos);
    EXPECT_NE(refusal([](auto& o) { o.zmq_address = "tcp://nowhere"; }).find("nowhere"),
              std::string::npos);
    auto right = options();
    right.udp_address = "127.0.0.1:9";
    Publisher publisher(right);
    EXPECT_THROW(publisher.publish(std::string(1001, 'z')), std::invalid_argument);
    EXPECT_EQ(publisher.counts().published, 0u);
}

} // namespace
} // namespace cfisac::fronthaul::test
