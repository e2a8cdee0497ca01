# SPDX-License-Identifier: GPL-3.0-or-later
"""Cooperative ISAC: target positions and velocities from the OFDM downlink of several access
points, with a learned codebook on the fronthaul.

The blocks are compiled; see help(gnuradio.isac) for the list.
"""

# A test runner that walks the source tree imports this file under another name; the compiled
# part exists only where the package is built or installed.
if __name__ == "gnuradio.isac":
    from .isac_python import *
