/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DVQVAE_ENCODER_H
#define INCLUDED_ISAC_DVQVAE_ENCODER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Compresses the echo of one receive access point into fronthaul packets.
 * \ingroup isac
 *
 * \details
 * Front end, encoder (12), projector and vector quantizer (13)–(15) of access point m;
 * the indices of the codewords leave in a packet. What the access point knows of the
 * transmitted signal is a property of the model:
 * - `raw`: nothing;
 * - `pilot`: payload and precoder follow from (seed, frame), and the block makes the
 *   transmit frames itself. It refuses an echo whose tags say otherwise: `csi` "message",
 *   or a `seed` that is not its own. It takes the power from the tag `power_dbm`, or the
 *   scenario's;
 * - `reference`: the transmit frames are inputs.
 *
 * Inputs:
 * - 0: echo frames, one per item, gr_complex [M_r, S, T];
 * - 1 … N (`reference` only): transmit frames, one per item, gr_complex [N_t, S, T],
 *   paired with the echoes by frame number; one without a partner is passed over.
 *
 * Output: fronthaul packets (cfisac/fronthaul/packet.h), one per item, packet_size()
 * bytes. With entropy coding, frequent codewords take fewer bits: the payload is the code
 * of the indices (cfisac/fronthaul/entropy_coding.h) and then zeros, up to the size of a
 * plain packet. How frequent they are is told by the counts (18) in the model, which the
 * decoder has as well. A frame whose code does not fit leaves in a plain packet.
 *
 * The frame number is that of the tag `frame`, or the item's number; the capture time is
 * that of the tag `rx_time`, or frame number times interval. A frame with a sample that
 * is not finite is logged, counted and left out: the decoder sees a gap.
 */
class ISAC_API dvqvae_encoder : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<dvqvae_encoder>;

    /*!
     * \param scenario what the flowgraph works on
     * \param model_file safetensors file of a model for this scenario
     * \param access_point m, from 0
     * \param seed the precoder's; `pilot` only
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param entropy_coding whether the payloads of the packets are entropy coded
     * \param precision type of weights and activations, "float32", "bfloat16" or
     * "float16"; sums are in float32 in any case
     * \param real_time whether the block skips frames when more are waiting than it can
     * work off: it keeps the latest two, instead of holding up the block before it
     * \param batch most frames that go through the network at once, 1 … 64, when as many
     * are waiting. More than one gives more frames per second and takes memory; results may
     * differ in their last digits with how many were waiting, which those of one never do
     * \throws std::invalid_argument on a wrong access point, device or batch, and on a
     * precision that is not known or that the device does not have
     * \throws std::runtime_error on a wrong file or a model for another scenario
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& model_file,
                     int access_point,
                     std::uint64_t seed = 0,
                     const std::string& device = "auto",
                     bool entropy_coding = false,
                     const std::string& precision = "float32",
                     bool real_time = false,
                     int batch = 1);

    //! Bytes of one packet.
    virtual std::size_t packet_size() const = 0;
    //! Frames encoded.
    virtual std::uint64_t frames() const = 0;
    //! Bits of payload in all packets so far: the indices, or with entropy coding their
    //! code and its length; without the zeros.
    virtual std::uint64_t coded_bits() const = 0;
    //! Frames left out because of a sample that is not finite.
    virtual std::uint64_t frames_refused() const = 0;
    //! Frames passed over because echo and transmit frames were not of the same number.
    virtual std::uint64_t frames_unmatched() const = 0;
    //! Frames skipped because later ones were waiting; in real time only. Transmit frames
    //! of the same numbers count as unmatched.
    virtual std::uint64_t frames_skipped() const = 0;
    //! Frames copied from items to another place; none from a block of ours on the same
    //! device.
    virtual std::uint64_t host_copies() const = 0;
    //! Bytes of these frames.
    virtual std::uint64_t host_copied_bytes() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
