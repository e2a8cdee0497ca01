#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a flowgraph that has a window, and save a picture of it for the pages.

Without a screen: xvfb-run -a python3 docs/tools/flowgraph_picture.py FLOWGRAPH.grc PICTURE.png
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from PyQt5 import QtCore, QtWidgets


def load(flowgraph, folder):
    """The class that grcc makes of a flowgraph."""
    subprocess.run(["grcc", "-o", folder, str(flowgraph)], check=True, stdout=subprocess.DEVNULL)
    program = Path(folder) / f"{flowgraph.stem}.py"
    if not program.exists():
        raise SystemExit(f"{flowgraph}: its ID is not the name of the file")
    description = importlib.util.spec_from_file_location(flowgraph.stem, program)
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return getattr(module, flowgraph.stem)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("flowgraph", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0, help="until it is taken")
    parser.add_argument("--size", default="1100x800", help="of the window, pixels")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))

    application = QtWidgets.QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        window = load(arguments.flowgraph, folder)()
        window.resize(width, height)
        window.start()
        window.show()
        saved = []

        def take():
            saved.append(window.grab().save(str(arguments.picture)))
            window.stop()
            window.wait()
            application.quit()

        QtCore.QTimer.singleShot(int(1000 * arguments.seconds), take)
        application.exec_()
    if saved != [True]:
        raise SystemExit(f"{arguments.picture}: cannot be written")


if __name__ == "__main__":
    main()
