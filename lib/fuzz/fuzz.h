// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FUZZ_H
#define INCLUDED_CFISAC_FUZZ_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/*! What a fuzz target defines: read `size` bytes that may come from anywhere and return 0.
 * It ends the program where the parser crashes or one of its properties does not hold.
 */
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cfisac::fuzz {

//! End the program unless what must hold for every input holds.
inline void require(bool holds, const char* property)
{
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", property);
        std::abort();
    }
}

//! Takes values from the bytes of an input one after the other; zeros after its end.
class Input
{
public:
    Input(const std::uint8_t* data, std::size_t size) : d_data(data), d_left(size) {}

    std::size_t left() const { return d_left; }

    //! A number or any other type whose every pattern of bits is a value.
    template <typename T>
    T take()
    {
        T value{};
        const auto bytes = std::min(sizeof(value), d_left);
        std::copy_n(d_data, bytes, reinterpret_cast<std::uint8_t*>(&value));
        skip(bytes);
        return value;
    }
    //! A number from 0 to `end` - 1.
    std::uint32_t below(std::uint32_t end)
    {
        return end <= 256 ? take<std::uint8_t>() % end : take<std::uint32_t>() % end;
    }
    //! `count` values of a type.
    template <typename T>
    std::vector<T> list(std::size_t count)
    {
        std::vector<T> values(count);
        for (auto& value : values) {
            value = take<T>();
        }
        return values;
    }
    //! At most `longest` bytes.
    std::string text(std::size_t longest)
    {
        const auto bytes = std::min(longest, d_left);
        const std::string text(d_data, d_data + bytes);
        skip(bytes);
        return text;
    }
    std::vector<std::uint8_t> rest()
    {
        const std::vector<std::uint8_t> bytes(d_data, d_data + d_left);
        skip(d_left);
        return bytes;
    }

private:
    void skip(std::size_t bytes)
    {
        d_data += bytes;
        d_left -= bytes;
    }

    const std::uint8_t* d_data;
    std::size_t d_left;
};

/*! Whether an error text can be shown as it is: well-formed UTF-8 without control
 * characters but line ends, whatever the input that it quotes.
 */
inline bool is_plain_text(const std::string& text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80                   ? 1
                                   : lead >= 0xC2 && lead < 0xE0 ? 2
                                   : lead >= 0xE0 && lead < 0xF0 ? 3
                                   : lead >= 0xF0 && lead < 0xF5 ? 4
                                                                 : 0;
        if (length == 0 || text.size() - at < length || lead == 0x7F ||
            (lead < 0x20 && lead != '\n')) {
            return false;
        }
        for (std::size_t i = 1; i < length; ++i) {
            if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) {
                return false;
            }
        }
        at += length;
    }
    return true;
}

} // namespace cfisac::fuzz

#endif
