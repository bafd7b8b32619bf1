# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of consumers measure, in short and by ratio: on a Kafka and a PostgreSQL of their own."""
import pathlib
import sys

from harness import test

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import bench_backlog  # noqa: E402 (its folder is added above)
import bench_poison  # noqa: E402
import orders  # noqa: E402

ROUNDS = 12  # at most, while other things that the machine does add to the delays


@test
def a_poisoned_key_delays_no_other_key(_t):
    with orders.cluster() as bench:
        for kind in ("SQLite", "PostgreSQL"):
            told = []
            ratio = bench_poison.ratio_of(bench, kind, 4000, 1000, ROUNDS, told.append, bench_poison.LIMIT)
            assert ratio < bench_poison.LIMIT, "\n".join(told)


@test
def memory_stays_flat_over_a_backlog(_t):
    with orders.cluster() as bench:
        bench.make(1200000)
        for kind in ("SQLite", "PostgreSQL"):
            told = []
            assert bench_backlog.stays_flat(bench, kind, 1200000, told.append), told
