// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"

#include <algorithm>
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

std::size_t character_length(const std::string& text, std::size_t at)
{
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const unsigned lead = byte(at);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    unsigned point = length == 1 ? lead : lead & (0x7Fu >> length);
    if ((length == 1 && lead >= 0x80) || lead >= 0xF8) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) {
            return 0;
        }
        point = point << 6 | (byte(at + i) & 0x3F);
    }
    constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool overlong = point < least[length];
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    const bool control = point < 0x20 || point == 0x7F;
    const bool none = (point & 0xFFFE) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
    return overlong || surrogate || control || none || point > 0x10FFFF ? 0 : length;
}

std::string printable(const std::string& text, std::size_t longest)
{
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        auto length = character_length(text, at);
        if (length == 2 && text[at] == '\xC2' &&
            static_cast<unsigned char>(text[at + 1]) < 0xA0) {
            length = 0; // U+0080 to U+009F, which some terminals obey
        }
        const auto taken = std::max<std::size_t>(length, 1);
        if (at + taken > longest) {
            return result + "…";
        }
        result += length == 0 ? "?" : text.substr(at, length);
        at += taken;
    }
    return result;
}

std::string quoted(const std::string& text) { return "'" + printable(text, 60) + "'"; }

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
