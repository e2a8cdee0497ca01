# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a flowgraph with a Qt window that grcc has compiled until its error meter has scored
some frames: try_flowgraph.py MODULE FRAMES, in the folder of the module."""

import importlib
import sys
import time

PATIENCE_S = 300


def main():
    name, frames = sys.argv[1], int(sys.argv[2])
    sys.path.insert(0, ".")
    module = importlib.import_module(name)
    from PyQt5 import Qt, QtCore

    application = Qt.QApplication(sys.argv[:1])
    flowgraph = getattr(module, name)()
    flowgraph.start()
    flowgraph.show()
    deadline = time.monotonic() + PATIENCE_S

    def look():
        if flowgraph.meter.scores()["frames"] >= frames or time.monotonic() > deadline:
            flowgraph.stop()
            flowgraph.wait()
            application.quit()

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(100)
    application.exec_()
    scored = flowgraph.meter.scores()["frames"]
    print(f"{name}: {scored:.0f} frames scored")
    return 0 if scored >= frames else 1


if __name__ == "__main__":
    sys.exit(main())
