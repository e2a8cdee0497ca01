// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <algorithm>
#include <boost/algorithm/string/trim.hpp>
#include <cctype>
#include <cerrno>
#include <cfisac/signal/device.h>
#include <cfisac/version.h>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>

#include <sys/ioctl.h>
#include <unistd.h>

namespace isac::apps {
namespace {

constexpr std::int64_t largest_count = 1000000000000000;
constexpr auto redraw_interval = std::chrono::milliseconds(100);

volatile std::sig_atomic_t signal_seen = 0;

void note_signal(int number)
{
    signal_seen = number;
    std::signal(number, SIG_DFL);
}

bool is_digits(const std::string& text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isdigit(c) != 0;
    });
}

//! \return whether `text` is a whole number of at most 64 bits
bool read_whole(const std::string& text, std::uint64_t& value)
{
    if (!is_digits(text)) {
        return false;
    }
    errno = 0;
    value = std::strtoull(text.c_str(), nullptr, 10);
    return errno == 0;
}

//! \return whether `text` is a finite number and nothing else
bool read_number(const std::string& text, double& value)
{
    if (text.empty() || std::isspace(static_cast<unsigned char>(text.front()))) {
        return false;
    }
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    return *end == '\0' && std::isfinite(value);
}

const std::string& single(boost::any& value, const std::vector<std::string>& words)
{
    po::validators::check_first_occurrence(value);
    return po::validators::get_single_string(words);
}

[[noreturn]] void refuse(const std::string& text)
{
    throw po::invalid_option_value(text);
}

//! First line of an error: LibTorch's carry a stack trace in the others.
std::string first_line(const std::string& text)
{
    return text.substr(0, text.find('\n'));
}

std::string with_commas(std::string digits)
{
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

std::string minutes(double seconds)
{
    char text[32];
    const auto whole = static_cast<long long>(std::min(seconds, 3.6e8));
    std::snprintf(text, sizeof(text), "%lld:%02lld", whole / 60, whole % 60);
    return text;
}

std::size_t terminal_width()
{
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

void print_help(const Program& program)
{
    std::cout << "Usage: " << program.name << " " << program.usage << "\n\n"
              << program.summary << "\n\n"
              << program.options << std::flush;
}

} // namespace

void validate(boost::any& value, const std::vector<std::string>& words, Count*, int)
{
    const auto& text = single(value, words);
    std::uint64_t number = 0;
    if (!read_whole(text, number) || number < 1 ||
        number > static_cast<std::uint64_t>(largest_count)) {
        refuse(text);
    }
    value = Count{static_cast<std::int64_t>(number)};
}

void validate(boost::any& value, const std::vector<std::string>& words, Seed*, int)
{
    const auto& text = single(value, words);
    std::uint64_t number = 0;
    if (!read_whole(text, number)) {
        refuse(text);
    }
    value = Seed{number};
}

void validate(boost::any& value, const std::vector<std::string>& words, Number*, int)
{
    const auto& text = single(value, words);
    double number = 0.0;
    if (!read_number(text, number)) {
        refuse(text);
    }
    value = Number{number};
}

std::pair<double, double> two_numbers(const std::string& option, const std::string& text)
{
    const auto comma = text.find(',');
    std::pair<double, double> result;
    if (comma == std::string::npos || !read_number(text.substr(0, comma), result.first) ||
        !read_number(text.substr(comma + 1), result.second)) {
        throw UsageError("--" + option +
                         " takes two numbers with a comma between them, not '" + text +
                         "'");
    }
    return result;
}

int run(Program program,
        int argc,
        char** argv,
        const std::function<int(const po::variables_map&)>& body)
{
    program.options.add_options()("help,h", "print this text and exit")(
        "version", "print the version and exit");
    const auto complain = [&](const std::string& what) {
        std::cerr << program.name << ": " << what << std::endl;
    };
    try {
        po::variables_map values;
        const auto style =
            po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        auto parsed = po::command_line_parser(argc, argv)
                          .options(program.options)
                          .positional(program.positional)
                          .style(style)
                          .run();
        po::store(parsed, values);
        if (values.count("help")) {
            print_help(program);
            return success;
        }
        if (values.count("version")) {
            std::cout << program.name << " (gr-isac) " << cfisac::version << std::endl;
            return success;
        }
        po::notify(values);
        return body(values);
    } catch (const po::error& error) {
        complain(std::string(error.what()) + " (see " + program.name + " --help)");
        return wrong_arguments;
    } catch (const UsageError& error) {
        complain(std::string(error.what()) + " (see " + program.name + " --help)");
        return wrong_arguments;
    } catch (const Interrupted& error) {
        complain(error.what());
        return interrupted;
    } catch (const std::bad_alloc&) {
        complain("out of memory");
        return failure;
    } catch (const std::exception& error) {
        complain(first_line(error.what()));
        return failure;
    }
}

std::string word_of(const po::variables_map& values,
                    const std::string& option,
                    const std::vector<std::string>& words)
{
    const auto word = values[option].as<std::string>();
    if (std::find(words.begin(), words.end(), word) == words.end()) {
        std::string wanted = words.front();
        for (std::size_t k = 1; k < words.size(); ++k) {
            wanted += (k + 1 < words.size() ? ", " : " or ") + words[k];
        }
        throw UsageError("--" + option + " '" + word + "': want " + wanted);
    }
    return word;
}

void add_device_option(po::options_description& options)
{
    options.add_options()(
        "device",
        po::value<std::string>()->default_value("auto")->value_name("D"),
        "where tensors live: auto (a GPU where there is one), cpu, cuda or "
        "cuda:N");
}

std::string resolve_device(const std::string& device)
{
    try {
        return cfisac::signal::resolve_device(device);
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--device: ") + error.what());
    }
}

std::string grouped(std::uint64_t value) { return with_commas(std::to_string(value)); }

std::string grouped(std::int64_t value)
{
    const auto magnitude = value < 0
                               ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                               : static_cast<std::uint64_t>(value);
    return (value < 0 ? "-" : "") + grouped(magnitude);
}

std::string hexadecimal(std::uint64_t value)
{
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
    return text;
}

void print_json(const nlohmann::ordered_json& json)
{
    std::cout << json.dump() << std::endl;
}

Progress::Progress(std::int64_t total, std::string unit)
    : d_total(std::max<std::int64_t>(total, 1)),
      d_unit(std::move(unit)),
      d_terminal(::isatty(STDERR_FILENO) == 1),
      d_start(Clock::now())
{
}

Progress::~Progress()
{
    if (d_drawn) {
        std::fputs("\r\033[K", stderr);
        std::fflush(stderr);
    }
}

void Progress::update(std::int64_t done, const std::string& note)
{
    const auto now = Clock::now();
    if (!d_terminal || (d_drawn && now - d_last < redraw_interval)) {
        return;
    }
    d_last = now;
    d_drawn = true;
    const double share =
        std::clamp(static_cast<double>(done) / static_cast<double>(d_total), 0.0, 1.0);
    const double elapsed = std::chrono::duration<double>(now - d_start).count();

    constexpr int width = 24;
    const int full = static_cast<int>(share * width);
    std::string line = "[" + std::string(static_cast<std::size_t>(full), '#') +
                       std::string(static_cast<std::size_t>(width - full), '.') + "] " +
                       grouped(done) + "/" + grouped(d_total) + " " + d_unit;
    if (share > 0.0) {
        line += ", " + minutes(elapsed / share * (1.0 - share)) + " left";
    }
    if (!note.empty()) {
        line += ", " + note;
    }
    line = line.substr(0, terminal_width() - 1);
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
}

InterruptGuard::InterruptGuard()
{
    signal_seen = 0;
    d_old_interrupt = std::signal(SIGINT, note_signal);
    d_old_terminate = std::signal(SIGTERM, note_signal);
}

InterruptGuard::~InterruptGuard()
{
    std::signal(SIGINT, d_old_interrupt);
    std::signal(SIGTERM, d_old_terminate);
}

bool InterruptGuard::requested() const { return signal_seen != 0; }

void InterruptGuard::check() const
{
    if (requested()) {
        throw Interrupted();
    }
}

cfisac::nn::Architecture named_architecture(const std::string& word)
{
    if (!std::filesystem::exists(word)) {
        try {
            return cfisac::nn::Architecture::preset(word);
        } catch (const std::invalid_argument& error) {
            throw UsageError(std::string("--architecture: ") + error.what() +
                             ", and there is no such file");
        }
    }
    std::ifstream file(word);
    std::ostringstream text;
    text << file.rdbuf();
    return cfisac::nn::Architecture::from_json(text.str());
}

} // namespace isac::apps
