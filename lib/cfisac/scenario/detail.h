// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SCENARIO_DETAIL_H
#define INCLUDED_CFISAC_SCENARIO_DETAIL_H

#include <cfisac/scenario/scenario.h>
#include <string>

namespace cfisac::detail {

//! A ScenarioError that remembers its key, so that a reader can look up the key's line.
class ValueError : public ScenarioError
{
public:
    ValueError(const std::string& key, const std::string& what)
        : ScenarioError(key + ": " + what), d_key(key)
    {
    }
    //! E.g. `transmit_access_points[1].axis`.
    const std::string& key() const { return d_key; }

private:
    std::string d_key;
};

//! Shortest decimal text that reads back to the same double (at most 17 significant
//! digits), whatever the locale.
std::string number_text(double value);

/*! Length in bytes of the character of well-formed UTF-8 at `at`; 0 where there is none, and
 * for control characters of ASCII and what Unicode calls noncharacters, such as U+FFFE,
 * which YAML does not keep.
 */
std::size_t character_length(const std::string& text, std::size_t at);

//! Text from elsewhere in an error: at most `longest` bytes of it, and a question mark for
//! each byte that is not of a character of UTF-8, or of one that controls.
std::string printable(const std::string& text, std::size_t longest = 300);

//! The same, shorter and in quotes.
std::string quoted(const std::string& text);

//! Key of the `index`-th entry of a list.
std::string element_key(const std::string& list, std::size_t index);

//! Spelling of a modulation in YAML, or nullptr when the value is none.
const char* modulation_name(Modulation modulation);

} // namespace cfisac::detail

#endif
