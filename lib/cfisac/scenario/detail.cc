// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"

#include <array>
#include <charconv>

namespace cfisac::detail {

std::string number_text(double value)
{
    std::array<char, 32> buffer;
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return std::string(buffer.data(), end);
}

std::string quoted(const std::string& text)
{
    constexpr std::size_t longest = 60;
    std::string result = "'";
    for (const char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7F ? '?' : c;
    }
    return result + (text.size() > longest ? "…'" : "'");
}

std::string element_key(const std::string& list, std::size_t index)
{
    return list + "[" + std::to_string(index) + "]";
}

const char* modulation_name(Modulation modulation)
{
    switch (modulation) {
    case Modulation::qpsk:
        return "qpsk";
    case Modulation::qam16:
        return "16qam";
    case Modulation::qam64:
        return "64qam";
    }
    return nullptr;
}

} // namespace cfisac::detail
