// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_LOG_TO_STDERR_H
#define INCLUDED_APPS_LOG_TO_STDERR_H

#include <gnuradio/logger.h>
#include <memory>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/dist_sink.h>

namespace isac::apps {

/*! GNU Radio's log on stderr, warnings and errors only, so that stdout holds the results.
 * The note that a buffer was made larger than a packet's odd size asked for is left out.
 *
 * Call it before the first block is made.
 */
inline void log_to_stderr()
{
    class Sink : public spdlog::sinks::ansicolor_stderr_sink_mt
    {
    public:
        void log(const spdlog::details::log_msg& message) override
        {
            if (message.logger_name != spdlog::string_view_t("buffer_double_mapped") ||
                message.level >= spdlog::level::err) {
                spdlog::sinks::ansicolor_stderr_sink_mt::log(message);
            }
        }
    };
    const auto sink = std::make_shared<Sink>();
    sink->set_pattern(gr::logging::default_pattern);
    auto& logging = gr::logging::singleton();
    const auto backend =
        std::dynamic_pointer_cast<spdlog::sinks::dist_sink_mt>(logging.default_backend());
    if (backend) {
        backend->set_sinks({sink});
    }
    logging.set_default_level(spdlog::level::warn);
}

} // namespace isac::apps

#endif
