# SPDX-License-Identifier: GPL-3.0-or-later
"""Cell-free integrated sensing and communication for GNU Radio.

Transmit access points precode the users' symbols, receive access points compress the echoes
of moving targets into fronthaul packets, and a central unit fuses the packets into locations
and velocities. A stream between these blocks carries one frame, a coherent processing
interval [antenna, subcarrier, symbol], per item.
"""

import os
import pathlib

from .estimate_printer import estimate_printer
from .isac_python import *
try:
    from .isac_qtgui_python import *
except ModuleNotFoundError as error:  # built without Qt
    if error.name != f"{__name__}.isac_qtgui_python":
        raise
from .numpy_api import (Bound, Echo, Estimates, Estimator, Match, bound, echo, estimate, match)
from .radio import (RadioError, device_arguments, next_start, scene_seed, soapy_sink, soapy_source,
                    uhd_sink, uhd_source)
# import any pure Python blocks below: gr_modtool adds theirs after this line.


def example_path(name: str) -> str:
    """Where a file of the examples is, e.g. "scenarios/lite.yml".

    Looks in the folder that ISAC_EXAMPLES names, in the working directory and above it, in
    the source tree that this package was built in, and in the installed examples.
    """
    package = pathlib.Path(__file__).resolve()
    here = pathlib.Path.cwd()
    places = [pathlib.Path(os.environ[key]) for key in ("ISAC_EXAMPLES",) if key in os.environ]
    places += [folder / "examples" for folder in (here, *here.parents)]
    places += [here, *here.parents]
    places += [folder / "examples" for folder in package.parents]
    places += [folder / "share" / "gr-isac" / "examples" for folder in package.parents]
    for place in places:
        if (place / name).is_file():
            return str(place / name)
    raise FileNotFoundError(
        f"no example {name}; set ISAC_EXAMPLES to the folder of the examples")
