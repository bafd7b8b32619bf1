#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lint of layers against planted arrows: it must be able to fail."""
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("lint", "support")]
import lint  # noqa: E402 (its folder is added above)
from tap import case, main  # noqa: E402


def verdict(path, name):
    parts = pathlib.PurePath(path).parts
    return lint.arrow(path, parts[1] if parts[0] == "lib" else parts[0], parts[0], name)


@case
def what_points_down_or_stays_at_home_is_allowed():
    for path, name in [("lib/option/a.c", "millrace/buf.h"), ("lib/avro/a.c", "avro_internal.h"),
                       ("lib/run/a.c", "millrace/kafka.h"), ("lib/kafka/a.c", "librdkafka/rdkafka.h"),
                       ("lib/registry/a.c", "jansson.h"), ("cli/simulate/a.c", "../verb.h"),
                       ("consumers/a.c", "millrace/codec.h"), ("lib/base/a.c", "string.h")]:
        assert verdict(path, name) is None, (path, name, verdict(path, name))


@case
def what_points_up_or_sideways_is_refused():
    for path, name in [("lib/base/a.c", "millrace/option.h"), ("lib/kafka/a.c", "millrace/registry.h"),
                       ("lib/store/a.c", "../kafka/internal.h"), ("cli/a.c", "../lib/avro/plan.h"),
                       ("producers/a.c", "consumers/b.h"), ("consumers/a.c", "../cli/verb.h"),
                       ("lib/avro/a.c", "millrace/catalog.h")]:
        assert verdict(path, name), (path, name)


@case
def a_third_partys_header_is_refused_outside_its_home():
    for path, name in [("consumers/a.c", "sqlite3.h"), ("cli/a.c", "librdkafka/rdkafka.h"),
                       ("lib/run/a.c", "jansson.h"), ("lib/base/a.c", "check.h")]:
        assert verdict(path, name), (path, name)


if __name__ == "__main__":
    main()
