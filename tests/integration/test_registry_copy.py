# SPDX-License-Identifier: Apache-2.0
"""millrace registry copy and verify, from and to a registry that is not ours."""
import json

from harness import http, test
from registries import Client, enum, fill, picture
from test_registry import serve


def counts(t, source, target, *words, expect=0):
    return json.loads(t.run("millrace", "registry", "copy", "--from", source, "--to", target, "--json", *words,
                            expect=expect, seconds=120).out)


def there_and_back(t, first, other):
    """What `first` holds goes to `other`, and from there to a registry of ours: both hold the same."""
    one = Client(first)
    fill(one)
    before = picture(one)
    done = counts(t, first, other)
    assert (done["imported"], done["verified"], done["conflicts"]) == (9, 9, 0), done
    after = picture(Client(other))
    assert after == before, {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()
                             if before.get(key) != after.get(key)}
    again = counts(t, first, other)
    assert (again["equal"], again["imported"]) == (9, 0), again
    assert all(again["steps"][i]["what"] != "conflict" for i in range(len(again["steps"]))), again
    return before


@test
def our_registry_is_copied_to_one_of_others_and_back(t):
    _, ours = serve(t)
    theirs = t.fresh_registry()
    before = there_and_back(t, ours, theirs)
    _, third = serve(t)
    done = counts(t, theirs, third)
    assert done["verified"] == 9, done
    assert picture(Client(third)) == before


@test
def a_registry_of_others_is_copied_to_ours(t):
    theirs = t.fresh_registry()
    _, ours = serve(t)
    there_and_back(t, theirs, ours)
    taken = Client(theirs).register("taken", enum("Taken"))
    assert Client(ours).register("taken", enum("Other")) == taken
    done = counts(t, theirs, ours, expect=1)
    assert ["taken"] == [step["subject"] for step in done["steps"]], done
    assert http("GET", ours + "/subjects/taken/versions/1")[1]["schema"].count("Other") == 1
