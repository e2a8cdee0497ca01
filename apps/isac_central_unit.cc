// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"
#include "deployment/central_unit.h"

#include <algorithm>
#include <cctype>

namespace {

using namespace isac::apps;

constexpr unsigned long largest_port = 65535;

Program program()
{
    Program p;
    p.name = "isac_central_unit";
    p.usage =
        "--scenario FILE (--model FILE | --scheme NAME) --listen ADDRESS [options]\n"
        "       isac_central_unit --config FILE [options]";
    p.summary =
        "The central unit without a screen: hears the access points, estimates, and "
        "gives\n"
        "the estimates to whoever wants them, as JSON or CSV. It runs until SIGTERM,\n"
        "SIGINT or --frames; packets that have come are worked off then. A second "
        "signal\n"
        "ends it at once.\n"
        "\n"
        "Exit code: 0 after a clean stop, 1 when something failed, 2 for wrong "
        "arguments.";
    auto add = p.options.add_options();
    const auto text = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    add_shared_options(p.options);
    add("listen",
        po::value<std::string>()
            ->default_value("tcp://0.0.0.0:5550")
            ->value_name("ADDRESS"),
        "tcp://HOST:PORT for access point 0; access point M has PORT + M. With the port "
        "* "
        "each has a free one, which the line \"ready\" tells");
    add("authorised-file", text("FILE"), "keys of the access points, see isac_keygen");
    add("deadline-s",
        po::value<Number>()->default_value(Number{0.1}, "0.1")->value_name("T"),
        "how long after its first packet a frame waits for the others, s; 0 for ever");
    add("publish-zmq",
        text("ADDRESS"),
        "estimates as JSON over ZeroMQ (PUB), e.g. tcp://127.0.0.1:5600");
    add("publish-udp", text("HOST:PORT"), "estimates as JSON, a datagram each");
    add("estimates",
        text("FILE"),
        "CSV file for the estimates, a line for each target of a frame; one that is "
        "there "
        "goes on");
    add_service_options(p.options);
    return p;
}

/*! What each access point's fronthaul listens at.
 * \throws UsageError on what is no such address, or a port beyond the last
 */
std::vector<std::string> addresses_of(const std::string& listen, std::size_t count)
{
    const std::string transport = "tcp://";
    const auto colon = listen.rfind(':');
    const auto port = colon == std::string::npos ? "" : listen.substr(colon + 1);
    const bool any = port == "*";
    const bool digits = !port.empty() && port.size() <= 5 &&
                        std::all_of(port.begin(), port.end(), [](unsigned char c) {
                            return std::isdigit(c);
                        });
    if (listen.compare(0, transport.size(), transport) != 0 ||
        colon <= transport.size() || !(any || digits)) {
        throw UsageError("--listen '" + listen + "': want tcp://HOST:PORT");
    }
    const auto first = any ? 1 : std::stoul(port);
    if (first < 1 || first + (any ? 0 : count - 1) > largest_port) {
        throw UsageError("--listen '" + listen + "': " + std::to_string(count) +
                         " access points need ports from 1 to " +
                         std::to_string(largest_port));
    }
    std::vector<std::string> addresses;
    for (std::size_t m = 0; m < count; ++m) {
        addresses.push_back(
            any ? listen : listen.substr(0, colon + 1) + std::to_string(first + m));
    }
    return addresses;
}

CentralUnitSettings settings_of(const po::variables_map& values)
{
    CentralUnitSettings s;
    s.queue = queue_of(values);
    s.compute = compute_of(values);
    s.frames = frames_of(values);
    s.security = word_of(values, "security", {"curve", "none"});
    s.deadline_s = values["deadline-s"].as<Number>().value;
    s.scenario = deployed_scenario(values);
    s.addresses = addresses_of(text_of(values, "listen"), s.scenario.receive.size());
    s.scheme = scheme_of(values, s.scenario);
    s.seed = values["seed"].as<Seed>().value;
    s.key_file = text_of(values, "key-file");
    s.authorised_file = text_of(values, "authorised-file");
    s.publish_zmq = text_of(values, "publish-zmq");
    s.publish_udp = text_of(values, "publish-udp");
    s.estimates = text_of(values, "estimates");
    if (s.estimates == "-") {
        throw UsageError("--estimates -: stdout has the lines of health; name a file");
    }
    return s;
}

} // namespace

int main(int argc, char** argv)
{
    return run_service<CentralUnit>(program, settings_of, argc, argv);
}
