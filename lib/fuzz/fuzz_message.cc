// SPDX-License-Identifier: GPL-3.0-or-later
//
// Command messages of the blocks: any value that a message can be, also after the way over
// the wire (serialised, as between zeromq blocks). A reader gives what was asked for or
// throws std::invalid_argument, and the same on both ends of the wire.

#include "fuzz.h"

#include "../blocks/message.h"

#include <optional>
#include <stdexcept>

namespace {

using cfisac::fuzz::Input;
using cfisac::fuzz::require;
using gr::isac::message_reader;

constexpr int deepest = 6;
constexpr std::size_t most_elements = 8;

const std::vector<std::string>& keys()
{
    static const std::vector<std::string> keys{
        "noise_dbm", "direct_path", "removal", "target_positions", "channel", ""};
    return keys;
}

pmt::pmt_t symbol_of(Input& input)
{
    const auto choice = input.below(static_cast<std::uint32_t>(keys().size()) + 1);
    return pmt::intern(choice < keys().size() ? keys()[choice]
                                              : input.text(input.below(80)));
}

pmt::pmt_t uniform_vector_of(Input& input)
{
    const std::size_t size = input.below(most_elements);
    switch (input.below(12)) {
    case 0:
        return pmt::init_u8vector(size, input.list<std::uint8_t>(size));
    case 1:
        return pmt::init_s8vector(size, input.list<std::int8_t>(size));
    case 2:
        return pmt::init_u16vector(size, input.list<std::uint16_t>(size));
    case 3:
        return pmt::init_s16vector(size, input.list<std::int16_t>(size));
    case 4:
        return pmt::init_u32vector(size, input.list<std::uint32_t>(size));
    case 5:
        return pmt::init_s32vector(size, input.list<std::int32_t>(size));
    case 6:
        return pmt::init_u64vector(size, input.list<std::uint64_t>(size));
    case 7:
        return pmt::init_s64vector(size, input.list<std::int64_t>(size));
    case 8:
        return pmt::init_f32vector(size, input.list<float>(size));
    case 9:
        return pmt::init_f64vector(size, input.list<double>(size));
    case 10:
        return pmt::init_c32vector(size, input.list<std::complex<float>>(size));
    default:
        return pmt::init_c64vector(size, input.list<std::complex<double>>(size));
    }
}

pmt::pmt_t value_of(Input& input, int depth);

pmt::pmt_t dictionary_of(Input& input, int depth)
{
    auto dictionary = pmt::make_dict();
    for (auto entries = input.below(most_elements); entries > 0; --entries) {
        // Nearly all keys are names.
        const auto key = input.below(16) == 0 ? value_of(input, depth) : symbol_of(input);
        dictionary = pmt::dict_add(dictionary, key, value_of(input, depth));
    }
    return dictionary;
}

pmt::pmt_t value_of(Input& input, int depth)
{
    const bool leaf = depth >= deepest;
    switch (input.below(leaf ? 9 : 13)) {
    case 0:
        return pmt::PMT_NIL;
    case 1:
        return pmt::from_bool(input.below(2) == 1);
    case 2:
        return symbol_of(input);
    case 3:
        return pmt::from_long(input.take<std::int64_t>());
    case 4:
        return pmt::from_long(input.take<std::int8_t>());
    case 5:
        return pmt::from_uint64(input.take<std::uint64_t>());
    case 6:
        return pmt::from_double(input.take<double>());
    case 7:
        return pmt::from_complex(input.take<double>(), input.take<double>());
    case 8:
        return uniform_vector_of(input);
    case 9: {
        const auto first = value_of(input, depth + 1);
        return pmt::cons(first, value_of(input, depth + 1));
    }
    case 10: {
        const auto first = value_of(input, depth + 1);
        return pmt::make_tuple(first, value_of(input, depth + 1));
    }
    case 11:
        return pmt::make_vector(input.below(most_elements), value_of(input, depth + 1));
    default:
        return dictionary_of(input, depth + 1);
    }
}

//! A question to a reader.
struct Question {
    int kind;
    std::string key;
};

std::vector<Question> questions_of(Input& input)
{
    std::vector<Question> questions;
    for (const auto& key : keys()) {
        questions.push_back({static_cast<int>(input.below(6)), key});
    }
    return questions;
}

template <typename T>
void append(std::string& transcript, const T& value)
{
    transcript.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void append(std::string& transcript, const std::string& value) { transcript += value; }
template <typename T>
void append(std::string& transcript, const std::vector<T>& values)
{
    append(transcript, values.size());
    for (const auto& value : values) {
        append(transcript, value);
    }
}

template <typename T>
void note(std::string& transcript, const std::optional<T>& value)
{
    transcript += value ? '+' : '-';
    if (value) {
        append(transcript, *value);
    }
}

//! All that a reader says to the questions; its error at the end, if there is one.
std::string transcript_of(const pmt::pmt_t& message,
                          const std::vector<Question>& questions)
{
    std::string transcript;
    try {
        message_reader reader(message);
        for (const auto& [kind, key] : questions) {
            switch (kind) {
            case 0:
                note(transcript, reader.number(key));
                break;
            case 1:
                note(transcript, reader.integer(key));
                break;
            case 2:
                note(transcript, reader.word(key));
                break;
            case 3:
                note(transcript, reader.numbers(key));
                break;
            case 4:
                note(transcript, reader.complex_numbers(key));
                break;
            default: // not asked for
                break;
            }
        }
        reader.finish();
        transcript += '.';
    } catch (const pmt::wrong_type&) { // which is a std::invalid_argument
        require(false, "a reader looks at types first");
    } catch (const std::invalid_argument& error) {
        const std::string text = error.what();
        require(!text.empty(), "an error says something");
        transcript += '!';
    }
    return transcript;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const auto questions = questions_of(input);
    const auto message =
        input.below(4) == 0 ? value_of(input, 0) : dictionary_of(input, 0);
    const auto here = transcript_of(message, questions);
    const auto there =
        transcript_of(pmt::deserialize_str(pmt::serialize_str(message)), questions);
    require(here == there, "a message is read alike on both ends of the wire");
    return 0;
}
