/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_SINK_H
#define INCLUDED_ISAC_MAP_SINK_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/map_packets.h>
#include <gnuradio/isac/qtgui_api.h>
#include <optional>
#include <string>
#include <vector>

class QWidget;

namespace gr {
namespace isac {

/*!
 * \brief A map in a window: targets, estimates, errors over time, use of the fronthaul.
 * \ingroup isac
 *
 * \details
 * What is drawn is the latest frame that every stream has estimated, with truth and
 * estimates of the same frame: access points with the axes of their arrays, the area of the
 * targets, true targets (rings) and estimates (a colour for each stream) with arrows, the way
 * of a time that the legend tells, a line from each estimate to its target, trails, and
 * ellipses. Beside it are the running median of the error (of half a second; the numbers are
 * of five) with the root Cramér-Rao bound, and for each access point the rate of its packets
 * by their capture times, the codewords in use and their perplexity (of the last 256 to 512
 * packets). In three dimensions the map is x over y, and a strip below it x over z.
 *
 * Estimates and truth are matched as by the error_meter. An ellipse holds the location with
 * 95 percent, if it is Gaussian with the covariance that the PDU tells.
 *
 * Frames are counted, matched and scored in the flowgraph; they are painted by Qt's thread,
 * from a copy, at most `rate` times a second: what comes in between is not drawn. Nothing of
 * it calls Python.
 *
 * Inputs, in this order and without gaps. Streams are paired by the tag `frame` (an item
 * without one is numbered by its place in the stream):
 * - estimates, one for each name, float [2·D·Q] per item: locations of all targets, target
 *   by target (m), then their velocities (m/s);
 * - truth (if there is one): same layout;
 * - bound (if there is one): root bound, float [2·Q] per item: location (m), then velocity
 *   (m/s) of every target;
 * - packets (if there are some), one stream for each of the M receive access points, bytes
 *   [packets.format.size()] per item.
 *
 * Message port `estimates`: the PDUs of fusion_decoder and parameter_fusion, of one or
 * several of them, that go with the streams of estimates; they belong to the stream with the
 * same values. They tell the confidence (faint markers), the covariance (ellipses), and which
 * access points took part (the others are dimmed). A PDU of another kind is refused, logged
 * and counted.
 *
 * The picture is made in a QApplication, which is created on the first call of qwidget() or
 * save_png() where there is none. Where there is no display, it is Qt's `offscreen` platform.
 */
class ISAC_QTGUI_API map_sink : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<map_sink>;

    /*!
     * \param scenario access points, arrays, area of the targets, number of targets
     * \param names of the streams of estimates, 1 to 8, each another
     * \param truth whether there is an input for the truth
     * \param bound whether there is an input for the root bound; needs the truth
     * \param packets what is read from the inputs for packets; without it there are none
     * \param title of the picture, may be empty
     * \param trail frames before the one that is drawn that stay visible, 0 to 1000
     * \param rate most redraws in a second, 1 to 60
     * \param theme "dark", "light", or "auto" for the desktop's
     * \throws std::invalid_argument naming the parameter and the value that is wrong
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::vector<std::string>& names = {"estimates"},
                     bool truth = true,
                     bool bound = false,
                     const std::optional<map_packets>& packets = std::nullopt,
                     const std::string& title = "",
                     int trail = 20,
                     int rate = 30,
                     const std::string& theme = "auto");

    /*! The map, made on the first call, which must be in the thread of the application. It
     * belongs to the widget or layout that it is put into; without one, to this block.
     */
    virtual QWidget* qwidget() = 0;

    //! \throws std::invalid_argument unless 0 … 1000
    virtual void set_trail(int frames) = 0;
    //! Frames before the one that is drawn that stay visible.
    virtual int trail() const = 0;
    //! \throws std::invalid_argument naming a word that is not "auto", "dark" or "light"
    virtual void set_theme(const std::string& theme) = 0;
    //! "auto", "dark" or "light".
    virtual std::string theme() const = 0;
    //! Of the picture; may be empty.
    virtual void set_title(const std::string& title) = 0;
    //! Of the picture.
    virtual std::string title() const = 0;

    /*! Write the picture as it is now to a PNG file, from any thread.
     * \param path of the file
     * \param width, height of the picture, pixels; both 0 for those of the widget, or
     * 1200 × 800 while it is not shown
     * \throws std::invalid_argument on a size that is not 160 × 120 to 16384 × 16384
     * \throws std::runtime_error naming the file when it cannot be written
     */
    virtual void save_png(const std::string& path, int width = 0, int height = 0) = 0;

    //! Frames with an estimate of every stream, and truth and bound where these are inputs.
    virtual std::uint64_t frames() const = 0;
    //! Frames in which something was missing that later ones have.
    virtual std::uint64_t frames_incomplete() const = 0;
    //! Times that the widget was painted.
    virtual std::uint64_t redraws() const = 0;
    //! Packets that are damaged or of another kind; they are logged and not counted elsewhere.
    virtual std::uint64_t packets_refused() const = 0;
    //! Messages that are no PDUs of estimates.
    virtual std::uint64_t messages_refused() const = 0;
};

} // namespace isac
} // namespace gr

#endif
