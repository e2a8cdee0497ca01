/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "message.h"

#include <limits>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

//! A value for an error text, cut short.
std::string show(const pmt::pmt_t& value)
{
    constexpr std::size_t longest = 60;
    if (pmt::is_uniform_vector(value)) {
        return "a vector of " + std::to_string(pmt::length(value)) + " entries";
    }
    std::string text = pmt::write_string(value);
    if (text.size() > longest) {
        text = text.substr(0, longest) + "…";
    }
    return text;
}

[[noreturn]] void wrong(const std::string& key,
                        const std::string& wanted,
                        const pmt::pmt_t& value)
{
    throw std::invalid_argument(key + ": want " + wanted + ", got " + show(value));
}

template <typename To, typename From>
std::vector<To> converted(const std::vector<From>& values)
{
    return std::vector<To>(values.begin(), values.end());
}

} // namespace

message_reader::message_reader(const pmt::pmt_t& message)
{
    // A dictionary is a list of pairs, so a pair whose first half is not a pair stands
    // alone.
    const bool single = pmt::is_pair(message) && !pmt::is_pair(pmt::car(message));
    if (!single && !pmt::is_dict(message)) {
        throw std::invalid_argument("want a dictionary, got " + show(message));
    }
    auto add = [this](const pmt::pmt_t& entry) {
        if (!pmt::is_pair(entry) || !pmt::is_symbol(pmt::car(entry))) {
            throw std::invalid_argument("want a dictionary of names and values, got " +
                                        show(entry) + " in it");
        }
        d_entries.emplace(pmt::symbol_to_string(pmt::car(entry)), pmt::cdr(entry));
    };
    if (single) {
        add(message);
    } else {
        for (pmt::pmt_t rest = message; pmt::is_pair(rest); rest = pmt::cdr(rest)) {
            add(pmt::car(rest));
        }
    }
    d_empty = d_entries.empty();
}

std::optional<pmt::pmt_t> message_reader::take(const std::string& key)
{
    const auto found = d_entries.find(key);
    if (found == d_entries.end()) {
        return std::nullopt;
    }
    const pmt::pmt_t value = found->second;
    d_entries.erase(found);
    return value;
}

std::optional<double> message_reader::number(const std::string& key)
{
    const auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (!pmt::is_real(*value) && !pmt::is_integer(*value) && !pmt::is_uint64(*value)) {
        wrong(key, "a number", *value);
    }
    return pmt::is_uint64(*value) ? static_cast<double>(pmt::to_uint64(*value))
                                  : pmt::to_double(*value);
}

std::optional<int> message_reader::integer(const std::string& key)
{
    const auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (pmt::is_integer(*value)) {
        const long whole = pmt::to_long(*value);
        if (whole >= std::numeric_limits<int>::min() &&
            whole <= std::numeric_limits<int>::max()) {
            return static_cast<int>(whole);
        }
    } else if (pmt::is_real(*value)) { // Sliders send whole numbers as doubles.
        const double real = pmt::to_double(*value);
        if (real >= std::numeric_limits<int>::min() &&
            real <= std::numeric_limits<int>::max() && real == static_cast<int>(real)) {
            return static_cast<int>(real);
        }
    }
    wrong(key, "a whole number", *value);
}

std::optional<std::string> message_reader::word(const std::string& key)
{
    const auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (!pmt::is_symbol(*value)) {
        wrong(key, "a word", *value);
    }
    return pmt::symbol_to_string(*value);
}

std::optional<std::vector<double>> message_reader::numbers(const std::string& key)
{
    const auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (pmt::is_f32vector(*value)) {
        return converted<double>(pmt::f32vector_elements(*value));
    }
    if (pmt::is_f64vector(*value)) {
        return pmt::f64vector_elements(*value);
    }
    if (pmt::is_s32vector(*value)) {
        return converted<double>(pmt::s32vector_elements(*value));
    }
    if (pmt::is_null(*value)) {
        return std::vector<double>();
    }
    wrong(key, "an f32vector or f64vector", *value);
}

std::optional<std::vector<gr_complex>> message_reader::complex_numbers(
    const std::string& key)
{
    const auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (pmt::is_c32vector(*value)) {
        return pmt::c32vector_elements(*value);
    }
    if (pmt::is_c64vector(*value)) {
        return converted<gr_complex>(pmt::c64vector_elements(*value));
    }
    wrong(key, "a c32vector or c64vector", *value);
}

void message_reader::finish() const
{
    if (d_empty) {
        throw std::invalid_argument("the dictionary is empty");
    }
    if (!d_entries.empty()) {
        throw std::invalid_argument("unknown key \"" + d_entries.begin()->first + "\"");
    }
}

void message_ports::add(gr::basic_block& block,
                        const gr::logger_ptr& logger,
                        const pmt::pmt_t& port,
                        taker take)
{
    block.message_port_register_in(port);
    block.set_msg_handler(port, [this, logger, port, take](const pmt::pmt_t& message) {
        try {
            message_reader reader(message);
            take(reader);
        } catch (const std::exception& cause) {
            d_refused++;
            logger->error("message at port {:s} refused: {:s}",
                          pmt::symbol_to_string(port),
                          cause.what());
        }
    });
}

} // namespace isac
} // namespace gr
