#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which consumer reads which field: asked of the compiler, printed, and used by `schema check`.

usage: test_schema_readers.py MILLRACE SOURCE_DIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from project import MILLRACE, RAN_LOW, SOURCE, Project, case, clean, main

HEADER = """
#include "millrace/record.h"
struct part { long size MR_FIELD_OF("s.Part", "size"); };
struct event {
    bool has_note MR_FIELD_OF("s.Event", "Note");
    long note MR_FIELD_OF("s.Event", "Note");
    long level MR_FIELD_OF("s.Event", "Level");
    const struct part *parts MR_FIELD_OF("s.Event", "Parts");
    size_t n_parts MR_FIELD_OF("s.Event", "Parts");
};
#define SHOW(x) ((x)->level)
"""
SOURCE_C = """#include "event.h"
long handle(const struct event *event);
long handle(const struct event *event)
{
    const struct event copy = *event;
    return copy.has_note ? copy.parts[0].size
        : SHOW(event);
}
"""


def table(compiler):
    with tempfile.TemporaryDirectory(prefix="millrace-fields-") as folder:
        path = pathlib.Path(folder)
        (path / "event.h").write_text(HEADER)
        (path / "stock_keeper.c").write_text(SOURCE_C)
        (path / "idle.c").write_text('#include "event.h"\n')
        (path / "consumers" / "stock_buyer").mkdir(parents=True)
        (path / "consumers" / "stock_buyer.c").write_text('#include "../event.h"\n')
        (path / "consumers" / "shared.h").write_text('#include "../event.h"\nstatic inline long parts(const struct event *e)\n'
                                                     '{\n    return e->n_parts;\n}\n')
        (path / "consumers" / "stock_seller.c").write_text('#include "shared.h"\n')
        (path / "consumers" / "stock_buyer" / "shelf.c").write_text(SOURCE_C.replace('"event.h"', '"../../event.h"'))
        sources = [str(path / name) for name in ("stock_keeper.c", "idle.c", "consumers/stock_buyer/shelf.c",
                                                 "consumers/stock_buyer.c", "consumers/stock_seller.c")]
        subprocess.run([sys.executable, f"{SOURCE}/consumers/fields.py", str(path / "out.c"), *compiler, "-std=c17",
                        f"-I{SOURCE}/lib/include", "--", *sources], check=True)
        text = (path / "out.c").read_text()
        return re.findall(r'\{"(.+?)", "(.+?)", "(.+?)", "(.*?)"\}', text), re.findall(r'^    "(.+?)",$', text, re.M)


@case
def every_use_is_found_by_either_compiler_and_nothing_else():
    expected = [(consumer, record, field, f"consumers/{file}:{line}")
                for consumer, file in (("stock-buyer", "stock_buyer/shelf.c"), ("stock-keeper", "stock_keeper.c"))
                for record, field, line in (("s.Event", "Level", 7), ("s.Event", "Note", 6), ("s.Event", "Parts", 6),
                                            ("s.Part", "size", 6))]
    expected.append(("stock-seller", "s.Event", "Parts", "consumers/shared.h:4"))
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            fields, consumers = table([compiler])
            assert fields == expected, (compiler, fields)
            assert consumers == ["idle", "stock-buyer", "stock-keeper", "stock-seller"], consumers


@case
def a_source_that_does_not_compile_makes_no_table():
    with tempfile.TemporaryDirectory(prefix="millrace-fields-") as folder:
        path = pathlib.Path(folder) / "x.c"
        path.write_text("int x = ;\n")
        done = subprocess.run([sys.executable, f"{SOURCE}/consumers/fields.py", folder + "/out.c", "cc", "--", str(path)],
                              capture_output=True, text=True)
        assert done.returncode != 0 and not os.path.exists(folder + "/out.c"), done


def listed(*args):
    return subprocess.run([MILLRACE, "schema", "readers", *args], capture_output=True, text=True, env=clean())


@case
def what_is_compiled_in_stands_in_the_sources():
    rows = [line.split("\t") for line in listed().stdout.splitlines()]
    assert {row[0] for row in rows} >= {"order-management", "inventory-management", "ticketwave-booking"}
    for consumer, record, field, place in rows:
        if field == "-":
            continue
        name, line = place.split(" ")[0].split(":")
        near = "".join((pathlib.Path(SOURCE) / name).read_text().split("\n")[int(line) - 1:int(line) + 20])
        assert field in near, (consumer, record, field, place, near)
    sagas = [row for row in rows if row[3].startswith("sagas.yaml:")]
    assert {row[0] for row in sagas} >= {"festivo-orchestrator", "order-management", "ticketwave-booking"}, sagas
    assert len({(row[0], row[1], row[2], row[3].split(" ")[1]) for row in sagas}) == len(sagas), "one line for each field of a saga"
    assert all(line.startswith("order-management\t") for line in listed("order-management").stdout.splitlines())
    done = listed("order-managment")
    assert done.returncode == 2 and "did you mean 'order-management'" in done.stderr, done


RECORD = "millrace.stock_keeper.stock.StockRanLowData"


@case
def a_removed_field_that_is_read_is_another_finding_than_one_that_is_not():
    with Project() as p:
        p.change(RAN_LOW, lambda fields: fields.pop())  # Note, with a default: no fault by Avro's rules
        table = p.path / "readers.tsv"
        table.write_text(f"# deployed\nstock-keeper\t{RECORD}\tNote\tkeeper.c:12\nstock-buyer\t-\n")
        found, = p.check("--readers", str(table), status=100)
        assert found["rule"] == "FIELD_REMOVED_READ" and "stock-keeper (keeper.c:12)" in found["message"], found
        assert "stock-buyer" not in found["message"], found
        table.write_text(f"stock-keeper\t{RECORD}\tLevel\nstock-buyer\t-\n")
        found, = p.check("--readers", str(table), status=0)
        assert found["rule"] == "FIELD_REMOVED_UNREAD" and "not known" not in found["message"], found
        table.write_text("stock-keeper\t-\n")
        found, = p.check("--readers", str(table), status=0)
        assert found["rule"] == "FIELD_REMOVED_UNREAD" and "not known of stock-buyer" in found["message"], found


@case
def readers_that_topics_yaml_does_not_name_count_too():
    with Project() as p:
        p.change(RAN_LOW, lambda fields: fields.pop())
        table = p.path / "readers.tsv"
        table.write_text(f"other-house\t{RECORD}\tNote\nstock-keeper\t-\nstock-buyer\t-\n")
        found, = p.check("--readers", str(table), status=100)
        assert found["rule"] == "FIELD_REMOVED_READ" and "read by other-house" in found["message"], found
        table.write_text(f"stock-buyer\t{RECORD}\tNote\tbuyer.go:7\nstock-keeper\t-\n")
        p.topics((p.path / "topics.yaml").read_text().replace("[stock-keeper, stock-buyer]", "[stock-keeper]"))
        found = {finding["rule"]: finding for finding in p.check("--readers", str(table), status=100)}
        assert sorted(found) == ["CONSUMER_REMOVED", "FIELD_REMOVED_READ"], found
        assert "stock-buyer (buyer.go:7)" in found["FIELD_REMOVED_READ"]["message"], found


@case
def avros_own_finding_names_the_readers_too():
    with Project() as p:
        p.change(RAN_LOW, lambda fields: fields.pop(2))  # Level, without a default
        table = p.path / "readers.tsv"
        table.write_text(f"stock-buyer\t{RECORD}\tLevel\tbuyer.go:7\n")
        found, = p.check("--readers", str(table), status=100)
        assert found["rule"] == "READER_FIELD_MISSING_DEFAULT_VALUE", found
        assert "read by stock-buyer (buyer.go:7)" in found["message"], found
        assert "not known of stock-keeper" in found["message"], found


@case
def a_wrong_table_is_told_by_its_line():
    with Project() as p:
        table = p.path / "readers.tsv"
        for text in ("\na b c\n", "\nstock-keeper\n", "\na\tb\tc\td\te\n", "\na\tb\t\td\n"):
            table.write_text(text)
            done = p.run("check", "--against", "main", "--readers", str(table))
            assert done.returncode == 1 and f"{table}:2" in done.stderr, done


def line_of(text):
    """The first line of sagas.yaml with this text."""
    lines = (pathlib.Path(SOURCE) / "sagas.yaml").read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def copy_own(p, change):
    """The project's own topics and schemas, with a changed one, as all that there ever was."""
    shutil.rmtree(p.path / ".git")
    shutil.rmtree(p.schemas)
    shutil.copytree(f"{SOURCE}/schemas/avro", p.schemas)
    shutil.copy(f"{SOURCE}/topics.yaml", p.path)
    p.change(DENIED, change)
    p.git("init", "-q", "-b", "main")
    p.commit("first")


def code_of(fields):
    return next(field for field in fields if field["name"] == "ticketCode")


DENIED = "festivo-access-control/access.entry-denied.v1"


@case
def a_removed_field_that_a_saga_copies_is_a_finding_with_the_saga_and_its_line():
    remembered = "remember: {ticketId: data.ticketId, ticketCode: data.ticketCode, reason: data.reason}"
    place = f"sagas.yaml:{line_of(remembered)} RefundSaga"
    with Project() as p:
        copy_own(p, lambda fields: None)
        p.change(DENIED, lambda fields: fields.remove(code_of(fields)))
        found, = p.check(status=100)
        assert found["rule"] == "READER_FIELD_MISSING_DEFAULT_VALUE", found
        assert "festivo-orchestrator (" in found["message"] and place in found["message"], found
    with Project() as p:
        copy_own(p, lambda fields: code_of(fields).update(default="none"))
        p.change(DENIED, lambda fields: fields.remove(code_of(fields)))
        found, = p.check(status=100)  # by Avro's rules there is nothing against it
        assert found["rule"] == "FIELD_REMOVED_READ" and place in found["message"], found
        table = p.path / "readers.tsv"
        table.write_text("festivo-orchestrator\t-\nfestivo-notification\t-\n")  # deployed before there were sagas
        found, = p.check("--readers", str(table), status=0)
        assert found["rule"] == "FIELD_REMOVED_UNREAD", found


@case
def what_is_printed_can_be_read_back():
    with Project() as p:
        table = p.path / "readers.tsv"
        table.write_text(listed().stdout)
        assert p.check("--readers", str(table), status=0) == []


if __name__ == "__main__":
    main()
