// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_ACCESS_POINT_H
#define INCLUDED_APPS_DEPLOYMENT_ACCESS_POINT_H

#include "ending.h"
#include "frame_clock.h"
#include "frame_rate.h"
#include "options.h"
#include "radio_source.h"
#include "service.h"

#include <chrono>
#include <functional>
#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/direct_path_canceller.h>
#include <gnuradio/isac/frame_sync.h>
#include <gnuradio/isac/fronthaul_sink.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/sigmf_source.h>
#include <gnuradio/isac/transmit_reference.h>
#include <memory>

namespace isac::apps {

//! Where the echoes of an access point come from.
enum class EchoSource { radio, recording, simulation };

struct AccessPointSettings {
    cfisac::Scenario scenario;
    std::string scenario_file;
    int access_point = 0;
    std::uint64_t seed = 1; //!< of payload and channel state, and of simulated scenes
    EchoSource source = EchoSource::simulation;
    bool fast = false;           //!< simulation: as fast as frames are taken
    std::string recording;       //!< file
    RadioSettings radio;         //!< of a radio
    double full_scale_dbm = 0.0; //!< of a radio, at the antenna
    double start_time_s = 0.0;   //!< of a radio, of frame 0
    std::string sync_mode;       //!< of a radio or recording: "time" or "preamble"
    std::string static_clutter;  //!< likewise: "none", "direct" or "projection"
    Scheme scheme;
    std::string central;
    std::string security;
    std::string key_file;
    std::string server_key_file;
    int queue = 64;
    std::string compute;
    std::uint64_t frames = 0; //!< after which it ends, 0 for no end
};

/*! A receive access point: echoes of a radio, a recording or a simulation, an encoder or an
 * estimator, and the fronthaul to the central unit.
 */
class AccessPoint final : public Service
{
public:
    /*!
     * \throws UsageError for settings that do not fit each other
     * \throws std::runtime_error when the radio cannot be opened
     */
    explicit AccessPoint(const AccessPointSettings& settings);

    gr::top_block& flowgraph() override { return *d_top; }
    nlohmann::ordered_json about() const override;
    nlohmann::ordered_json health() override;
    bool done() const override { return d_ending->over(); }
    void end() override { d_ending->end(); }
    std::string trouble() override;
    std::vector<std::string> errors() const override;
    bool may_end() const override { return d_settings.source != EchoSource::radio; }

private:
    //! An echo stream, and the transmit frames that belong to it.
    struct Streams {
        gr::basic_block_sptr echo_block;
        int echo_port = 0;
        gr::basic_block_sptr transmit_block;
        int first_transmit_port = 0;
    };

    Streams connect_simulation();
    gr::basic_block_sptr make_antennas();
    Streams connect_antennas();
    void connect_scheme(const Streams& streams);
    void use_recording(const std::string& file);

    AccessPointSettings d_settings;
    const gr::top_block_sptr d_top;
    const std::shared_ptr<Ending> d_ending;
    gr::isac::transmit_reference::sptr d_reference;
    FrameClock::sptr d_clock;                   //!< of a simulation
    gr::isac::bistatic_channel::sptr d_channel; //!< of a simulation
    gr::isac::sigmf_source::sptr d_recording;
    gr::isac::frame_sync::sptr d_sync; //!< of antennas
    gr::isac::ofdm_demodulator::sptr d_demodulator;
    gr::isac::direct_path_canceller::sptr d_canceller;
    gr::isac::fronthaul_sink::sptr d_sink;
    std::function<std::uint64_t()> d_frames;     //!< that the scheme has worked on
    std::function<std::string()> d_scheme_error; //!< of its block
    FrameRate d_rate;
    std::uint64_t d_samples = 0; //!< of the radio, when it was looked at last
    std::chrono::steady_clock::time_point d_looked;
    std::chrono::steady_clock::duration d_silence{}; //!< since samples came
};

} // namespace isac::apps

#endif
