/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_outputs.h"
#include "estimate_pdu.h"

#include <algorithm>
#include <cfisac/estimators/estimates.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/isac/names.h>
#include <limits>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

at::Tensor to_floats(const at::Tensor& values)
{
    return values.to(at::kFloat).contiguous();
}

//! Copy `count` floats to an item of an output, if that is connected.
void fill(const float* values,
          std::size_t count,
          int item,
          std::size_t output,
          gr_vector_void_star& output_items)
{
    if (output < output_items.size()) {
        std::copy(values,
                  values + count,
                  static_cast<float*>(output_items[output]) + item * count);
    }
}

} // namespace

gr::io_signature::sptr estimate_outputs::signature(const cfisac::Scenario& scenario,
                                                   bool covariance)
{
    const int targets = scenario.targets.count;
    const int parameters = 2 * scenario.dimensions;
    std::vector<int> floats{parameters * targets, targets};
    if (covariance) {
        floats.push_back(parameters * parameters * targets);
    }
    for (int& size : floats) {
        size *= static_cast<int>(sizeof(float));
    }
    return gr::io_signature::makev(1, static_cast<int>(floats.size()), floats);
}

estimate_outputs::estimate_outputs(gr::block& block,
                                   const cfisac::Scenario& scenario,
                                   bool real_time)
    : d_block(block),
      d_targets(scenario.targets.count),
      d_parameters(std::size_t{2} * scenario.dimensions),
      d_interval_s(scenario.waveform.interval_s()),
      d_real_time(real_time)
{
    block.message_port_register_out(names::estimates_port());
}

void estimate_outputs::write(std::uint64_t frame,
                             std::int64_t capture_time_ns,
                             const values& known,
                             int item,
                             gr_vector_void_star& output_items)
{
    const std::size_t count = d_parameters * d_targets;
    const std::size_t covariances = d_parameters * count;
    fill(known.estimates, count, item, 0, output_items);
    fill(known.confidence, d_targets, item, 1, output_items);
    if (known.covariance) {
        fill(known.covariance, covariances, item, 2, output_items);
    } else if (output_items.size() > 2) {
        auto* out = static_cast<float*>(output_items[2]) + item * covariances;
        std::fill(out, out + covariances, std::numeric_limits<float>::quiet_NaN());
    }
    tag_t tag;
    tag.offset = d_block.nitems_written(0) + item;
    tag.key = names::frame();
    tag.value = pmt::from_uint64(frame);
    d_block.detail()->add_item_tag(0, tag);

    const double time_s = 1e-9 * static_cast<double>(capture_time_ns);
    pmt::pmt_t about = pmt::make_dict();
    about = pmt::dict_add(about, names::frame(), tag.value);
    about = pmt::dict_add(about, estimate_keys::time(), pmt::from_double(time_s));
    about = pmt::dict_add(about,
                          estimate_keys::confidence(),
                          pmt::init_f32vector(d_targets, known.confidence));
    if (known.covariance) {
        about = pmt::dict_add(about,
                              estimate_keys::covariance(),
                              pmt::init_f32vector(covariances, known.covariance));
    }
    if (known.access_points) {
        about = pmt::dict_add(
            about,
            estimate_keys::access_points(),
            pmt::init_s32vector(known.access_points->size(), *known.access_points));
    }
    d_block.message_port_pub(
        names::estimates_port(),
        pmt::cons(about, pmt::init_f32vector(count, known.estimates)));
    note_latency(capture_time_ns);
}

void estimate_outputs::write(std::uint64_t frame,
                             std::int64_t capture_time_ns,
                             const cfisac::estimators::TargetEstimates& estimates,
                             const std::vector<std::int32_t>* access_points,
                             int item,
                             gr_vector_void_star& output_items)
{
    const at::Tensor values =
        to_floats(at::cat({estimates.location.flatten(), estimates.velocity.flatten()}));
    const at::Tensor confidence = to_floats(estimates.confidence);
    const at::Tensor covariance =
        estimates.covariance.defined() ? to_floats(estimates.covariance) : at::Tensor();
    write(frame,
          capture_time_ns,
          {values.data_ptr<float>(),
           confidence.data_ptr<float>(),
           covariance.defined() ? covariance.data_ptr<float>() : nullptr,
           access_points},
          item,
          output_items);
}

void estimate_outputs::note_latency(std::int64_t capture_time_ns)
{
    if (d_real_time) {
        const double end_s = 1e-9 * static_cast<double>(capture_time_ns) + d_interval_s;
        d_latency.add(1e-9 * static_cast<double>(to_ns(frame_clock::now())) - end_s);
    }
}

double estimate_outputs::latency_s(double share) const
{
    if (!(share >= 0.0 && share <= 1.0)) {
        throw std::invalid_argument("latency: " + std::to_string(share) +
                                    " is not a share between 0 and 1");
    }
    return d_latency.quantile(share);
}

} // namespace isac
} // namespace gr
