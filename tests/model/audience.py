# SPDX-License-Identifier: Apache-2.0
"""Messages to roles (millrace/audience.h), computed when all is known: who holds what since when, who is told what."""
from collections import defaultdict

HOLDER = ["role", "of_id", "user_id", "since_at", "last_at"]
WISH = ["event_id", "role", "of_id", "kind", "title", "body", "happened_at", "state"]
MESSAGE = ["event_id", "recipient", "kind", "role", "of_id", "title", "body", "happened_at"]
NOTICE = ["recipient", "kind", "title", "body"]  # the engine's: what is to be sent


class Audience:
    def __init__(self, many=()):
        self.many, self.since, self.wishes, self.direct = set(many), {}, {}, []

    def holds(self, event, role, of, user):
        first, last = self.since.get((role, of, user), 2 * (event["timestamp"],))
        self.since[role, of, user] = min(first, event["timestamp"]), max(last, event["timestamp"])

    def tell(self, event, role, of, kind, title, text):
        self.wishes.setdefault((role, of, event["event_id"], kind), (title, text, event["timestamp"]))

    def send(self, event, to, of, kind, title, text):
        self.direct.append((event["event_id"], to, kind, None, of, title, text, event["timestamp"]))

    def tables(self):
        by_role, messages, wishes = defaultdict(list), {}, []
        for (role, of, user), (since, _) in self.since.items():
            by_role[role, of].append((since, user))
        for row in self.direct:
            messages.setdefault(row[:3], row)
        for (role, of, event_id, kind), (title, text, at) in self.wishes.items():
            known = sorted(by_role[role, of])
            users = [user for since, user in known if since < at] if role in self.many else [user for _, user in known][:1]
            state = "open" if role in self.many else "told" if users else "waiting"
            wishes.append((event_id, role, of, kind, title, text, at, state))
            for user in users:
                row = (event_id, user, kind, role, of, title, text, at)
                messages.setdefault(row[:3], row)
        return {"holder": [(*key, *said) for key, said in self.since.items()], "wish": wishes,
                "message": list(messages.values()),
                "mr_notice": [(row[1], row[2], row[5], row[6]) for row in messages.values()]}
