# SPDX-License-Identifier: Apache-2.0
"""The short form of tests/chaos/chaos.py, of one seed, so that what fails here is what the change did; other seeds: `./dev chaos`."""
import os
import pathlib
import sys

from harness import test

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))
from chaos import Chaos  # noqa: E402 (its folder is added above)


@test
def whatever_goes_wrong_every_table_ends_as_its_model_says(t):
    seed = int(os.environ.get("MILLRACE_SEED") or 1215365222)
    mistakes = Chaos(t, events=3000, seed=seed, n_faults=6, say=lambda line: print("#", line)).run()
    assert not mistakes, f"again: tests/chaos/chaos.py --seed {seed} --events 3000 --faults 6\n" + "\n".join(mistakes)
