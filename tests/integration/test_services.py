# SPDX-License-Identifier: Apache-2.0
"""All services at once on Apache Kafka and PostgreSQL."""
from harness import test
from services import Day


@test
def a_day_of_all_platforms_passes_through_all_services_and_the_counts_are_equal(t):
    mistakes = Day(t, 600, instances=2, say=lambda line: print("#", line)).run()
    assert not mistakes, "\n".join(mistakes)
