/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FAILURE_H
#define INCLUDED_ISAC_FAILURE_H

#include <c10/util/Exception.h>
#include <chrono>
#include <exception>
#include <gnuradio/block.h>
#include <gnuradio/logger.h>
#include <mutex>
#include <string>

namespace gr {
namespace isac {

/*! What ended a flowgraph. An exception that leaves work() would stop one thread and
 * leave its neighbours waiting; a block that ends with WORK_DONE stops them all, and
 * keeps the reason here for whoever asks.
 */
class failure
{
public:
    //! Log and keep an exception. \return what work() is to return
    int end(const gr::logger_ptr& logger, const std::exception& cause)
    {
        const auto* torch = dynamic_cast<const c10::Error*>(&cause);
        const std::string text = torch ? torch->what_without_backtrace() : cause.what();
        logger->error("flowgraph ends: {:s}", text);
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_text = text;
        return gr::block::WORK_DONE;
    }

    void clear()
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_text.clear();
    }

    //! Empty when nothing went wrong.
    std::string text() const
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        return d_text;
    }

private:
    mutable std::mutex d_mutex;
    std::string d_text;
};

//! Lets one event a second through, for log lines that a bad link would repeat.
class log_limiter
{
public:
    bool pass()
    {
        const auto now = std::chrono::steady_clock::now();
        if (d_any && now - d_last < std::chrono::seconds(1)) {
            return false;
        }
        d_any = true;
        d_last = now;
        return true;
    }

private:
    bool d_any = false;
    std::chrono::steady_clock::time_point d_last;
};

} // namespace isac
} // namespace gr

#endif
