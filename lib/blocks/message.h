/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MESSAGE_H
#define INCLUDED_ISAC_MESSAGE_H

#include <gnuradio/gr_complex.h>
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

} // namespace isac
} // namespace gr

#endif
