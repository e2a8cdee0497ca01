// SPDX-License-Identifier: GPL-3.0-or-later
#include "estimate_writer.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <stdexcept>

namespace isac::apps {
namespace {

[[noreturn]] void fail(const std::string& path)
{
    throw std::runtime_error(path + ": cannot be written: " + std::strerror(errno));
}

std::FILE* open(const std::string& path, bool go_on)
{
    std::FILE* const file =
        path == "-" ? stdout : std::fopen(path.c_str(), go_on ? "a" : "w");
    if (!file) {
        fail(path);
    }
    return file;
}

//! Take off what stands behind the last end of a line. \return whether nothing is left
bool is_empty_after_repair(const std::string& path)
{
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    auto whole = static_cast<std::int64_t>(stream.tellg());
    const auto size = whole;
    for (char last = 0; whole > 0; --whole) {
        stream.seekg(whole - 1);
        if (!stream.get(last)) {
            fail(path);
        }
        if (last == '\n') {
            break;
        }
    }
    if (whole < size) {
        std::filesystem::resize_file(path, static_cast<std::uintmax_t>(whole));
    }
    return whole <= 0;
}

//! Numbers with spaces between them.
template <typename Numbers>
std::string joined(const Numbers& numbers)
{
    std::string text;
    for (const auto number : numbers) {
        text += (text.empty() ? "" : " ") + std::to_string(number);
    }
    return text;
}

std::vector<int> present(const cfisac::Scenario& scenario, const std::set<int>& absent)
{
    std::vector<int> numbers;
    for (int m = 0; m < static_cast<int>(scenario.receive.size()); ++m) {
        if (!absent.count(m)) {
            numbers.push_back(m);
        }
    }
    return numbers;
}

std::string header(std::size_t dimensions)
{
    const std::string axes = "xyz";
    std::string text = "frame,time_s,access_points,target";
    for (std::size_t d = 0; d < dimensions; ++d) {
        text += std::string(",") + axes[d] + "_m";
    }
    for (std::size_t d = 0; d < dimensions; ++d) {
        text += std::string(",v") + axes[d] + "_mps";
    }
    return text + ",confidence\n";
}

} // namespace

EstimateWriter::sptr EstimateWriter::make(const cfisac::Scenario& scenario,
                                          const std::string& path,
                                          const std::set<int>& absent,
                                          bool go_on)
{
    return gnuradio::make_block_sptr<EstimateWriter>(scenario, path, absent, go_on);
}

EstimateWriter::EstimateWriter(const cfisac::Scenario& scenario,
                               const std::string& path,
                               const std::set<int>& absent,
                               bool go_on)
    : gr::block("estimate_writer",
                gr::io_signature::make(
                    1,
                    1,
                    static_cast<int>(2 * scenario.dimensions * scenario.targets.count *
                                     sizeof(float))),
                gr::io_signature::make(0, 0, 0)),
      d_path(path),
      d_dimensions(scenario.dimensions),
      d_targets(scenario.targets.count),
      d_access_points(joined(present(scenario, absent))),
      d_file(open(path, go_on))
{
    if (!go_on || is_empty_after_repair(path)) {
        std::fputs(header(d_dimensions).c_str(), d_file);
    }
    const auto port = gr::isac::names::estimates_port();
    message_port_register_in(port);
    set_msg_handler(port, [this](const pmt::pmt_t& pdu) { d_pdus.push_back(pdu); });
}

EstimateWriter::~EstimateWriter()
{
    if (d_file && d_file != stdout) {
        std::fclose(d_file);
    }
}

void EstimateWriter::connect_to(gr::top_block& top, const gr::basic_block_sptr& estimates)
{
    const auto port = gr::isac::names::estimates_port();
    const auto self = shared_from_base<EstimateWriter>();
    top.connect(estimates, 0, self, 0);
    top.msg_connect(estimates, port, self, port);
}

void EstimateWriter::flush()
{
    if (std::fflush(d_file) != 0 || std::ferror(d_file) != 0) {
        fail(d_path);
    }
}

void EstimateWriter::finish()
{
    bool good = std::fflush(d_file) == 0 && std::ferror(d_file) == 0;
    if (d_file != stdout) {
        good = std::fclose(d_file) == 0 && good;
    }
    d_file = nullptr;
    if (!good) {
        fail(d_path);
    }
}

void EstimateWriter::write(const pmt::pmt_t& pdu)
{
    const auto about = [meta = pmt::car(pdu)](const char* key) {
        return pmt::dict_ref(meta, pmt::intern(key), pmt::PMT_NIL);
    };
    const auto access_points = about("access_points");
    const auto text = pmt::is_s32vector(access_points)
                          ? joined(pmt::s32vector_elements(access_points))
                          : d_access_points;
    const auto confidence = pmt::f32vector_elements(about("confidence"));
    const auto values = pmt::f32vector_elements(pmt::cdr(pdu));
    for (std::size_t q = 0; q < d_targets; ++q) {
        std::fprintf(d_file,
                     "%" PRIu64 ",%.9f,%s,%zu",
                     pmt::to_uint64(about("frame")),
                     pmt::to_double(about("time")),
                     text.c_str(),
                     q);
        for (const std::size_t first : {std::size_t{0}, d_targets * d_dimensions}) {
            for (std::size_t d = 0; d < d_dimensions; ++d) {
                std::fprintf(d_file, ",%.9g", values[first + q * d_dimensions + d]);
            }
        }
        std::fprintf(d_file, ",%.9g\n", confidence[q]);
    }
}

int EstimateWriter::general_work(int /*noutput_items*/,
                                 gr_vector_int& ninput_items,
                                 gr_vector_const_void_star& /*input_items*/,
                                 gr_vector_void_star& /*output_items*/)
{
    const int items = std::min(ninput_items[0], static_cast<int>(d_pdus.size()));
    for (int item = 0; item < items; ++item) {
        write(d_pdus.front());
        d_pdus.pop_front();
    }
    consume(0, items);
    return 0;
}

} // namespace isac::apps
