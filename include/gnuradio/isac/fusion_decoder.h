/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FUSION_DECODER_H
#define INCLUDED_ISAC_FUSION_DECODER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Fuses the packets of all access points into locations and velocities.
 * \ingroup isac
 *
 * \details
 * The central unit: codewords from the indices of every access point, decoder (16) and
 * read-out. A packet that is damaged, of another model, of another access point or of
 * another size, or whose indices no encoder gives, is never decoded: it is counted by
 * what is wrong with it, logged (once a second at most) and dropped. The streams are
 * paired by frame number. Without a deadline a frame needs the packets of all access
 * points: whatever has no partner is dropped and counted, and the frame is lost.
 *
 * With a deadline an access point whose packet of a frame has not come in time, or that
 * goes on with a later frame, is left out of that frame, and not waited for again before
 * something has come from it; the log says who is missing and who is back. One that is late
 * every time is waited for once a second. A packet that comes after its frame was estimated is counted as late and
 * dropped. With a deadline or not, so is one that comes after its successor; one of the same
 * frame as the packet before is counted as a duplicate.
 *
 * An access point whose numbers jump back and rise again from there counts anew. Several
 * packets confirm it, four where the capture times have gone on and eight where they repeat.
 * Where its clock has gone on, its capture times tell which frames the new numbers are, and
 * it takes part again. Otherwise it is left out until the others count anew, too. Once all
 * do, the frames are numbered as they count: with a deadline after a second (or the
 * deadline, if that is longer) without packets of the others. The log says all of this.
 *
 * With a deadline, a frame more than 64 after the one that comes next is worked on only when
 * all access points have gone on that far, or the others have been silent for a second (or the
 * deadline, if that is longer). An access point that stays so far ahead of others has a wrong
 * clock: its packets are dropped after as long, as without a partner, and it takes part again
 * once its numbers are back.
 *
 * The network works without the packets of any access point, as it does without one that
 * is absent, however it was trained; it is as accurate then as its training made it: see
 * cfisac::training::TrainerOptions::drop_access_point. Transmit frames are waited for
 * without a deadline.
 *
 * Access points that are known to be absent have no input, and the estimates are made
 * without them. M' of the M access points are left.
 *
 * Inputs:
 * - 0 … M'-1: fronthaul packets of the access points that are not absent, in ascending
 *   order, plain or entropy coded, one per item, packet_size() bytes;
 * - M' … M'+N-1 (only when the model's decoder reads them): transmit frames, one per
 *   item, gr_complex [N_t, S, T]; numbered by the tag `frame` or the item's number.
 *
 * Outputs:
 * - 0: estimates, float [2·D·Q] per item: the locations of all targets, target by target
 *   (m), then their velocities likewise (m/s). Every item carries the tag `frame`
 *   (uint64);
 * - 1 (optional): confidence of each target's estimate, float [Q] per item, in [0, 1];
 *   item by item with the estimates.
 *
 * Message port `estimates`: a PDU per frame; metadata "frame" (uint64), "time" (capture
 * time of the packets, s, double), "access_points" (s32vector, those whose packets took
 * part) and "confidence" (f32vector [Q], in [0, 1]); the data is an f32vector with the
 * values of the output item.
 */
class ISAC_API fusion_decoder : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<fusion_decoder>;

    /*!
     * \param scenario what the flowgraph works on
     * \param model_file safetensors file of the model that the encoders use
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param absent receive access points whose packets do not come, counted from 0
     * \param precision type of weights and activations, "float32", "bfloat16" or
     * "float16"; sums are in float32 in any case
     * \param real_time whether the block skips frames when the packets of more are waiting
     * than it can work off, of which it keeps the latest two, and measures its latency
     * \param batch most frames that go through the network at once, 1 … 64, when as many
     * are waiting and have the same access points. More than one gives more frames per
     * second and takes memory; results may differ in their last digits with how many were
     * waiting, which those of one never do. Where the decoder reads the transmit frames,
     * which are prepared one by one before the packets come, it is always one
     * \param deadline_s how long after the first packet of a frame those of the other
     * access points are waited for, s; 0 for ever
     * \throws std::invalid_argument on a wrong device or batch, on a precision that is not
     * known or that the device does not have, on a deadline that is not between 0 and an
     * hour, or if `absent` names an access point that does not exist or one twice, or all of
     * them
     * \throws std::runtime_error on a wrong file or a model for another scenario
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& model_file,
                     const std::string& device = "auto",
                     const std::vector<int>& absent = {},
                     const std::string& precision = "float32",
                     bool real_time = false,
                     int batch = 1,
                     double deadline_s = 0.0);

    //! Bytes of one packet.
    virtual std::size_t packet_size() const = 0;
    //! Frames decoded.
    virtual std::uint64_t frames() const = 0;
    //! Frames without an estimate, between the first and the last number seen.
    virtual std::uint64_t frames_lost() const = 0;
    //! Packets refused.
    virtual std::uint64_t packets_refused() const = 0;
    //! Packets refused, by what was wrong with them.
    virtual std::map<std::string, std::uint64_t> refusals() const = 0;
    //! Packets and transmit frames dropped because another stream had no partner for
    //! them.
    virtual std::uint64_t items_unmatched() const = 0;
    //! Frames skipped because the packets of later ones were waiting; in real time only.
    //! Those are also lost, and their transmit frames unmatched.
    virtual std::uint64_t frames_skipped() const = 0;
    //! Frames estimated without some access point; with a deadline only.
    virtual std::uint64_t frames_incomplete() const = 0;
    //! Packets dropped because they came after their frame or after their successor.
    virtual std::uint64_t packets_late() const = 0;
    //! Packets dropped because they were of the same frame as the one before.
    virtual std::uint64_t duplicates() const = 0;
    /*! Latency that a share of the last frames does not exceed, s: from the end of a
     * frame's interval, by the capture time of its packet, to its estimate. NaN before the
     * first frame, and unless in real time. The capture times must be those of this
     * machine's steady clock, as of a bistatic_channel in real time.
     * \param share between 0 and 1: 0.5 for the median
     * \throws std::invalid_argument on another share
     */
    virtual double latency_s(double share) const = 0;
    //! Transmit frames copied from items to another place; none from a block of ours on
    //! the same device.
    virtual std::uint64_t host_copies() const = 0;
    //! Bytes of these frames.
    virtual std::uint64_t host_copied_bytes() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
