#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a flowgraph as GNU Radio Companion shows it, for the documentation.

Needs a display (xvfb-run), a session bus (dbus-run-session) and gir1.2-gtk-3.0.
"""

import argparse

import cairo
import gi

gi.require_version("Gtk", "3.0")
gi.require_version("PangoCairo", "1.0")
from gi.repository import Gio, Gtk  # noqa: E402
from gnuradio import gr  # noqa: E402
from gnuradio.grc.gui.Platform import Platform  # noqa: E402, the first: the others import it
from gnuradio.grc.gui import Actions, Utils  # noqa: E402
from gnuradio.grc.gui.canvas import flowgraph as canvas  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("flowgraph", metavar="FLOWGRAPH.grc")
    parser.add_argument("picture", metavar="PICTURE.png")
    arguments = parser.parse_args()

    application = Gtk.Application()
    Gio.Application.set_default(application)
    application.register(None)
    # The menu of the right mouse button belongs to a window, and there is none.
    canvas._ContextMenu = lambda window: None

    version = (gr.major_version(), gr.api_version(), gr.minor_version())
    platform = Platform(version=gr.version(), version_parts=version, prefs=gr.prefs(),
                        install_prefix=gr.prefix())
    platform.build_library()
    for action, active in ((Actions.TOGGLE_AUTO_HIDE_PORT_LABELS, False),
                           (Actions.TOGGLE_SHOW_BLOCK_COMMENTS, True),
                           (Actions.TOGGLE_HIDE_VARIABLES, False),
                           (Actions.TOGGLE_SHOW_BLOCK_IDS, False),
                           (Actions.TOGGLE_SHOW_FLOWGRAPH_COMPLEXITY, False),
                           (Actions.TOGGLE_SHOW_PARAMETER_EXPRESSION, True),
                           (Actions.TOGGLE_SHOW_PARAMETER_EVALUATION, False)):
        action.set_active(active)

    flowgraph = platform.make_flow_graph(from_filename=arguments.flowgraph)
    flowgraph.rewrite()
    flowgraph.validate()
    errors = [message for element in flowgraph.get_elements()
              for message in element.get_error_messages()]
    if errors:
        raise SystemExit(f"{arguments.flowgraph}: " + "; ".join(map(str, errors)))
    # What a window does first: sizes follow from the texts.
    flowgraph.update_elements_to_draw()
    flowgraph.create_labels(cairo.Context(cairo.ImageSurface(cairo.FORMAT_ARGB32, 1, 1)))
    flowgraph.create_shapes()
    Utils.make_screenshot(flowgraph, arguments.picture)


if __name__ == "__main__":
    main()
