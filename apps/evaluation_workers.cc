// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_workers.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace isac::apps {

using cfisac::training::Rendezvous;

namespace {

//! Set for a process that another of this machine has started: "RANK WORKERS PLACE".
constexpr const char* worker_variable = "ISAC_EVALUATE_WORKER";
constexpr const char* own_program = "/proc/self/exe";

//! A port of this machine that nobody listens on.
std::uint16_t free_port()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const auto place = reinterpret_cast<sockaddr*>(&address);
    const bool good = listener >= 0 && ::bind(listener, place, size) == 0 &&
                      ::getsockname(listener, place, &size) == 0;
    if (listener >= 0) {
        ::close(listener);
    }
    if (!good) {
        throw std::runtime_error(std::string("no free port: ") + std::strerror(errno));
    }
    return ntohs(address.sin_port);
}

Rendezvous rendezvous_at(const EvaluationOptions& options, const std::string& place)
{
    const auto colon = place.rfind(':');
    const auto digits = colon == std::string::npos ? "" : place.substr(colon + 1);
    const bool number = !digits.empty() && digits.size() < 6 &&
                        digits.find_first_not_of("0123456789") == std::string::npos;
    const long port = number ? std::stol(digits) : 0;
    if (colon == 0 || port < 1 || port > 65535) {
        throw UsageError("--rendezvous takes HOST:PORT, not '" + place + "'");
    }
    Rendezvous rendezvous;
    rendezvous.host = place.substr(0, colon);
    rendezvous.port = static_cast<std::uint16_t>(port);
    rendezvous.rank = options.rank;
    rendezvous.world = cfisac::training::World(false, options.workers, 1);
    rendezvous.timeout = options.timeout;
    rendezvous.agreement = options.agreement();
    return rendezvous;
}

} // namespace

bool Workers::started_by_another(EvaluationOptions& options)
{
    const char* value = std::getenv(worker_variable);
    if (!value) {
        return false;
    }
    std::istringstream words(value);
    words >> options.rank >> options.workers >> options.rendezvous;
    return true;
}

Workers::Workers(const EvaluationOptions& options, char** argv)
    : d_rank(options.rank), d_count(options.workers)
{
    if (d_count == 1) {
        return;
    }
    auto place = options.rendezvous;
    if (place.empty()) {
        place = "127.0.0.1:" + std::to_string(free_port());
        start(argv, place);
    }
    d_transport = cfisac::training::meet(rendezvous_at(options, place));
}

Workers::~Workers()
{
    for (const auto child : d_children) {
        ::kill(child, SIGTERM); // without effect where it has ended
    }
    for (const auto child : d_children) {
        ::waitpid(child, nullptr, 0);
    }
}

void Workers::start(char** argv, const std::string& place)
{
    const auto parent = ::getpid();
    for (int rank = 1; rank < d_count; rank++) {
        const auto value =
            std::to_string(rank) + " " + std::to_string(d_count) + " " + place;
        const auto child = ::fork();
        if (child < 0) {
            throw std::runtime_error(std::string("a worker cannot be started: ") +
                                     std::strerror(errno));
        }
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGTERM); // none is left behind
            if (::getppid() != parent) {
                ::_exit(failure);
            }
            ::setenv(worker_variable, value.c_str(), 1);
            ::execv(own_program, argv);
            ::_exit(127);
        }
        d_children.push_back(child);
    }
}

std::vector<std::string> Workers::exchange(const std::string& topic,
                                           const std::string& text)
{
    return d_transport ? d_transport->exchange(topic, text)
                       : std::vector<std::string>{text};
}

void Workers::alive()
{
    if (d_transport) {
        d_transport->alive();
    }
}

void Workers::close()
{
    if (d_transport) {
        d_transport->close();
        d_transport.reset();
    }
    for (const auto child : d_children) {
        ::waitpid(child, nullptr, 0);
    }
    d_children.clear();
}

void Workers::fail(const std::string& reason)
{
    if (d_transport) {
        d_transport->fail("worker " + std::to_string(d_rank) + " " + reason);
    }
}

std::string program_folder()
{
    return std::filesystem::read_symlink(own_program).parent_path().string();
}

int run_program(const std::vector<std::string>& command)
{
    std::vector<char*> words;
    for (const auto& word : command) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    const auto child = ::fork();
    if (child == 0) {
        ::dup2(STDERR_FILENO, STDOUT_FILENO);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

} // namespace isac::apps
