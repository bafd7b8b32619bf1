#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All services on Apache Kafka and PostgreSQL while everything goes wrong; then every table beside its model.

usage: chaos.py [--seed N] [--events N] [--instances N] [--faults N]

Simulated events of all platforms, spoiled, repeated and out of order ones among them, and records that are none, go in;
meanwhile consumers and producers are killed, instances sleep past their sessions, broker, registry and PostgreSQL go
away and come back, and the disk is full, in an order that the seed gives. At the end nothing may be lost, doubled or
waiting. What is not so is said, and makes the exit status 1. Environment: MILLRACE_BUILD; MILLRACE_KEEP=1 keeps all logs.
"""
import argparse
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import harness  # noqa: E402 (its folder is added above)
from faults import SESSION_MS, Faults  # noqa: E402
from feed import Feed, Feeder, Foreign, simulated  # noqa: E402
from fleet import Fleet  # noqa: E402
from verify import Verdict, model_of  # noqa: E402


def options_of(service):
    """A model may ask for options of the program."""
    return getattr(model_of(service), "OPTIONS", [])


class Chaos:
    def __init__(self, t, events, seed, n_faults, instances=2, say=print):
        self.t, self.n_events, self.seed, self.n_faults, self.instances = t, events, seed, n_faults, instances
        self.begun, self.told = time.monotonic(), say
        self.fleet = Fleet(t, instances, options=["--log-level", "warn", "-X", f"session.timeout.ms={SESSION_MS}"])

    def say(self, text):
        self.told(f"{time.monotonic() - self.begun:6.1f} s  {text}")
        sys.stdout.flush()

    def start(self):
        fleet = self.fleet
        module = harness.BUILD / "tests/chaos/full_disk.so"
        if not module.exists():
            raise harness.Missing(f"{module}: build it first")
        fleet.postgres.preload = module
        fleet.start_cluster()
        for service in sorted(fleet.groups):
            for _ in range(self.instances):
                fleet.start_instance(service, *options_of(service))
        self.say(f"{len(fleet.instances())} processes of {len(fleet.groups)} services have begun, seed {self.seed}")

    def feeder(self):
        feeds = [Feed(self.t, service, lines, self.fleet.env)
                 for service, lines in simulated(self.t, self.n_events, self.seed).items()]
        self.expected = set().union(*(feed.expected() for feed in feeds))
        self.say(f"{sum(len(feed.lines) for feed in feeds)} lines of {len(feeds)} producers, {len(self.expected)} events in them")
        foreign = Foreign(self.t, self.fleet, 0.4)
        return Feeder(feeds, 2.5 * self.n_faults, max(3, self.n_faults // 3), self.seed, foreign)

    def run(self):
        """What is wrong at the end, as texts."""
        self.start()
        feeder = self.feeder()
        faults = Faults(self.fleet, options_of, self.seed, self.say)
        feeder.start()
        while len(faults.done) < self.n_faults or feeder.is_alive():
            faults.next()
            faults.pause_between()
            if feeder.failure:
                raise feeder.failure
        faults.tend(everybody=True)
        kills = sum(feed.kills for feed in feeder.feeds)
        self.say(f"all is sent: {kills} producers were killed on the way, {len(faults.done)} faults, "
                 f"{len(faults.replaced)} consumers gave up and were started again")
        self.drain(faults)
        self.fleet.stop()  # what is compared must not change meanwhile
        self.say("stopped")
        return Verdict(self.fleet, self.expected, self.say).run()

    def drain(self, faults):
        """Consumers that gave up in the last fault are started again, too."""
        deadline = time.monotonic() + 240 + self.n_events // 250
        while True:
            faults.tend()
            try:
                self.fleet.drain(30)
                return self.say("all is read, handled and published")
            except TimeoutError as late:
                if time.monotonic() > deadline:
                    raise AssertionError(f"seed {self.seed}: {late}") from None
                self.say(str(late))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--faults", type=int, default=24)
    args = parser.parse_args()
    status = harness.alone("chaos", lambda t: Chaos(t, args.events, args.seed, args.faults, args.instances).run())
    print(f"{'WRONG' if status else 'ok'}    seed {args.seed}")
    return status


if __name__ == "__main__":
    sys.exit(main())
