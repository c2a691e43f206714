"""That the benchmark's own tools say what is so: who lets in bad tokens, targets, page and chart."""

import http.server
import pathlib
import sys
import threading
import time
import types
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chart  # noqa: E402
import peers as p  # noqa: E402
import report  # noqa: E402
import stage  # noqa: E402
import turns  # noqa: E402
from scenarios.base import Rounds, at_least, at_most, ratio  # noqa: E402
from scenarios.instructions import by_short_name, short  # noqa: E402


class LenientServer(http.server.BaseHTTPRequestHandler):
    """Lets in whoever shows something, whatever it is."""

    def do_GET(self):
        self.send_response(200 if "Authorization" in self.headers else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def results_of(peers, checks=()):
    run = {"date": "2026-01-02", "cpu": "a CPU", "kernel": "Linux", "load_average": 0.0, "versions": {},
           "quick": True, "rounds": 5, "seconds": 3}
    warm = {"title": "Warm", "about": "How.", "peers": peers, "checks": list(checks)}
    return {"run": run, "scenarios": {"warm": warm}}


PEERS = {"floor": {"cpu_us": 10.0, "lets_in": None}, "bearergate": {"cpu_us": 20.0, "lets_in": []},
         "Slow & strict": {"cpu_us": 900.0, "lets_in": ["no exp"]}}


class Prove(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LenientServer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def peer(self, kind=types.SimpleNamespace):
        peer = kind.__new__(kind)
        peer.name, peer.port, peer.url_scheme, peer.caches = "x", self.server.server_port, "http", False
        peer.issuer = types.SimpleNamespace(bad=lambda: [("expired", "a.b.c"), ("garbage", "x")])
        return peer

    def test_names_every_bad_token_that_is_let_in(self):
        peer = self.peer()
        stage.prove([peer])
        self.assertEqual(peer.lets_in, ["expired", "garbage"])

    def test_our_own_gateway_must_not_let_any_in(self):
        with self.assertRaisesRegex(RuntimeError, "lets in: expired, garbage"):
            stage.prove([self.peer(p.Bearergate)])


class Targets(unittest.TestCase):
    def test_what_was_not_measured_is_not_met(self):
        check = at_most("m", ratio({"a": {"cpu_us": 1}}, "cpu_us", "a", "b"), 1.0)
        self.assertFalse(check["met"])
        self.assertEqual(report.shown(check), ("≤ 1", "not measured", "?"))

    def test_limits_are_inclusive_and_directed(self):
        self.assertTrue(at_most("m", 1.35, 1.35)["met"])
        self.assertFalse(at_most("m", 1.36, 1.35)["met"])
        self.assertTrue(at_least("m", 0.93, 0.93)["met"])
        self.assertFalse(at_least("m", 0.92, 0.93)["met"])

    def test_small_ratios_read_as_fractions(self):
        self.assertEqual(report.shown(at_most("a ÷ b", 1 / 30, 1 / 28)), ("≤ 1/28", "1/30.0", "met"))
        self.assertEqual(report.shown(at_most("a", 0.02, 0.1)), ("≤ 0.1", "0.02", "met"))


class Page(unittest.TestCase):
    page = "\n".join(f"about {name}\n<!-- begin: {name} -->\nold\n<!-- end: {name} -->"
                     for name in ("run", "verdicts", "tables")) + "\nthe end\n"

    def test_only_marked_parts_are_made_of_results(self):
        made = report.page_with(self.page, results_of(PEERS, [at_most("a ratio", 2.0, 1.0)]))
        self.assertNotIn("old", made)
        self.assertIn("0 of 1 targets are met", made)
        self.assertIn("| a ratio | ≤ 1 | 2 | NOT met |", made)
        self.assertTrue(made.startswith("about run") and made.endswith("the end\n"))

    def test_making_it_again_changes_nothing(self):
        once = report.page_with(self.page, results_of(PEERS))
        self.assertEqual(report.page_with(once, results_of(PEERS)), once)
        self.assertNotEqual(report.page_with(once, results_of(PEERS | {"floor": {"cpu_us": 11.0}})), once)


class Worker:
    """Notes when it works, in a list that all share."""

    def __init__(self, name, notes):
        self.name, self.notes, self.killed = name, notes, False

    def resume(self):
        self.notes.append(f"{self.name} works")

    def pause(self):
        self.notes.append(f"{self.name} rests")

    def finish(self):
        return float(len(self.notes))

    def kill(self):
        self.killed = True

    def wait(self):
        pass


class Turns(unittest.TestCase):
    def test_one_works_and_the_others_rest(self):
        notes = []
        found = turns.in_turns([lambda: Worker("a", notes), lambda: Worker("b", notes)], 0.02, 0.01)
        self.assertEqual(notes, ["a works", "a rests", "b works", "b rests"] * 2)
        self.assertEqual(found, {"a": 8.0, "b": 8.0})

    def test_nothing_goes_on_when_one_does_not_begin(self):
        begun = Worker("a", [])
        with self.assertRaises(ZeroDivisionError):
            turns.in_turns([lambda: begun, lambda: 1 / 0], 1, 0.01)
        self.assertTrue(begun.killed)

    def test_nothing_goes_on_when_one_does_not_finish(self):
        all = [Worker("a", []), Worker("b", [])]
        all[0].finish = lambda: 1 / 0
        with self.assertRaises(ZeroDivisionError):
            turns.in_turns([lambda: all[0], lambda: all[1]], 0.01, 0.01)
        self.assertTrue(all[0].killed and all[1].killed)

    def test_programs_rest_but_for_their_turns_and_are_gone_at_the_end(self):
        worker = turns.Paused("x", [sys.executable, "-c", "while True: pass"])
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)

        def becomes(state):
            stat = pathlib.Path(f"/proc/{worker.process.pid}/stat")
            end = time.monotonic() + 10
            while stat.read_text().rsplit(")", 1)[1].split()[0] not in state:
                if time.monotonic() > end:
                    return False
                time.sleep(0.001)
            return True

        self.assertTrue(becomes("T"))
        worker.resume()
        self.assertTrue(becomes("RS"))
        worker.pause()
        self.assertTrue(becomes("T"))
        worker.kill()
        worker.wait()
        self.assertIsNotNone(worker.process.poll())

    def test_ratios_are_of_one_round(self):
        rounds = Rounds([{"a": 1.0, "b": 2.0}, {"a": 30.0, "b": 60.0}, {"a": 5.0, "b": 5.0}])
        self.assertEqual(rounds.ratio("a", "b"), 0.5)
        self.assertEqual(rounds.medians(), {"a": {"cpu_us": 5.0}, "b": {"cpu_us": 5.0}})
        self.assertIsNone(rounds.ratio("a", "c"))


class SystemCalls(unittest.TestCase):
    def test_stand_by_their_number_and_by_name_where_that_is_the_same(self):
        headings, rows = report.system_call_cells(
            {"a": {"write": 1, "send": 2, "recv": 2, "accept": 1}, "b": {"poll": 3}})
        self.assertEqual(headings, ["", "poll", "recv", "send", "accept", "write"])
        self.assertEqual([row[0] for row in rows], ["a", "b"])


class Chart(unittest.TestCase):
    def setUp(self):
        self.root = xml.etree.ElementTree.fromstring(chart.svg_of(results_of(PEERS)))
        self.namespace = "{http://www.w3.org/2000/svg}"

    def test_has_a_title_and_a_description_with_the_numbers(self):
        self.assertTrue(self.root.find(f"{self.namespace}title").text)
        self.assertIn("Slow & strict: 900.0 µs", self.root.find(f"{self.namespace}desc").text)

    def test_bars_are_in_order_and_stay_inside(self):
        bars = [bar for bar in self.root.iter(f"{self.namespace}rect") if bar.get("height") == "20"]
        ends = [float(bar.get("x")) + float(bar.get("width")) for bar in bars]
        self.assertEqual(len(bars), 3)
        self.assertEqual(ends, sorted(ends))
        self.assertLess(max(ends), chart.WIDTH)

    def test_a_bar_that_is_cut_shows_it(self):
        self.assertEqual(len(list(self.root.iter(f"{self.namespace}path"))), 1)


class Names(unittest.TestCase):
    def test_functions_lose_what_nobody_reads(self):
        self.assertEqual(short("???:bearergate::http::facts_of(std::basic_string_view<char>)"),
                         "http::facts_of")
        self.assertEqual(short("./malloc/malloc.c:_int_malloc"), "_int_malloc")
        self.assertEqual(short("???:boost::a::b<boost::c<int>, 1>::run(long)"), "a::b::run")

    def test_the_parts_of_a_coroutine_are_one_row(self):
        own = {"???:Task run(int)": 10, "???:Task run(int) [clone .resume]": 90, "???:other()": 5}
        rows = by_short_name(own, {"???:Task run(int)": 200, "???:other()": 5})
        self.assertEqual(rows["Task run"], {"instructions": 100, "with_callees": 200})
        self.assertEqual(rows["other"], {"instructions": 5, "with_callees": 5})


if __name__ == "__main__":
    unittest.main()
