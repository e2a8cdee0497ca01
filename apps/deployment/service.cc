// SPDX-License-Identifier: GPL-3.0-or-later
#include "service.h"
#include "key_values.h"
#include "notify.h"
#include "simulate/flowgraph.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>
#include <stdexcept>

namespace isac::apps {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

constexpr auto look_every = std::chrono::milliseconds(20);
constexpr auto second = std::chrono::seconds(1);
//! For what is under way to go out; what a fronthaul_sink waits for comes after.
constexpr auto longest_end = std::chrono::seconds(5);

void print_line(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

//! A service while it runs.
class Run
{
public:
    Run(Service& service, const ServiceOptions& options, const InterruptGuard& guard)
        : d_service(service), d_options(options), d_guard(guard)
    {
    }

    void start()
    {
        d_service.flowgraph().start();
        d_over = std::async(std::launch::async, [this] { d_service.flowgraph().wait(); });
        print_line(key_values("ready", d_service.about()));
        notify_systemd("READY=1");
    }

    void wait()
    {
        while (d_over.wait_for(look_every) != std::future_status::ready) {
            const auto now = Clock::now();
            if (now - d_second >= second) {
                d_second = now;
                notify_systemd("WATCHDOG=1");
                d_service.write_files();
            }
            if (d_options.health_s > 0.0 &&
                now - d_health >= std::chrono::duration<double>(d_options.health_s)) {
                d_health = now;
                print_line(key_values("health", health()));
            }
            if (!d_ending) {
                look();
            } else if (now - d_end_began > longest_end) {
                d_service.flowgraph().stop();
            }
        }
    }

    //! Stop at once, whatever is under way.
    void abort()
    {
        d_service.flowgraph().stop();
        if (d_over.valid()) {
            d_over.wait();
        }
    }

    bool told_to_end() const { return d_ending; }

    //! Health with the time since the start.
    ordered_json health()
    {
        const std::chrono::duration<double> since = Clock::now() - d_start;
        ordered_json values;
        values["uptime_s"] = std::round(10.0 * since.count()) / 10.0;
        values.update(d_service.health());
        return values;
    }

private:
    void look()
    {
        const auto trouble = d_service.trouble();
        if (!trouble.empty()) {
            throw std::runtime_error(trouble);
        }
        if (d_guard.requested() || d_service.done()) {
            notify_systemd("STOPPING=1");
            d_ending = true;
            d_end_began = Clock::now();
            d_service.end();
        }
    }

    Service& d_service;
    const ServiceOptions d_options;
    const InterruptGuard& d_guard;
    const Clock::time_point d_start = Clock::now();
    Clock::time_point d_health = d_start;
    Clock::time_point d_second = d_start;
    Clock::time_point d_end_began;
    bool d_ending = false;
    std::future<void> d_over;
};

} // namespace

int serve(Service& service, const ServiceOptions& options, const InterruptGuard& guard)
{
    Run run(service, options, guard);
    try {
        run.start();
        run.wait();
    } catch (...) {
        run.abort();
        throw;
    }
    throw_first(service.errors());
    if (!run.told_to_end() && !service.may_end()) {
        throw std::runtime_error("the flowgraph has ended by itself");
    }
    service.close_files();
    const auto last = run.health();
    print_line(key_values("end", last));
    if (options.json) {
        print_json(last);
    }
    return success;
}

void add_service_options(po::options_description& options)
{
    auto add = options.add_options();
    add("config",
        po::value<std::string>()->value_name("FILE"),
        "YAML file with any of these options, _ for -; an argument beats it");
    add("frames",
        po::value<Seed>()->default_value(Seed{0}, "0")->value_name("N"),
        "frames after which it stops, as on SIGTERM; 0 for none");
    add("health-s",
        po::value<Number>()->default_value(Number{10.0}, "10")->value_name("T"),
        "time between two lines of health on stdout, s; 0 for none");
    add("json", po::bool_switch(), "last line of the output as JSON");
}

ServiceOptions service_options(const po::variables_map& values)
{
    const double health_s = values["health-s"].as<Number>().value;
    constexpr double longest_s = 86400.0;
    if (!(health_s >= 0.0 && health_s <= longest_s)) {
        throw UsageError("--health-s: want 0 to " + std::to_string(int(longest_s)) +
                         " s");
    }
    return {health_s, values["json"].as<bool>()};
}

std::uint64_t frames_of(const po::variables_map& values)
{
    return values["frames"].as<Seed>().value;
}

} // namespace isac::apps
