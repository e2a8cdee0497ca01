#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map, painted off screen: what is drawn, where, and what becomes of the frames."""

import os
import pathlib
import tempfile
import threading
import time

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
import pmt
from gnuradio import blocks, gr, gr_unittest, isac
from PyQt5 import QtGui, QtWidgets, sip

ROOT = pathlib.Path(__file__).parents[2]
SMALL = str(ROOT / "lib" / "tests" / "blocks" / "small.yml")
# The first stream's colours.
LIGHT, DARK = (0x00, 0x72, 0xB2), (0x4C, 0xC2, 0xFF)


def pixels(image):
    """An image of Qt as [row, column, red green blue]."""
    image = image.convertToFormat(QtGui.QImage.Format_RGB888)
    data = image.constBits().asarray(image.sizeInBytes())
    rows = np.array(data, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, :3 * image.width()].reshape(image.height(), image.width(), 3)


def has_colour(picture, colour):
    return (picture == colour).all(axis=-1)


def item(first, second, velocity=(0, 0)):
    """Truth or estimates of two targets."""
    return [*first, *second, *velocity, *velocity]


class qa_map_sink(gr_unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
        cls.scenario = isac.load_scenario(SMALL)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def source(self, items, frames=None):
        tags = []
        for offset, frame in enumerate(frames or []):
            tag = gr.tag_t()
            tag.offset, tag.key = offset, pmt.intern("frame")
            tag.value = pmt.from_uint64(frame)
            tags.append(tag)
        items = np.asarray(items, float)
        return blocks.vector_source_f(items.ravel(), False, items.shape[1], tags)

    def run_map(self, sink, *streams):
        flowgraph = gr.top_block()
        for port, stream in enumerate(streams):
            items, frames = stream if isinstance(stream, tuple) else (stream, None)
            flowgraph.connect(self.source(items, frames), (sink, port))
        flowgraph.run()

    def picture(self, sink, width=900, height=700):
        path = os.path.join(self.folder.name, "map.png")
        sink.save_png(path, width, height)
        image = QtGui.QImage(path)
        self.assertEqual((image.width(), image.height()), (width, height))
        return pixels(image)

    def settle(self, condition):
        """Let Qt work until a condition holds, half a minute at most."""
        end = time.monotonic() + 30
        while not condition() and time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)
        self.assertTrue(condition())

    def marker(self, theme, colour, place):
        """Where the marker of estimates is that stand still in one place."""
        sink = isac.map_sink(self.scenario, truth=False, trail=0, theme=theme)
        empty = has_colour(self.picture(sink), colour)  # those of legend and table
        self.run_map(sink, [item(place, place)])
        rows, columns = np.nonzero(has_colour(self.picture(sink), colour) & ~empty)
        self.assertGreater(len(rows), 20)
        self.assertLess(np.ptp(rows), 20)
        self.assertLess(np.ptp(columns), 20)
        return np.array([columns.mean(), rows.mean()])

    def test_a_target_is_drawn_where_it_is(self):
        for theme, colour in (("light", LIGHT), ("dark", DARK)):
            low, middle, high = (self.marker(theme, colour, place)
                                 for place in ((20, 15), (50, 55), (80, 95)))
            np.testing.assert_allclose(middle, (low + high) / 2, atol=0.6)
            right, down = high - low
            self.assertGreater(right, 100)  # pixels for 60 m
            # One scale for x and y: 80 m upwards.
            self.assertAlmostEqual(-down / right, 80 / 60, delta=0.01)

    def test_what_is_drawn_is_the_latest_frame_of_all_streams(self):
        sink = isac.map_sink(self.scenario, ["a", "b"], truth=False, trail=0, theme="light")
        here, there = item((20, 20), (20, 20)), item((80, 80), (80, 80))
        self.run_map(sink, ([here, there], [4, 9]), ([here], [4]))
        self.assertEqual(sink.frames(), 1)
        self.assertEqual(sink.frames_incomplete(), 1)  # the second stream has ended
        other = isac.map_sink(self.scenario, ["a", "b"], truth=False, trail=0,
                              theme="light")
        self.run_map(other, ([here, there], [4, 9]), ([here, there], [4, 9]))
        self.assertEqual(other.frames(), 2)
        orange = (0xD5, 0x5E, 0x00)
        self.assertGreater(has_colour(self.picture(other), orange).sum(),
                           has_colour(self.picture(sink), orange).sum())

    def test_the_trail_is_as_long_as_asked_for(self):
        places = [item((x, 20), (x, 80)) for x in range(10, 90)]
        drawn = []
        for trail in (0, 10, 60):
            sink = isac.map_sink(self.scenario, truth=False, trail=trail, theme="light")
            self.run_map(sink, places)
            background = isac.map_sink(self.scenario, truth=False, trail=0, theme="light")
            self.run_map(background, places)
            drawn.append((self.picture(sink) != self.picture(background)).any(-1).sum())
        self.assertEqual(drawn[0], 0)
        self.assertGreater(drawn[1], 50)
        self.assertGreater(drawn[2], 3 * drawn[1])
        sink.set_trail(0)
        self.assertEqual(sink.trail(), 0)
        np.testing.assert_array_equal(self.picture(sink), self.picture(background))

    def test_no_frame_is_lost_however_fast_they_come(self):
        count = 20000
        random = np.random.default_rng(1)
        truth = random.uniform(10, 90, (count, 8))
        sink = isac.map_sink(self.scenario, bound=True)
        widget = sip.wrapinstance(sink.qwidget(), QtWidgets.QWidget)
        widget.resize(800, 600)
        widget.show()
        streams = [truth + random.normal(0, 1, truth.shape), truth,
                   np.full((count, 4), 0.1)]
        runner = threading.Thread(target=self.run_map, args=(sink, *streams))
        runner.start()
        self.settle(lambda: not runner.is_alive())
        self.settle(lambda: sink.redraws() > 0)
        self.assertEqual(sink.frames(), count)
        self.assertEqual(sink.frames_incomplete(), 0)
        self.assertLess(sink.redraws(), count // 4)
        widget.close()

    def test_frames_that_are_missing_are_counted(self):
        sink = isac.map_sink(self.scenario)
        truth = [item((20, 20), (70, 70))] * 10
        self.run_map(sink, (truth[:3], [2, 5, 9]), truth)
        self.assertEqual(sink.frames(), 3)
        self.assertEqual(sink.frames_incomplete(), 7)

    def test_the_widget_shows_what_the_file_has(self):
        sink = isac.map_sink(self.scenario, title="A map", theme="dark")
        widget = sip.wrapinstance(sink.qwidget(), QtWidgets.QWidget)
        self.assertEqual(sip.unwrapinstance(widget), sink.qwidget())  # one widget
        widget.resize(700, 500)
        widget.show()
        self.run_map(sink, [item((20, 20), (70, 60), (9, 3))],
                     [item((22, 21), (69, 60), (8, 3))])
        # What is beside the map is painted five times a second.
        widget.update()
        before = sink.redraws()
        self.settle(lambda: sink.redraws() > before)
        path = os.path.join(self.folder.name, "shown.png")
        sink.save_png(path)
        saved = pixels(QtGui.QImage(path))
        self.assertEqual(saved.shape, (500, 700, 3))
        np.testing.assert_array_equal(pixels(widget.grab().toImage()), saved)
        self.assertGreater(has_colour(saved, DARK).sum(), 50)

        names = {action.text(): action for action in widget.actions()}
        self.assertIn("Save picture…", names)
        themes = {action.text(): action for action in names["Theme"].menu().actions()}
        self.assertTrue(themes["Dark"].isChecked())
        themes["Light"].trigger()
        self.assertEqual(sink.theme(), "light")
        light = pixels(widget.grab().toImage())
        self.assertGreater(light.mean(), 200)
        self.assertGreater(has_colour(light, LIGHT).sum(), 50)

        errors = {action.text(): action
                  for action in names["Plot the error of"].menu().actions()}
        errors["Velocity"].trigger()
        self.assertTrue((pixels(widget.grab().toImage()) != light).any())
        errors["Location"].trigger()

        names["Pause"].trigger()
        paused = pixels(widget.grab().toImage())
        self.run_map(sink, [item((50, 50), (55, 50))], [item((50, 50), (55, 50))])
        for _ in range(40):
            self.application.processEvents()
            time.sleep(0.005)
        np.testing.assert_array_equal(pixels(widget.grab().toImage()), paused)
        names["Pause"].trigger()
        self.settle(lambda: (pixels(widget.grab().toImage()) != paused).sum() > 1000)
        widget.close()

    def test_theme_of_the_desktop(self):
        palette = self.application.palette()
        self.addCleanup(self.application.setPalette, palette)
        sink = isac.map_sink(self.scenario)
        bright = []
        for window, text in (("black", "white"), ("white", "black")):
            changed = QtGui.QPalette(palette)
            changed.setColor(QtGui.QPalette.Window, QtGui.QColor(window))
            changed.setColor(QtGui.QPalette.WindowText, QtGui.QColor(text))
            self.application.setPalette(changed)
            bright.append(self.picture(sink).mean())
        self.assertLess(bright[0], 60)
        self.assertGreater(bright[1], 200)

    def pdu(self, values, frame, access_points=(0, 1), spread=9.0, **changed):
        covariance = np.tile(np.diag([spread, spread, 1, 1]), (2, 1, 1))
        about = {"frame": pmt.from_uint64(frame), "time": pmt.from_double(0.5),
                 "confidence": pmt.init_f32vector(2, [1.0, 1.0]),
                 "covariance": pmt.init_f32vector(32, covariance.ravel()),
                 "access_points": pmt.init_s32vector(len(access_points),
                                                     list(access_points)),
                 **changed}
        metadata = pmt.make_dict()
        for key, value in about.items():
            metadata = pmt.dict_add(metadata, pmt.intern(key), value)
        return pmt.cons(metadata, pmt.init_f32vector(len(values), values))

    def run_with_message(self, sink, values, message):
        """An item with the frame 3, and a message before it."""
        flowgraph = gr.top_block()
        flowgraph.connect(self.source([values], [3]), (sink, 0))
        sink.to_basic_block()._post(pmt.intern("estimates"), message)
        flowgraph.run()

    def test_ellipses_and_access_points_of_the_messages(self):
        values = item((30, 50), (70, 50))
        pictures = []
        for message in (self.pdu(values, 3, spread=4.0), self.pdu(values, 3, spread=25.0),
                        self.pdu(values, 3, [1], spread=4.0),
                        self.pdu(item((1, 2), (3, 4)), 3)):
            sink = isac.map_sink(self.scenario, truth=False, theme="light")
            self.run_with_message(sink, values, message)
            self.assertEqual(sink.messages_refused(), 0)
            pictures.append(self.picture(sink).astype(int))
        small, large, missing, other = pictures
        # From the ellipse of 4 m² to that of 25 m², half axes of 4.9 m and 12.2 m, the
        # height of what changes is that of the larger one.
        rows, columns = np.nonzero((small != large).any(-1))
        scale = (self.marker("light", LIGHT, (70, 50))
                 - self.marker("light", LIGHT, (30, 50)))[0] / 40
        self.assertAlmostEqual(np.ptp(rows) / scale, 2 * 12.24, delta=0.6)
        # The access point that did not take part is fainter, on the left above.
        rows, columns = np.nonzero((small != missing).any(-1))
        self.assertLess(rows.max(), 200)
        self.assertLess(columns.max(), 450)
        # A message that is of other estimates is of no stream here.
        self.assertFalse((small == other).all())

    def test_messages_that_are_no_estimates(self):
        values = item((30, 50), (70, 50))
        for message in (pmt.intern("estimates"), pmt.cons(pmt.make_dict(), pmt.PMT_NIL),
                        self.pdu(values[:-1], 3),
                        self.pdu(values, 3, confidence=pmt.init_f32vector(1, [1.0])),
                        self.pdu(values, 3, covariance=pmt.init_f32vector(16, [1.0] * 16))):
            sink = isac.map_sink(self.scenario, truth=False)
            self.run_with_message(sink, values, message)
            self.assertEqual(sink.messages_refused(), 1)
            self.assertEqual(sink.frames(), 1)

    def test_packets(self):
        model_file = os.path.join(self.folder.name, "model.safetensors")
        isac.write_fresh_model(model_file, self.scenario, "lite", "", 1)
        model = isac.load_model_info(model_file)
        other_file = os.path.join(self.folder.name, "other.safetensors")
        isac.write_fresh_model(other_file, self.scenario, "lite", "", 2)
        count = 6
        for known, refused in ((model, 0), (isac.load_model_info(other_file), 2 * count)):
            flowgraph = gr.top_block()
            payload = isac.payload_source(self.scenario, 1)
            precoder = isac.mmse_precoder(self.scenario, 1, "cpu")
            channel = isac.bistatic_channel(self.scenario, 1, "cpu")
            decoder = isac.fusion_decoder(self.scenario, model_file, "cpu")
            sink = isac.map_sink(self.scenario, bound=True, packets=known, theme="light")
            for k in range(self.scenario.users):
                flowgraph.connect((payload, k), (precoder, k))
            heads = []
            for n in range(2):
                heads.append(blocks.head(8 * self.scenario.transmit_frame_size, count))
                flowgraph.connect((precoder, n), heads[n], (channel, n))
            for m in range(2):
                encoder = isac.dvqvae_encoder(self.scenario, model_file, m, 1, "cpu")
                flowgraph.connect((channel, m), encoder, (decoder, m))
                flowgraph.connect(encoder, (sink, 3 + m))
                for n in range(2):
                    if model.encoder_reads_transmit:
                        flowgraph.connect(heads[n], (encoder, 1 + n))
            for n in range(2):
                if model.decoder_reads_transmit:
                    flowgraph.connect(heads[n], (decoder, 2 + n))
            flowgraph.connect(decoder, (sink, 0))
            flowgraph.connect((channel, 2), (sink, 1))
            flowgraph.connect((channel, 3), (sink, 2))
            flowgraph.msg_connect(decoder, "estimates", sink, "estimates")
            flowgraph.run()
            self.assertEqual(sink.frames(), count)
            self.assertEqual(sink.packets_refused(), refused)
            self.assertEqual(sink.messages_refused(), 0)
            self.picture(sink)

    def test_wrong_arguments(self):
        make = isac.map_sink
        for wrong, text in (
                ({"names": []}, "names: 0 names"),
                ({"names": ["a"] * 2}, "names: 'a' is there twice"),
                ({"names": [""]}, "names: a name is empty"),
                ({"names": list("abcdefghi")}, "names: 9 names"),
                ({"truth": False, "bound": True}, "bound"),
                ({"trail": -1}, "trail: -1"), ({"trail": 1001}, "trail: 1001"),
                ({"trail": 1.5}, "trail: 1.5 is not a whole number"),
                ({"rate": 0}, "rate: 0"), ({"rate": 61}, "rate: 61"),
                ({"theme": "blue"}, "theme: 'blue'")):
            with self.assertRaisesRegex(ValueError, text):
                make(self.scenario, **wrong)
        with self.assertRaisesRegex(TypeError, "packets: .*'lite'"):
            make(self.scenario, packets="lite")
        cnn = os.path.join(self.folder.name, "cnn.safetensors")
        isac.write_fresh_model(cnn, self.scenario, "cnn", "raw", 1)
        with self.assertRaisesRegex(ValueError, "packets: .*cnn.safetensors"):
            make(self.scenario, packets=isac.load_model_info(cnn))
        sink = make(self.scenario)
        with self.assertRaisesRegex(ValueError, "theme: 'green'"):
            sink.set_theme("green")
        with self.assertRaisesRegex(ValueError, "trail: 5000"):
            sink.set_trail(5000)
        with self.assertRaisesRegex(ValueError, "save_png: 10 x 10"):
            sink.save_png("x.png", 10, 10)
        nowhere = os.path.join(self.folder.name, "no", "folder.png")
        with self.assertRaisesRegex(RuntimeError, "no/folder.png"):
            sink.save_png(nowhere)
        # An input is missing.
        flowgraph = gr.top_block()
        flowgraph.connect(self.source([item((1, 1), (2, 2))]), (sink, 0))
        with self.assertRaises(RuntimeError):
            flowgraph.run()

    def test_settings(self):
        sink = isac.map_sink(self.scenario, title="first", trail=3, theme="dark")
        first = self.picture(sink)
        sink.set_title("second")
        self.assertEqual((sink.title(), sink.trail(), sink.theme()), ("second", 3, "dark"))
        changed = (self.picture(sink) != first).any(-1)
        self.assertTrue(changed.any())
        self.assertLess(np.nonzero(changed)[0].max(), 40)  # in the line of the title
        sink.set_theme("light")
        self.assertGreater(self.picture(sink).mean(), first.mean() + 100)

    def test_every_size(self):
        sink = isac.map_sink(self.scenario, ["one", "two with a rather long name"],
                             packets=self.scenario.estimator("ml"), bound=True,
                             title="A long title that does not fit into a small picture")
        for width, height in ((160, 120), (300, 900), (900, 300), (2000, 1500)):
            self.picture(sink, width, height)


if __name__ == "__main__":
    gr_unittest.run(qa_map_sink)
