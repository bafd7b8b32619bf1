#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every form of findings is read by a strict parser of that form, and says the same as the JSON.

usage: test_schema_forms.py MILLRACE SOURCE_DIR
"""
import json
import os
import re
import subprocess
import urllib.parse
import xml.etree.ElementTree as xml

from project import MILLRACE, RAN_LOW, TOPICS, Project, case, clean, main

SEVERITIES = {"error", "warning", "note"}


class Changed(Project):
    """One finding of each severity, and one text with what each form must escape."""

    def __init__(self):
        super().__init__()
        self.topics(TOPICS.replace("partitions: 3", "partitions: 4"))

        def change(fields):
            fields[-1]["maxLength"] = 3  # Note
            fields[-2]["minimum"] = -5  # Level: loosened
            fields.append({"name": "Code", "type": "string", "pattern": "<a:b,c>%&\"'\n", "doc": "A code."})
        self.change(RAN_LOW, change)
        self.commit("changed")

        def change_again(fields):
            fields[-1]["pattern"] = "]]> %0A,\u00e4\u20ac"
        self.change(RAN_LOW, change_again)

    def form(self, form, against="main~1", status=100):
        done = self.run("check", "--against", against, "--against", "main", "--error-format", form)
        assert done.returncode == status, done
        return done.stdout

    def expected(self):
        findings = json.loads(self.form("json"))["findings"]
        assert {finding["severity"] for finding in findings} == SEVERITIES, findings
        return findings


def only(mapping, required, optional=()):
    assert isinstance(mapping, dict) and set(required) <= set(mapping) <= set(required) | set(optional), mapping
    return mapping


def same(left, right):
    assert left == right, (left, right)


@case
def json_has_every_member_in_every_finding():
    with Changed() as p:
        document = only(json.loads(p.form("json")), ("findings", "compared", "errors", "warnings", "notes", "left_out"))
        counts = {name: 0 for name in SEVERITIES}
        for finding in document["findings"]:
            only(finding, ("rule", "severity", "file", "line", "column", "topic", "path", "before", "now", "message",
                           "breaks", "order", "fix"))
            assert all(isinstance(finding[name], str) for name in ("rule", "file", "path", "message"))
            assert isinstance(finding["line"], int) and isinstance(finding["column"], int)
            counts[finding["severity"]] += 1
        same(counts, {"error": document["errors"], "warning": document["warnings"], "note": document["notes"]})


@case
def text_is_one_line_a_finding_that_editors_can_follow():
    with Changed() as p:
        lines = [line for line in p.form("text").splitlines() if not line.startswith("    ")]
        found = [re.fullmatch(r"([^:]+):(\d+)(?::(\d+))?: (error|warning|note) ([A-Z_]+): .+", line) for line in lines]
        assert all(found), lines
        same([(m[1], int(m[2]), int(m[3] or 0), m[4], m[5]) for m in found],
             [(f["file"], f["line"], f["column"], f["severity"], f["rule"]) for f in p.expected()])
        assert "\x1b" not in p.form("text")


@case
def junit_is_what_jenkins_schema_allows():
    with Changed() as p:
        root = xml.fromstring(p.form("junit"))
        same((root.tag, root.attrib), ("testsuites", {}))
        suite, = root
        same((suite.tag, set(suite.attrib)), ("testsuite", {"name", "tests", "failures", "errors"}))
        n_failed = 0
        for test, finding in zip(suite, p.expected(), strict=True):
            same((test.tag, set(test.attrib)), ("testcase", {"classname", "name"}))
            child, = test
            failed = finding["severity"] == "error"
            same((child.tag, set(child.attrib)), ("failure", {"message", "type"}) if failed else ("system-out", set()))
            assert finding["message"] in child.text, (finding["message"], child.text)
            if failed:
                same((child.get("type"), child.get("message")), (finding["rule"], finding["message"]))
            n_failed += failed
        same((int(suite.get("tests")), int(suite.get("failures"))), (len(suite), n_failed))


@case
def github_reads_each_command_back_whole():
    with Changed() as p:
        words = {"error": "error", "warning": "warning", "note": "notice"}
        for line, finding in zip(p.form("github-actions").splitlines(), p.expected(), strict=True):
            found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
            assert found, line
            properties = dict(pair.split("=", 1) for pair in found[2].split(","))
            only(properties, ("file", "title"), ("line", "col"))
            same((found[1], properties["title"]), (words[finding["severity"]], finding["rule"]))
            same(urllib.parse.unquote(properties["file"]), finding["file"])
            same(int(properties.get("line", 0)), finding["line"])
            message = found[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
            assert finding["message"] in message and (not finding["fix"] or finding["fix"] in message), line


@case
def gitlab_has_what_its_code_quality_report_asks_for():
    with Changed() as p:
        report = json.loads(p.form("gitlab-code-quality"))
        for item, finding in zip(report, p.expected(), strict=True):
            only(item, ("description", "check_name", "fingerprint", "severity", "location"))
            assert item["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert re.fullmatch("[0-9a-f]{32}", item["fingerprint"])
            only(only(item["location"], ("path", "lines"))["lines"], ("begin",))
            assert item["location"]["lines"]["begin"] >= 1 and not item["location"]["path"].startswith(("./", "/"))
            same(item["check_name"], finding["rule"])
            assert finding["message"] in item["description"]
        same(len({item["fingerprint"] for item in report}), len(report))


@case
def sarif_holds_to_the_schema_of_2_1_0():
    with Changed() as p:
        log = only(json.loads(p.form("sarif")), ("$schema", "version", "runs"))
        same(log["version"], "2.1.0")
        run, = log["runs"]
        driver = only(only(only(run, ("tool", "results"))["tool"], ("driver",))["driver"], ("name", "version", "rules"))
        for rule in driver["rules"]:
            only(rule, ("id", "shortDescription", "defaultConfiguration"))
            only(rule["shortDescription"], ("text",))
            assert only(rule["defaultConfiguration"], ("level",))["level"] in SEVERITIES | {"none"}
        same(len({rule["id"] for rule in driver["rules"]}), len(driver["rules"]))
        for result, finding in zip(run["results"], p.expected(), strict=True):
            only(result, ("ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"))
            same(driver["rules"][result["ruleIndex"]]["id"], result["ruleId"])
            same((result["ruleId"], result["level"]), (finding["rule"], finding["severity"]))
            assert finding["message"] in only(result["message"], ("text",))["text"]
            location = only(only(result["locations"][0], ("physicalLocation",))["physicalLocation"], ("artifactLocation",),
                            ("region",))
            same(urllib.parse.unquote(only(location["artifactLocation"], ("uri",))["uri"]), finding["file"])
            region = only(location.get("region", {"startLine": 0}), ("startLine",), ("startColumn",))
            same((region["startLine"], region.get("startColumn", 0)), (finding["line"], finding["column"]))


class Hostile(Project):
    """Names and texts with all that a form may stumble over."""

    def __init__(self):
        super().__init__()
        self.texts = ["a\x1b[31m\x01\x7f\x85\ufffe]]>%0A::\r\n\"'<&", "\u2028\t,x=y"]
        self.change(RAN_LOW, lambda fields: fields[1].update(pattern=self.texts[0]))
        self.change(RAN_LOW, lambda fields: fields.append({"name": "N", "type": "string", "default": self.texts[1], "doc": "."}))
        self.commit("hostile")
        self.change(RAN_LOW, lambda fields: fields[1].update(pattern="x"))
        self.change(RAN_LOW, lambda fields: fields[-1].update(default="x"))
        for name in (b"c\x1b[31m\x9b.v1", b"bad\xff\xfe.v1", "\u00e4%20 ,::'\"<&>]]>.v1".encode()):
            path = os.fsencode(self.schemas / "stock-keeper") + b"/" + name + b".avsc"
            with open(path, "wb") as file:
                file.write(b'{"type": "strin\x1b[0m"}')

    def form(self, form):
        done = subprocess.run([MILLRACE, "schema", "check", "--against", "main", "--error-format", form], cwd=self.path,
                              capture_output=True, env=clean())
        assert done.returncode == 100, done
        return done.stdout.decode()  # UTF-8, whatever the names were


@case
def hostile_names_and_texts_break_no_form():
    with Hostile() as p:
        findings = json.loads(p.form("json"))["findings"]
        assert any("c\x1b[31m\ufffd.v1" in f["file"] for f in findings) and any("bad\ufffd\ufffd" in f["file"] for f in findings), findings
        for form in ("text", "junit", "github-actions"):
            text = p.form(form)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe]", text), form
            assert "c\\x1B[31m" in text, text
        lines = [line for line in p.form("text").split("\n")[:-1] if not line.startswith("    ")]
        same(p.form("github-actions").count("\n"), len(findings))
        assert sum(bool(re.search(r": (error|warning|note) [A-Z_]+: ", line)) for line in lines) == len(findings), lines
        suite, = xml.fromstring(p.form("junit"))
        same(len(suite), len(findings))
        same(len(json.loads(p.form("gitlab-code-quality"))), len(findings))
        uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in json.loads(p.form("sarif"))["runs"][0]["results"]]
        same([urllib.parse.unquote(uri) for uri in uris], [finding["file"] for finding in findings])
        assert all(re.fullmatch(r"[A-Za-z0-9._~/-]*(%[0-9A-F]{2}[A-Za-z0-9._~/-]*)*", uri) for uri in uris), uris


@case
def a_clean_run_is_a_whole_document_in_every_form():
    with Project() as p:
        def form(name):
            done = p.run("check", "--against", "main", "--error-format", name)
            assert done.returncode == 0, done
            return done.stdout
        same((form("text"), form("github-actions"), json.loads(form("gitlab-code-quality"))), ("", "", []))
        same(json.loads(form("json"))["findings"], [])
        same(json.loads(form("sarif"))["runs"][0]["results"], [])
        suite, = xml.fromstring(form("junit"))
        same((suite.get("tests"), suite.get("failures"), len(suite)), ("1", "0", 1))


@case
def a_fingerprint_stays_when_lines_move():
    with Project() as p:
        p.change(RAN_LOW, lambda fields: fields[2].update(minimum=1))

        def prints():
            done = p.run("check", "--against", "main", "--error-format", "gitlab-code-quality")
            return [(item["fingerprint"], item["location"]["lines"]["begin"]) for item in json.loads(done.stdout)]
        before, = prints()
        p.schema(RAN_LOW, "\n\n" + p.file(RAN_LOW).read_text())
        after, = prints()
        assert before[0] == after[0] and before[1] + 2 == after[1], (before, after)


if __name__ == "__main__":
    main()
