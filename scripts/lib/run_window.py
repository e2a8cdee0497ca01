#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a flowgraph with a window that grcc has compiled, for a while.

Waits until it has come as far as asked, changes its variables as its controls do, checks and
waits again, saves a picture of the window and ends it. Needs a display (xvfb-run).
"""

import argparse
import importlib
import inspect
import sys
import time

from PyQt5 import Qt, QtCore


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="name of the compiled flowgraph, in the working folder")
    parser.add_argument("--argument", action="append", default=[], metavar="NAME=VALUE",
                        help="parameter of the flowgraph")
    parser.add_argument("--until", default="True", metavar="EXPRESSION",
                        help="of the flowgraph f, e.g. 'f.meter.scores()[\"frames\"] >= 3'")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=EXPRESSION",
                        help="value of a variable, as its control gives it")
    parser.add_argument("--then", default="True", metavar="EXPRESSION",
                        help="what must come true after the changes")
    parser.add_argument("--picture", metavar="FILE.png", help="of the window at the end")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S")
    return parser.parse_args()


def pairs(texts):
    """NAME=VALUE, one by one."""
    for text in texts:
        name, found, value = text.partition("=")
        if not found:
            raise SystemExit(f"{text}: NAME=VALUE is needed")
        yield name, value


def main():
    arguments = parse_arguments()
    sys.path.insert(0, ".")
    application = Qt.QApplication(sys.argv[:1])
    flowgraph_class = getattr(importlib.import_module(arguments.program), arguments.program)
    defaults = inspect.signature(flowgraph_class.__init__).parameters
    given = {name: type(defaults[name].default)(value)
             for name, value in pairs(arguments.argument)}
    module = sys.modules[flowgraph_class.__module__]
    flowgraph = flowgraph_class(**given)
    # What the compiled program's own main() does.
    getattr(module, "snippets_main_after_init", lambda _: None)(flowgraph)
    flowgraph.start()
    flowgraph.show()
    state = {"deadline": time.monotonic() + arguments.timeout, "changed": False, "code": 1}

    def holds(expression):
        return bool(eval(expression, {"f": flowgraph}))  # of the one who runs this

    def end(code):
        state["code"] = code
        timer.stop()
        if arguments.picture and code == 0:
            if not flowgraph.grab().save(arguments.picture):
                print(f"{arguments.picture}: not written", file=sys.stderr)
                state["code"] = 1
        flowgraph.stop()
        flowgraph.wait()
        application.quit()

    def look():
        try:
            waited_for = arguments.then if state["changed"] else arguments.until
            if not holds(waited_for):
                if time.monotonic() > state["deadline"]:
                    print(f"{arguments.timeout} s have passed without {waited_for}",
                          file=sys.stderr)
                    end(1)
            elif not state["changed"]:
                for name, value in pairs(arguments.set):
                    getattr(flowgraph, f"set_{name}")(eval(value, {"f": flowgraph}))
                state["changed"] = True
            else:
                end(0)
        except Exception as error:
            print(f"{arguments.program}: {type(error).__name__}: {error}", file=sys.stderr)
            end(1)

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(100)
    application.exec_()
    return state["code"]


if __name__ == "__main__":
    sys.exit(main())
