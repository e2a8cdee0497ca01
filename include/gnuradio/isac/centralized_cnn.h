/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_CENTRALIZED_CNN_H
#define INCLUDED_ISAC_CENTRALIZED_CNN_H

#include <gnuradio/isac/echo_estimator.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Estimates locations and velocities from the raw echoes of all access points.
 * \ingroup isac
 *
 * \details
 * Centralized scheme: every receive access point sends its echo as it is, 64 M_r S T bits
 * per update, and one convolutional network at the central unit estimates from all of
 * them. Whether it reads the transmitted signal as well is a property of the model; the
 * central unit knows it, so that nothing is sent to the access points for it.
 *
 * Inputs:
 * - 0 … M-1: echo frames of every receive access point, one per item, gr_complex [M_r, S,
 *   T];
 * - M … M+N-1 (only when the model reads them): transmit frames, one per item, gr_complex
 *   [N_t, S, T]. All streams are paired by frame number; whatever has no partner is
 *   passed over.
 *
 * Outputs, message port and tags are those of echo_estimator.
 */
class ISAC_API centralized_cnn : virtual public echo_estimator
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<centralized_cnn>;

    /*!
     * \param scenario what the flowgraph works on
     * \param model_file safetensors file of a model with the read-out "cnn" for this
     * scenario
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param real_time whether the block skips frames when more are waiting than it can
     * work off, of which it keeps the latest two, and measures its latency
     * \param batch most frames that go through the network at once, 1 … 64, when as many
     * are waiting; see fusion_decoder
     * \throws std::invalid_argument on a wrong device or batch
     * \throws std::runtime_error on a wrong file, a model for another scenario or of
     * another kind
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& model_file,
                     const std::string& device = "auto",
                     bool real_time = false,
                     int batch = 1);
};

} // namespace isac
} // namespace gr

#endif
