# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the chaos test, drawn from a seed: each kind in turn, on whom and for how long by chance."""
import random
import time

SESSION_MS = 6000  # the broker takes no shorter one


class Faults:
    def __init__(self, fleet, options, seed, say):
        self.fleet, self.options, self.say = fleet, options, say
        self.chance = random.Random(f"{seed}/faults")
        self.kinds = {"kill": self.kill, "pause": self.pause, "broker": self.broker, "registry": self.registry,
                      "postgres": self.postgres, "disk": self.disk}
        self.bag, self.done, self.asleep, self.replaced = [], [], [], []
        self.flag = fleet.postgres.home / "full-disk"

    # ---- one kind each ----
    def victim(self):
        return self.chance.choice([one for one in self.fleet.instances() if not one.paused])

    def kill(self):
        one = self.victim()
        one.kill()
        self.start(one.service)
        return one.name

    def pause(self):
        """Past its session: its partitions are others' when it wakes, unless the next fault comes first."""
        one = self.victim()
        one.pause()
        self.asleep.append((time.monotonic() + SESSION_MS / 1000 + self.chance.uniform(1, 4), one))
        return one.name

    def broker(self):
        kill, away = self.chance.random() < 0.5, self.chance.uniform(0, 2)
        self.fleet.restart_broker(away, kill)
        return f"{'kill -9' if kill else 'SIGTERM'}, {away:.1f} s away"

    def registry(self):
        kill, away = self.chance.random() < 0.5, self.chance.uniform(0.5, 4)
        self.fleet.restart_registry(away, kill)
        return f"{'kill -9' if kill else 'SIGTERM'}, {away:.1f} s away"

    def postgres(self):
        kill, away = self.chance.random() < 0.5, self.chance.uniform(0, 2)
        self.fleet.restart_postgres(away, kill)
        return f"{'as a crash' if kill else 'fast stop'}, {away:.1f} s away"

    def disk(self):
        seconds = self.chance.uniform(0.5, 3)
        self.flag.touch()
        time.sleep(seconds)
        self.flag.unlink()
        return f"PostgreSQL's is full for {seconds:.1f} s"

    # ---- all of them ----
    def start(self, service):
        self.fleet.start_instance(service, *self.options(service))

    def next(self):
        """The next fault; who slept long enough wakes, who ended by himself is started again, as a supervisor would."""
        if not self.bag:
            self.bag = sorted(self.kinds)
            self.chance.shuffle(self.bag)
        kind = self.bag.pop()
        before = time.monotonic()
        what = self.kinds[kind]()
        self.done.append(kind)
        self.say(f"{kind:8} {what} ({time.monotonic() - before:.1f} s)")
        self.tend()

    def tend(self, everybody=False):
        for entry in [entry for entry in self.asleep if everybody or entry[0] <= time.monotonic()]:
            self.asleep.remove(entry)
            if entry[1].alive():
                entry[1].wake()
        for service, members in self.fleet.running.items():
            for one in [one for one in members if not one.alive()]:
                members.remove(one)
                if one.running.process.returncode != -9:
                    why = one.running.err().strip().splitlines()[-1:]
                    self.replaced.append(one.name)
                    self.say(f"started  {one.name} again, which ended with {one.running.process.returncode}: {why}")
                    self.start(service)

    def pause_between(self):
        time.sleep(self.chance.uniform(0.2, 1.5))
