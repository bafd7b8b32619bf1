# SPDX-License-Identifier: Apache-2.0
"""Every consumer beside its model (tests/model/check.py) with PostgreSQL as its store."""
import argparse
import pathlib
import sys

import harness
from harness import test

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "model"))
import check  # noqa: E402 (its folder is added above)


@test
def every_consumer_keeps_its_model_on_postgresql(t):
    args = argparse.Namespace(build=harness.BUILD, seed=int(t.prefix[1:6], 16), events=800, jobs=4, store="postgresql",
                              keep=False, ties=False, storm=False, fold=0, services=check.services())
    failed = [lines for _, passed, lines in check.results(args, t.postgres) if not passed]
    assert not failed, "\n".join(failed)
