# SPDX-License-Identifier: Apache-2.0
"""The short form of `./dev bench soak`: no wrong answer and no growing memory under mixed reads and writes; never times."""
import soak
from harness import test

SECONDS = 10
GROWTH_KIB = 1536  # of resident memory, from half time to the end


def holds(t, *store, env=None):
    address = t.path("address")
    server = t.start("millrace", "registry", "serve", "-l", "127.0.0.1:0", "--address-file", address, *store, env=env)
    server.wait_for("event=listening")
    result = soak.soak(address.read_text().strip(), server.pid, SECONDS, 3, t.prefix)
    print(*("# " + line for line in [f"seed {t.prefix}", *soak.table(result)]), sep="\n")
    assert not result.wrong, result.wrong
    assert result.n > 1000 and set(result.times) >= {"register", "by id", "lookup", "check", "delete", "config", "bad"}
    # Least squares over the second half: one page more at the end is no growth.
    assert result.kib_per_second * SECONDS / 2 < GROWTH_KIB, result.warm
    server.signal()
    assert server.wait(15).status == 0


@test
def a_soak_of_the_registry_in_memory_finds_no_wrong_answer(t):
    holds(t)


@test
def a_soak_of_the_registry_in_a_file_finds_no_wrong_answer(t):
    holds(t, "--store", f"file:{t.path('schemas.log')}")


@test
def a_soak_of_the_registry_on_kafka_finds_no_wrong_answer(t):
    holds(t, "--store", "kafka", "--schemas-topic", t.prefix + "_schemas", env={"MILLRACE_BROKERS": t.kafka})
