/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "alignment.h"
#include "message.h"

#include <gtest/gtest.h>

namespace gr {
namespace isac {
namespace test {

pmt::pmt_t entry(const char* key, const pmt::pmt_t& value)
{
    return pmt::dict_add(pmt::make_dict(), pmt::intern(key), value);
}

TEST(MessageReader, ReadsNumbersOfEveryKind)
{
    auto message = entry("a", pmt::from_double(1.5));
    message = pmt::dict_add(message, pmt::intern("b"), pmt::from_long(-2));
    message = pmt::dict_add(message, pmt::intern("c"), pmt::from_uint64(3));
    message_reader reader(message);
    EXPECT_EQ(reader.number("a"), 1.5);
    EXPECT_EQ(reader.number("b"), -2.0);
    EXPECT_EQ(reader.number("c"), 3.0);
    EXPECT_FALSE(reader.number("d"));
    EXPECT_NO_THROW(reader.finish());
}

TEST(MessageReader, ReadsASinglePair)
{
    message_reader reader(pmt::cons(pmt::intern("a"), pmt::from_long(4)));
    EXPECT_EQ(reader.integer("a"), 4);
    EXPECT_NO_THROW(reader.finish());
}

TEST(MessageReader, NamesKeyAndValue)
{
    message_reader reader(entry("count", pmt::from_double(2.5)));
    try {
        reader.integer("count");
        FAIL() << "2.5 is not a whole number";
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "count: want a whole number, got 2.5");
    }
    message_reader spare(entry("spare", pmt::PMT_T));
    EXPECT_THROW(spare.finish(), std::invalid_argument);
    EXPECT_THROW(message_reader(pmt::make_dict()).finish(), std::invalid_argument);
    EXPECT_THROW(message_reader(pmt::intern("a")), std::invalid_argument);
    EXPECT_THROW(message_reader(pmt::list1(pmt::from_long(1))), std::invalid_argument);
    EXPECT_THROW(message_reader(entry("v", pmt::from_long(1))).numbers("v"),
                 std::invalid_argument);
}

TEST(FrameAligner, PairsStreamsByNumber)
{
    const std::vector<std::vector<std::uint64_t>> streams{{1, 2, 4, 5}, {0, 2, 3, 4}};
    auto number = [&](std::size_t stream, int item) {
        return std::optional<std::uint64_t>(streams[stream][item]);
    };
    frame_aligner aligner({4, 4});
    EXPECT_EQ(aligner.align(number), 2u);
    aligner.advance();
    EXPECT_EQ(aligner.align(number), 4u);
    EXPECT_EQ(aligner.taken(), (std::vector<int>{2, 3}));
    aligner.advance();
    EXPECT_FALSE(aligner.align(number));
    EXPECT_EQ(aligner.taken(), (std::vector<int>{3, 4})); // frame 5 waits for its partner
    EXPECT_EQ(aligner.unmatched(), 3u);
}

} // namespace test
} // namespace isac
} // namespace gr
