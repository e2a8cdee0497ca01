// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_ESTIMATE_WRITER_H
#define INCLUDED_APPS_SIMULATE_ESTIMATE_WRITER_H

#include <cfisac/scenario/scenario.h>
#include <cstdio>
#include <deque>
#include <gnuradio/block.h>
#include <gnuradio/top_block.h>
#include <memory>
#include <set>
#include <string>

namespace isac::apps {

/*! Sink that writes estimates as CSV, a line for each target of a frame: frame, time_s,
 * access_points (numbers with spaces between them), target, its location (x_m, y_m and,
 * where there is one, z_m), its velocity (vx_mps, …) and confidence.
 *
 * Input: estimates, float [2·D·Q] per item. Message port `estimates`: the PDUs of the same
 * block. A line is written when both have come, so that none is lost at the end.
 */
class EstimateWriter : public gr::block
{
public:
    using sptr = std::shared_ptr<EstimateWriter>;

    /*!
     * \param path "-" for stdout
     * \param absent receive access points that do not take part
     * \param go_on whether a file that is there goes on; a last line that is not whole is
     * taken off
     * \throws std::runtime_error naming the file when it cannot be created
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& path,
                     const std::set<int>& absent,
                     bool go_on = false);

    EstimateWriter(const cfisac::Scenario& scenario,
                   const std::string& path,
                   const std::set<int>& absent,
                   bool go_on);
    ~EstimateWriter() override;

    //! \param estimates block that estimates
    void connect_to(gr::top_block& top, const gr::basic_block_sptr& estimates);

    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

    /*! Write what waits in memory; from any thread.
     * \throws std::runtime_error naming the file when something could not be written
     */
    void flush();
    /*! Close the file.
     * \throws std::runtime_error naming the file when something could not be written
     */
    void finish();

private:
    void write(const pmt::pmt_t& pdu);

    const std::string d_path;
    const std::size_t d_dimensions;
    const std::size_t d_targets;
    const std::string d_access_points; //!< where the PDUs do not say which
    std::FILE* d_file;
    std::deque<pmt::pmt_t> d_pdus; //!< whose item has not come yet
};

} // namespace isac::apps

#endif
