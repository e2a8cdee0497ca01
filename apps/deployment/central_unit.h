// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_CENTRAL_UNIT_H
#define INCLUDED_APPS_DEPLOYMENT_CENTRAL_UNIT_H

#include "frame_rate.h"
#include "options.h"
#include "service.h"
#include "simulate/estimate_writer.h"

#include <chrono>
#include <functional>
#include <gnuradio/isac/estimate_publisher.h>
#include <gnuradio/isac/fronthaul_source.h>
#include <gnuradio/isac/transmit_reference.h>

namespace isac::apps {

struct CentralUnitSettings {
    cfisac::Scenario scenario;
    std::uint64_t seed = 1; //!< of payload and channel state
    Scheme scheme;
    std::vector<std::string> addresses; //!< [M] to listen at
    std::string security;
    std::string key_file;
    std::string authorised_file;
    int queue = 64;
    double deadline_s = 0.0;
    std::string publish_zmq; //!< empty for none, as the two below
    std::string publish_udp;
    std::string estimates; //!< CSV file
    std::string compute;
    std::uint64_t frames = 0; //!< after which it ends, 0 for no end
};

/*! The central unit: fronthauls of all access points, a decoder or a fusion, and whoever wants
 * the estimates.
 */
class CentralUnit final : public Service
{
public:
    /*!
     * \throws UsageError for settings that do not fit each other
     * \throws std::runtime_error naming an address that cannot be listened at, or a file that
     * cannot be written
     */
    explicit CentralUnit(const CentralUnitSettings& settings);

    gr::top_block& flowgraph() override { return *d_top; }
    nlohmann::ordered_json about() const override;
    nlohmann::ordered_json health() override;
    bool done() const override
    {
        return d_settings.frames > 0 && d_frames() >= d_settings.frames;
    }
    void end() override;
    std::string trouble() override { return ""; }
    std::vector<std::string> errors() const override;
    bool may_end() const override { return false; }
    void write_files() override;
    void close_files() override;

private:
    //! What all blocks that fuse have.
    struct Counts {
        std::function<std::uint64_t()> lost, incomplete, late, duplicates, refused;
    };

    template <typename Block>
    void use(const Block& block);
    void connect_fusion();
    void connect_transmit();
    void connect_readers();

    const CentralUnitSettings d_settings;
    const gr::top_block_sptr d_top;
    std::vector<gr::isac::fronthaul_source::sptr> d_sources; //!< [M]
    gr::basic_block_sptr d_fusion;
    std::function<std::uint64_t()> d_frames;
    std::function<std::string()> d_fusion_error;
    Counts d_counts;
    gr::isac::transmit_reference::sptr d_reference; //!< where the decoder reads them
    gr::isac::estimate_publisher::sptr d_publisher; //!< if any
    EstimateWriter::sptr d_writer;                  //!< if any
    FrameRate d_rate;
    std::vector<std::uint64_t> d_heard; //!< [M] packets at the last line of health
};

} // namespace isac::apps

#endif
