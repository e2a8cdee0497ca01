/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_CAPTURED_LOG_H
#define INCLUDED_ISAC_TEST_CAPTURED_LOG_H

#include <gnuradio/logger.h>
#include <mutex>
#include <spdlog/sinks/base_sink.h>
#include <string>

namespace gr {
namespace isac {
namespace test {

//! The lines that blocks log while this is there.
class captured_log
{
public:
    captured_log() : d_lines(std::make_shared<lines>())
    {
        gr::logging::singleton().add_default_sink(d_lines);
    }
    ~captured_log()
    {
        const auto backend = std::static_pointer_cast<spdlog::sinks::dist_sink_mt>(
            gr::logging::singleton().default_backend());
        backend->remove_sink(d_lines);
    }
    captured_log(const captured_log&) = delete;
    captured_log& operator=(const captured_log&) = delete;

    //! Whether some line has these words.
    bool has(const std::string& words) const
    {
        return d_lines->text().find(words) != std::string::npos;
    }

private:
    class lines : public spdlog::sinks::base_sink<std::mutex>
    {
    public:
        std::string text()
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            return d_text;
        }

    private:
        void sink_it_(const spdlog::details::log_msg& message) override
        {
            d_text.append(message.payload.data(), message.payload.size());
            d_text += '\n';
        }
        void flush_() override {}

        std::string d_text;
    };

    std::shared_ptr<lines> d_lines;
};

} // namespace test
} // namespace isac
} // namespace gr

#endif
