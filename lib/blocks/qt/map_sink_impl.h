/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_SINK_IMPL_H
#define INCLUDED_ISAC_MAP_SINK_IMPL_H

#include "../failure.h"
#include "map_state.h"

#include <atomic>
#include <gnuradio/isac/map_sink.h>
#include <memory>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class map_window;

class map_sink_impl : public map_sink
{
public:
    map_sink_impl(const map_description& about, const map_settings& settings, int rate);
    ~map_sink_impl() override;

    QWidget* qwidget() override;
    void set_trail(int frames) override;
    int trail() const override;
    void set_theme(const std::string& theme) override;
    std::string theme() const override;
    void set_title(const std::string& title) override;
    std::string title() const override;
    void save_png(const std::string& path, int width, int height) override;
    std::uint64_t frames() const override;
    std::uint64_t frames_incomplete() const override;
    std::uint64_t redraws() const override;
    std::uint64_t packets_refused() const override { return d_packets_refused; }
    std::uint64_t messages_refused() const override { return d_messages_refused; }

    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! What comes by an input.
    enum class kind { estimates, truth, bound, packets };
    struct input {
        kind what;
        std::size_t number;      //!< among those of its kind
        std::size_t item_size;   //!< bytes
        std::uint64_t taken = 0; //!< items, of which the last one may not be consumed yet
    };

    static std::vector<input> inputs_of(const map_description& about);
    void take_message(const pmt::pmt_t& message);
    void take(map_frames& frames,
              std::optional<fronthaul_meter>& fronthaul,
              input& from,
              int available,
              const char* items);
    void take_packet(fronthaul_meter& fronthaul,
                     std::size_t access_point,
                     const std::uint8_t* data);

    const std::shared_ptr<map_state> d_state;
    const std::unique_ptr<map_window> d_window;
    std::vector<input> d_inputs;
    std::atomic<std::uint64_t> d_packets_refused{0};
    std::atomic<std::uint64_t> d_messages_refused{0};
    log_limiter d_packet_limiter;
    log_limiter d_message_limiter;
};

} // namespace isac
} // namespace gr

#endif
