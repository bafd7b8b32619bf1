#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""millrace registry copy between two registries of ours: whole, in part, interrupted, in the way of something."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from registries import Client, enum, fill, picture, serving  # noqa: E402 (its folder is added above)
from tap import case, main  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build"))
MILLRACE = str(BUILD / "cli/millrace")


class Two:
    def __init__(self, source, target):
        self.urls = source, target
        self.source, self.target = Client(source), Client(target)

    def words(self, *more):
        return [MILLRACE, "registry", "copy", "--from", self.urls[0], "--to", self.urls[1], *more]

    def copy(self, *more, expect=0):
        done = subprocess.run(self.words(*more), capture_output=True, text=True, timeout=60)
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def counts(self, *more, expect=0):
        return json.loads(self.copy("--json", *more, expect=expect).stdout)


@contextlib.contextmanager
def two():
    with tempfile.TemporaryDirectory() as folder, serving(MILLRACE, folder, "source") as source, \
            serving(MILLRACE, folder, "target") as target:
        yield Two(source, target)


@case
def everything_comes_over_with_ids_versions_deletions_settings_and_contexts():
    with two() as both:
        fill(both.source)
        before, empty = picture(both.source), picture(both.target, contexts=False)
        plan = both.counts("--dry-run", expect=3)
        assert (plan["imported"], plan["deleted"], plan["verified"]) == (9, 2, 0), plan
        assert picture(both.target, contexts=False) == empty, "a dry run changes nothing"
        done = both.counts()
        assert (done["subjects"], done["versions"], done["imported"], done["verified"]) == (6, 9, 9, 9), done
        order = [step["subject"] for step in done["steps"] if step["what"] == "import"]
        assert order.index("z-base") < order.index("a-refers"), "references first"
        assert picture(both.target) == before
        again = both.counts()
        assert (again["equal"], again["imported"], again["deleted"], again["configs"], again["modes"], again["verified"]) == \
            (9, 0, 0, 0, 0, 9), again
        assert both.counts("--dry-run")["imported"] == 0
        # and the next id goes on where the source's would
        assert both.target.register("next", enum("Next")) == max(v[0] for v in before.values() if isinstance(v, tuple)) + 1


@case
def a_subject_behind_an_alias_comes_over_itself():
    with two() as both:
        both.source.register("old", enum("Old"))
        both.source.do("PUT", "/config/old", {"compatibility": "NONE"})
        both.source.register("old", enum("Older"))
        both.source.do("DELETE", "/subjects/old/versions/1")
        both.source.register("new", enum("New"))
        both.source.do("PUT", "/config/old", {"alias": "new"})
        done = both.counts()
        assert (done["versions"], done["verified"]) == (3, 3), done
        assert both.target.do("GET", "/subjects/old/versions/latest")["subject"] == "new", "the alias, too"
        both.target.do("DELETE", "/config/old")
        assert both.target.do("GET", "/subjects/old/versions") == [2]
        assert both.target.do("GET", "/subjects/old/versions?deleted=true") == [1, 2]


@case
def what_is_in_the_way_is_all_named_and_nothing_is_changed():
    with two() as both:
        fill(both.source)
        both.target.do("PUT", "/config/many", {"compatibility": "NONE"})
        both.target.register("other", enum("Other"))  # id 1 is z-base's in the source
        both.target.register("many", enum("Else"))  # version 1, id 2
        before = picture(both.target, contexts=False)
        done = both.counts(expect=1)
        named = {(step["subject"], step["version"], step["member"]) for step in done["steps"]}
        assert {("z-base", 1, "id"), ("many", 1, "id"), ("a-refers", 1, "id")} <= named, named
        assert done["conflicts"] == len(done["steps"]) and done["imported"] == 0, done
        assert picture(both.target, contexts=False) == before
        assert "nothing was changed" in both.copy(expect=1).stderr


@case
def a_glob_takes_what_it_fits_and_the_versions_that_those_refer_to():
    with two() as both:
        fill(both.source)
        both.source.do("PUT", "/config/z-base", {"compatibility": "NONE"})
        both.source.register("z-base", enum("shop.Size"))
        both.copy("--subject", "a-*")
        seen = picture(both.target, contexts=False)
        assert set(key for key in seen if key[-1].isdigit()) == {"a-refers 1", "z-base 1"}, seen
        assert seen["config"] == "BACKWARD" and seen["z-base config"] is None, seen
        assert "no subject that 'nobody' fits" in both.copy("--subject", "nobody", expect=1).stderr


def wait_until_something_is_there(both, process):
    deadline = time.monotonic() + 20
    while not both.target.do("GET", "/subjects"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)


MANY = 1500


@case
def ctrl_c_puts_the_modes_back_and_the_next_run_goes_on():
    with two() as both:
        for i in range(MANY):
            both.source.register(f"s{i}", enum(f"S{i}"))
        process = subprocess.Popen(both.words(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until_something_is_there(both, process)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert process.returncode == 1 and "stopped" in told, told
        there = both.target.do("GET", "/subjects")
        assert 0 < len(there) < MANY
        assert all(both.target.ask("GET", f"/mode/{name}")[0] == 404 for name in there)
        done = both.counts()
        assert done["equal"] == len(there) and done["imported"] == MANY - len(there) and done["verified"] == MANY, done


@case
def after_kill_9_the_next_run_goes_on_and_takes_mode_import_away():
    with two() as both:
        for i in range(MANY):
            both.source.register(f"s{i}", enum(f"S{i}"))
        process = subprocess.Popen(both.words(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_something_is_there(both, process)
        process.kill()
        process.wait()
        there = both.target.do("GET", "/subjects")
        assert 0 < len(there) < MANY
        done = both.counts()
        assert done["equal"] - len(there) in (0, 1), (done, "what it had asked for when it was killed may be done after that")
        assert done["equal"] + done["imported"] == done["verified"] == MANY and done["modes"] >= len(there), done
        assert all(both.target.ask("GET", f"/mode/s{i}")[0] == 404 for i in range(MANY))


@case
def wrong_words_and_silent_registries_are_told():
    with two() as both:
        done = subprocess.run([MILLRACE, "registry", "copy", "--from", both.urls[0]], capture_output=True, text=True, timeout=10)
        assert done.returncode == 2 and "--to is missing" in done.stderr, done
        done = subprocess.run([MILLRACE, "registry", "copy", "--from", both.urls[0], "--to", "http://user:secret@127.0.0.1:9"],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and "127.0.0.1:9" in done.stderr and "secret" not in done.stderr + done.stdout, done


if __name__ == "__main__":
    main()
