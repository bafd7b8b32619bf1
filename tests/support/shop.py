# SPDX-License-Identifier: Apache-2.0
"""The beginning of a small topics.yaml, for tests that make a project of their own: all but its services."""


def head(compatibility):
    return f"""\
defaults:
  topics: {{partitions: 3, retention: cluster, cleanup: delete, compatibility: {compatibility}}}
  dead_letters: {{partitions: 1, retention: 14d, cleanup: delete}}
  retry: {{attempts: 5, initial: 1s, multiplier: 2, max: 30s, jitter: true, key: release}}
envelopes:
  - envelope: flat
    fields:
      event_id: {{default: [$content]}}
      event_type: {{default: [$type]}}
      event_version: {{default: [$version]}}
      timestamp: {{default: [$time]}}
      correlation_id: {{default: [$key]}}
      source_service: {{default: [$service]}}
      data: {{from: [""]}}
platforms:
  - {{platform: shop, title: Shop, envelopes: [flat]}}
"""
