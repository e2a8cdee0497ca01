// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_COMMON_H
#define INCLUDED_APPS_COMMON_H

#include <boost/any.hpp>
#include <boost/program_options.hpp>
#include <cfisac/nn/architecture.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

//! What the programs of this folder share.
namespace isac::apps {

namespace po = boost::program_options;

//! Exit codes of all programs.
enum ExitCode { success = 0, failure = 1, wrong_arguments = 2, interrupted = 130 };

//! Arguments that cannot be; a program ends with exit code 2.
class UsageError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! The user has pressed Ctrl-C; a program ends with exit code 130.
class Interrupted : public std::runtime_error
{
public:
    Interrupted() : std::runtime_error("interrupted") {}
};

//! Option value: a whole number from 1 to 10^15.
struct Count {
    std::int64_t value;
};
//! Option value: a whole number from 0 to 2^64 - 1.
struct Seed {
    std::uint64_t value;
};
//! Option value: a finite number.
struct Number {
    double value;
};

void validate(boost::any& value, const std::vector<std::string>& words, Count*, int);
void validate(boost::any& value, const std::vector<std::string>& words, Seed*, int);
void validate(boost::any& value, const std::vector<std::string>& words, Number*, int);

/*! Two numbers with a comma between them, as in `4,0.1`.
 * \param option name for the error
 * \throws UsageError on anything else
 */
std::pair<double, double> two_numbers(const std::string& option, const std::string& text);

//! A program's name, help and options; `--help` and `--version` are added by `run`.
struct Program {
    std::string name;
    std::string usage;   //!< arguments after the name, one line
    std::string summary; //!< what it does, a few lines
    po::options_description options{"Options"};
    po::positional_options_description positional;
};

/*! Parse the command line and run `body`; everything that a `main` does.
 *
 * Errors go to stderr on one line, "NAME: …".
 * \return exit code: that of `body`; 0 after `--help` and `--version`; 2 on wrong
 * arguments (UsageError or an error of Boost); 130 when interrupted; 1 on any other
 * exception
 */
int run(Program program,
        int argc,
        char** argv,
        const std::function<int(const po::variables_map&)>& body);

/*! The word of an option.
 * \param option that has a value
 * \throws UsageError on another one than those
 */
std::string word_of(const po::variables_map& values,
                    const std::string& option,
                    const std::vector<std::string>& words);
//! The option `--device` with its help.
void add_device_option(po::options_description& options);

/*! Resolve the option `--device` as cfisac::signal::resolve_device() does.
 * \throws UsageError where that refuses the word
 */
std::string resolve_device(const std::string& device);

//! "1204544" → "1,204,544".
std::string grouped(std::int64_t value);
//! As `grouped`, for counts beyond int64.
std::string grouped(std::uint64_t value);
//! Fingerprint as 16 hexadecimal digits.
std::string hexadecimal(std::uint64_t value);

//! One line on stdout, flushed: the last line of a program with `--json`.
void print_json(const nlohmann::ordered_json& json);

/*! A progress bar on stderr when that is a terminal, and nothing otherwise. It is drawn
 * ten times a second at most and removed at the end.
 */
class Progress
{
public:
    //! \param total what is complete, \param unit e.g. "frames"
    Progress(std::int64_t total, std::string unit);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    //! \param done of the total, \param note shown behind the bar
    void update(std::int64_t done, const std::string& note = "");

private:
    using Clock = std::chrono::steady_clock;
    std::int64_t d_total;
    std::string d_unit;
    bool d_terminal;
    bool d_drawn = false;
    Clock::time_point d_start;
    Clock::time_point d_last;
};

/*! While it lives, Ctrl-C and SIGTERM are noted instead of ending the program; at most
 * one at a time. A second Ctrl-C ends it.
 */
class InterruptGuard
{
public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    //! Whether a signal has come.
    bool requested() const;
    //! \throws Interrupted when a signal has come
    void check() const;

private:
    void (*d_old_interrupt)(int);
    void (*d_old_terminate)(int);
};

/*! Sizes of the networks: a preset by name, or a JSON file.
 * \throws UsageError when the word is neither
 * \throws std::invalid_argument naming what is wrong in the file
 */
cfisac::nn::Architecture named_architecture(const std::string& word);

} // namespace isac::apps

#endif
