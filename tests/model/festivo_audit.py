# SPDX-License-Identifier: Apache-2.0
"""What festivo-audit keeps: every event once, whole, and what one asks it by."""
import collections
import datetime

# the whole event is JSON, spelled as `millrace tail` does: its text is compared in test_consumers_festivo
TABLES = {
    "audit": ["event_id", "event_type", "topic", "happened_at", "day", "said_at", "correlation_id", "causation_id", "user_id",
              "saga_id", "saga_type", "step", "recipient", "channel", "what", "why"],
    "saga": ["saga_id", "saga_type", "state", "started_at", "ended_at", "compensations", "outcome"],
    "notification_day": ["day", "channel", "kind", "sent"],
}

# topic: (step, the instant, what, why) as members of data
MEMBERS = {
    "saga.started": ("started", "startedAt", None, "triggerEventType"),
    "saga.completed": ("completed", "completedAt", "result", None),
    "saga.failed": ("failed", "failedAt", "errorReason", None),
    "saga.compensation-triggered": ("compensating", "triggeredAt", "compensationAction", "reason"),
    "notification.sent": (None, "sentAt", "notificationType", "triggerEventType"),
    "notification.broadcast-sent": (None, "sentAt", "notificationType", "triggerEventType"),
}


def row(event):
    data = event["data"]
    step, instant, what, why = MEMBERS[event["topic"].split(".", 1)[1].removesuffix(".v1")]
    at = data[instant]
    day = (datetime.date(1970, 1, 1) + datetime.timedelta(days=at // 86_400_000_000)).isoformat()
    return (event["event_id"], event["event_type"], event["topic"], at, day, event["timestamp"], event["correlation_id"],
            event["causation_id"], event["user_id"], data.get("sagaId"), data.get("sagaType"), step,
            data.get("recipientId", data.get("audience")), data.get("channel"), data[what] if what else "started",
            data[why] if why else None)


def state(steps):
    for step in ("failed", "completed", "compensating"):
        if step in steps:
            return step
    return "running"


def model(events):
    rows = [row(event) for event in events]
    sagas, days = collections.defaultdict(list), collections.Counter()
    for _, _, _, at, day, _, _, _, _, saga, kind, step, recipient, channel, what, _ in rows:
        if saga is not None:
            sagas[saga].append((kind, step, at, what))
        if recipient is not None:
            days[day, channel, what] += 1

    def saga_row(saga, steps):
        ends = [(at, what) for _, step, at, what in steps if step in ("completed", "failed")]
        return (saga, min(kind for kind, _, _, _ in steps), state({step for _, step, _, _ in steps}),
                min((at for _, step, at, _ in steps if step == "started"), default=None),
                max((at for at, _ in ends), default=None), sum(step == "compensating" for _, step, _, _ in steps),
                max((what for _, what in ends), default=None))
    return {"audit": rows, "saga": [saga_row(saga, steps) for saga, steps in sagas.items()],
            "notification_day": [(*key, n) for key, n in days.items()]}
