// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission.h"

#include <cfisac/fronthaul/keys.h>
#include <utility>

namespace cfisac::fronthaul {
namespace {

// Parts of a request, ZAP 1.0.
constexpr std::size_t at_version = 0;
constexpr std::size_t at_request = 1;
constexpr std::size_t at_address = 3;
constexpr std::size_t at_mechanism = 5;
constexpr std::size_t at_credentials = 6;

constexpr std::size_t raw_key_size = 32;

} // namespace

Admission::Admission(std::string public_key, std::uint16_t access_point)
    : d_public_key(std::move(public_key)), d_access_point(std::to_string(access_point))
{
}

std::uint64_t Admission::decide(const std::string& address,
                                const std::string& mechanism,
                                const std::vector<std::uint8_t>& credentials)
{
    if (d_public_key.empty() && mechanism == "NULL") {
        return ++d_admitted;
    }
    std::string reason = "without a key";
    if (!d_public_key.empty() && mechanism == "CURVE" &&
        credentials.size() == raw_key_size) {
        char key[key_length + 1];
        zmq_z85_encode(key, credentials.data(), credentials.size());
        if (d_public_key == key) {
            return ++d_admitted;
        }
        reason = std::string("with the key ") + key +
                 ", which is not authorised for access point " + d_access_point;
    }
    ++d_refused;
    note("connection from " + address + " " + reason);
    return 0;
}

void Admission::note(const std::string& text)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_last_refusal = text;
}

std::string Admission::last_refusal() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_last_refusal;
}

Authenticator::Authenticator(zmq::context_t& context, Admission& admission)
    : d_context(context), d_admission(admission), d_socket(context, zmq::socket_type::rep)
{
    d_socket.set(zmq::sockopt::linger, 0);
    d_socket.bind("inproc://zeromq.zap.01");
    d_thread = std::thread([this] { run(); });
}

Authenticator::~Authenticator()
{
    d_context.shutdown();
    d_thread.join();
}

void Authenticator::run()
{
    for (;;) {
        try {
            std::vector<zmq::message_t> request;
            do {
                request.emplace_back();
                static_cast<void>(d_socket.recv(request.back()));
            } while (request.back().more());
            answer(request);
        } catch (const zmq::error_t& error) {
            if (error.num() != EINTR) {
                return; // ETERM. Nobody is admitted without an answer.
            }
        }
    }
}

void Authenticator::answer(const std::vector<zmq::message_t>& request)
{
    std::uint64_t connection = 0;
    if (request.size() > at_mechanism && request[at_version].to_string() == "1.0") {
        std::vector<std::uint8_t> credentials;
        if (request.size() > at_credentials) {
            const auto* begin = request[at_credentials].data<std::uint8_t>();
            credentials.assign(begin, begin + request[at_credentials].size());
        }
        connection = d_admission.decide(request[at_address].to_string(),
                                        request[at_mechanism].to_string(),
                                        credentials);
    }
    const auto id =
        request.size() > at_request ? request[at_request].to_string() : std::string();
    const bool admitted = connection > 0;
    const std::vector<std::string> parts{"1.0",
                                         id,
                                         admitted ? "200" : "400",
                                         admitted ? "" : "not authorised",
                                         admitted ? std::to_string(connection) : "",
                                         ""};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        d_socket.send(zmq::buffer(parts[i]),
                      i + 1 < parts.size() ? zmq::send_flags::sndmore
                                           : zmq::send_flags::none);
    }
}

} // namespace cfisac::fronthaul
