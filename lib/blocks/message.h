/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MESSAGE_H
#define INCLUDED_ISAC_MESSAGE_H

#include <atomic>
#include <cstdint>
#include <functional>
#include <gnuradio/basic_block.h>
#include <gnuradio/gr_complex.h>
#include <gnuradio/logger.h>
#include <map>
#include <optional>
#include <pmt/pmt.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! Reads a dictionary message key by key and complains about whatever is wrong with it.
 *
 * All functions throw std::invalid_argument, naming the key and what was found there.
 */
class message_reader
{
public:
    //! \param message dictionary, or a single pair (key . value)
    explicit message_reader(const pmt::pmt_t& message);

    //! A real number, if the key is there.
    std::optional<double> number(const std::string& key);
    //! A whole number, if the key is there.
    std::optional<int> integer(const std::string& key);
    //! A word (symbol), if the key is there.
    std::optional<std::string> word(const std::string& key);
    //! A vector of real numbers (uniform vector of any real type), if the key is there.
    std::optional<std::vector<double>> numbers(const std::string& key);
    //! A vector of complex numbers (c32vector or c64vector), if the key is there.
    std::optional<std::vector<gr_complex>> complex_numbers(const std::string& key);

    //! To be called last: complains about keys that nobody asked for, and of none at all.
    void finish() const;

private:
    std::optional<pmt::pmt_t> take(const std::string& key);

    std::map<std::string, pmt::pmt_t> d_entries;
    bool d_empty;
};

/*! The message ports of a block that take dictionaries. A message with anything wrong in it is
 * refused as a whole, logged and counted.
 */
class message_ports
{
public:
    //! What is done with a message; calls finish() before it changes anything.
    using taker = std::function<void(message_reader&)>;

    //! Register a port. `block` is the one that this is a member of.
    void add(gr::basic_block& block,
             const gr::logger_ptr& logger,
             const pmt::pmt_t& port,
             taker take);
    //! Messages that were refused.
    std::uint64_t refused() const { return d_refused; }

private:
    std::atomic<std::uint64_t> d_refused{0};
};

} // namespace isac
} // namespace gr

#endif
