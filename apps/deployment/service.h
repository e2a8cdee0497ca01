// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_SERVICE_H
#define INCLUDED_APPS_DEPLOYMENT_SERVICE_H

#include "common.h"
#include "config_file.h"
#include "log_to_stderr.h"

#include <gnuradio/top_block.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace isac::apps {

//! A flowgraph that runs until it is told to stop.
class Service
{
public:
    virtual ~Service() = default;

    virtual gr::top_block& flowgraph() = 0;
    //! What the line "ready" tells, once everything is open.
    virtual nlohmann::ordered_json about() const = 0;
    //! What the lines "health" and "end" tell, after uptime_s.
    virtual nlohmann::ordered_json health() = 0;
    //! Whether what was asked for is done.
    virtual bool done() const = 0;
    //! Take in nothing new: what is under way goes out, and then the flowgraph ends.
    virtual void end() = 0;
    //! Why it cannot go on, although the flowgraph has not ended; empty when it can.
    virtual std::string trouble() = 0;
    //! What blocks say has ended the flowgraph.
    virtual std::vector<std::string> errors() const = 0;
    //! Whether a flowgraph that ends by itself has done what it should.
    virtual bool may_end() const = 0;
    //! Called every second, and after the end. \throws std::runtime_error naming a file that
    //! cannot be written
    virtual void write_files() {}
    virtual void close_files() {}
};

struct ServiceOptions {
    double health_s = 10.0; //!< between two lines "health", 0 for none
    bool json = false;      //!< whether the last line of the output is JSON
};

/*! Run it until it ends or is told to by SIGTERM or SIGINT; the lines on stdout and what systemd
 * is told. A second signal ends the process at once.
 * \param guard what notes the signals, since before the service was made
 * \return exit code
 * \throws std::runtime_error with what has ended it otherwise
 */
int serve(Service& service, const ServiceOptions& options, const InterruptGuard& guard);

//! The options `--health-s`, `--json`, `--config`, `--frames`, which all services have.
void add_service_options(po::options_description& options);
//! \throws UsageError on a time that is none
ServiceOptions service_options(const po::variables_map& values);
//! `--frames`, 0 for no end.
std::uint64_t frames_of(const po::variables_map& values);

/*! A program that is a service.
 * \param program its command line
 * \param settings_of `Unit`'s settings, from the values of command line and file
 * \return exit code
 */
template <typename Unit, typename Settings>
int run_service(Program (*program)(),
                Settings (*settings_of)(const po::variables_map&),
                int argc,
                char** argv)
{
    const auto options = program().options;
    return run(program(), argc, argv, [&](const po::variables_map& arguments) {
        const InterruptGuard guard;
        log_to_stderr();
        const auto values = with_config_file(arguments, options);
        const auto service = service_options(values);
        Unit unit(settings_of(values));
        return serve(unit, service, guard);
    });
}

} // namespace isac::apps

#endif
