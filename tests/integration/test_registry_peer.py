# SPDX-License-Identifier: Apache-2.0
"""The recorded cases of a Confluent-compatible registry, played to our program and to a registry of others, side by side."""
import rest_cases
from harness import test


@test
def every_recorded_case_holds_and_the_second_registry_is_played_the_same(t):
    cases = rest_cases.load(t.shared("corpora/registry/rest_cases.jsonl"))
    binary = t.binary("millrace")

    def ours(folder):
        return rest_cases.Ours(folder, binary)
    mine = rest_cases.play_all(cases, ours, t.folder / "cases")
    theirs = rest_cases.play_all(cases, rest_cases.Theirs, t.folder / "cases")
    for line in rest_cases.table(cases, mine, theirs):
        print("#", line[:300])
    assert set(mine) == set(theirs) == {case["id"] for case in cases} and len(cases) > 800
    wrong = {case: why for case, why in mine.items() if why}
    assert not wrong, wrong
    # It answers, and most of it as recorded: else the comparison says nothing.
    broken = [why for why in theirs.values() if why and not why.startswith("step ")]
    assert not broken and sum(why is None for why in theirs.values()) > len(cases) * 9 // 10, broken
