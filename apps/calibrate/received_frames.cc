// SPDX-License-Identifier: GPL-3.0-or-later
#include "received_frames.h"
#include "recordings.h"
#include "simulate/flowgraph.h"

#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/frame_sync.h>
#include <gnuradio/isac/names.h>
#include <gnuradio/isac/ofdm_demodulator.h>
#include <gnuradio/isac/sigmf_source.h>
#include <gnuradio/isac/transmit_reference.h>
#include <gnuradio/sync_block.h>
#include <limits>
#include <memory>

namespace isac::apps {
namespace {

using cfisac::Scenario;
using cfisac::recording::RecordingError;
using cfisac::signal::ClockOffset;

at::Tensor copy_of(const void* item, at::IntArrayRef shape)
{
    return at::from_blob(const_cast<void*>(item), shape, at::kComplexFloat).clone();
}

/*! Sink that keeps frames. Inputs: echo frames with the tags of frame_sync, then the N
 * transmit frames, where they are wanted.
 */
class FrameKeeper : public gr::sync_block
{
public:
    static std::shared_ptr<FrameKeeper> make(const Scenario& scenario,
                                             std::int64_t most,
                                             bool reference)
    {
        return gnuradio::make_block_sptr<FrameKeeper>(scenario, most, reference);
    }

    FrameKeeper(const Scenario& scenario, std::int64_t most, bool reference)
        : gr::sync_block("frame_keeper",
                         inputs(scenario, reference),
                         gr::io_signature::make(0, 0, 0)),
          d_most(static_cast<std::size_t>(most)),
          d_transmitters(scenario.transmit.size()),
          d_echo{scenario.receive_antennas(),
                 scenario.waveform.sensed_subcarriers(),
                 scenario.waveform.sensed_symbols()},
          d_transmit{scenario.transmit_antennas(), d_echo[1], d_echo[2]}
    {
    }

    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& /*outputs*/) override
    {
        for (int item = 0; item < items; ++item) {
            if (d_echoes.size() == d_most) {
                return WORK_DONE;
            }
            const auto place = [&](std::size_t port) {
                const auto size =
                    input_signature()->sizeof_stream_item(static_cast<int>(port));
                return static_cast<const char*>(inputs[port]) + item * size;
            };
            d_echoes.push_back(copy_of(place(0), d_echo));
            std::vector<at::Tensor> transmit;
            for (std::size_t port = 1; port < inputs.size(); ++port) {
                transmit.push_back(copy_of(place(port), d_transmit));
            }
            if (!transmit.empty()) {
                d_sent.push_back(at::stack(transmit));
            }
            d_offsets.push_back(offsets(item));
        }
        return items;
    }

    std::uint64_t frames() const { return d_echoes.size(); }

    ReceivedFrames take() const
    {
        return {at::stack(d_echoes),
                d_sent.empty() ? at::Tensor() : at::stack(d_sent),
                d_offsets};
    }

private:
    static gr::io_signature::sptr inputs(const Scenario& scenario, bool reference)
    {
        std::vector<int> sizes(
            reference ? 1 + scenario.transmit.size() : 1,
            static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
        sizes[0] = static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex));
        const int count = static_cast<int>(sizes.size());
        return gr::io_signature::makev(count, count, sizes);
    }

    std::vector<ClockOffset> offsets(int item)
    {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();
        std::vector<ClockOffset> found(d_transmitters, {none, none});
        std::vector<gr::tag_t> tags;
        get_tags_in_window(tags, 0, item, item + 1);
        for (const auto& tag : tags) {
            const bool timing = tag.key == gr::isac::names::timing_offset_s();
            if (timing || tag.key == gr::isac::names::frequency_offset_hz()) {
                for (std::size_t n = 0; n < found.size(); ++n) {
                    (timing ? found[n].timing_s : found[n].frequency_hz) =
                        pmt::f64vector_ref(tag.value, n);
                }
            }
        }
        return found;
    }

    const std::size_t d_most;
    const std::size_t d_transmitters;
    const std::vector<std::int64_t> d_echo; //!< shape
    const std::vector<std::int64_t> d_transmit;
    std::vector<at::Tensor> d_echoes;
    std::vector<at::Tensor> d_sent;
    std::vector<std::vector<ClockOffset>> d_offsets;
};

} // namespace

ReceivedFrames receive_frames(const std::string& file, std::int64_t most, bool reference)
{
    const auto source = gr::isac::sigmf_source::make(file);
    const auto& recording = source->recording();
    const auto& setup = recording.setup;
    require_receive(recording, file);
    auto scenario = setup.scenario;
    const int m = setup.access_point;
    scenario.receive[m].calibration = {};
    const bool by_time = reference && missing_time(recording).empty();
    const auto sync = gr::isac::frame_sync::make(
        scenario, m, by_time ? "time" : "preamble", setup.start_time_s.value_or(0.0));
    const auto demodulator =
        gr::isac::ofdm_demodulator::make(scenario, m, setup.full_scale_dbm);
    const auto keeper = FrameKeeper::make(scenario, most, reference);
    const auto top = gr::make_top_block("isac_calibrate");
    for (int a = 0; a < recording.channels; ++a) {
        top->connect(source, a, sync, a);
        top->connect(sync, a, demodulator, a);
    }
    top->connect(demodulator, 0, keeper, 0);
    gr::isac::transmit_reference::sptr known;
    if (reference) {
        known = gr::isac::transmit_reference::make(
            scenario, payload_seed(recording, file), "cpu");
        top->connect(demodulator, 0, known, 0);
        for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
            top->connect(known, n, keeper, 1 + n);
        }
    }
    const auto total = static_cast<std::int64_t>(recording.samples) /
                       cfisac::FrameTiming(scenario).period;
    run_to_end(*top, std::min(total, most), [&] { return keeper->frames(); });
    throw_first({source->error(), sync->error(), known ? known->error() : ""});
    if (keeper->frames() == 0) {
        throw RecordingError(file + ": no frame was found");
    }
    return keeper->take();
}

} // namespace isac::apps
