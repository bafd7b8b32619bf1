#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a consumer's file may say: the right compiles, each wrong word is refused by the compiler.

usage: test_handler_types.py SOURCE_FOLDER GENERATED_FOLDER
"""
import os
import subprocess
import sys

SOURCE, GENERATED = (os.path.abspath(path) for path in sys.argv[1:3])
sys.path.insert(0, SOURCE + "/tests/support")
from tap import case, main  # noqa: E402 (its folder is added above)

COMPILE = [*os.environ.get("CC", "cc").split(), "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror",
           "-fsyntax-only", "-I", SOURCE + "/lib/include", "-I", GENERATED, "-x", "c", "-"]
RIGHT = """
#include "millrace/consumer.h"
#include "product_catalog.gen.h"
#include "ticketwave_catalog.gen.h"
MR_HANDLER(product_catalog_product_deleted_v1, deleted)
{
    struct ticketwave_catalog_inventory_updated_v1 answer = {.data = {.PreviousAvailableTickets = 1}};
    int r = mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &answer);
    return r ? r : mr_sql(tx, "DELETE FROM product WHERE id = ?1", MR_TEXT(event->data.product_id));
}
extern const struct mr_consumer consumer_x;
const struct mr_consumer consumer_x = {
    .name = "x",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_deleted_v1, deleted)),
    .emits = MR_EMITS(&topic_ticketwave_catalog_inventory_updated_v1),
    .migrations = MR_MIGRATIONS({1, "CREATE TABLE product (id TEXT)"}),
};
"""


def compiles(text):
    return subprocess.run(COMPILE, input=text, capture_output=True, text=True, check=False)


def refused(right, wrong):
    assert RIGHT.count(right) > 0, right
    done = compiles(RIGHT.replace(right, wrong, 1))
    assert done.returncode != 0, f"{wrong} compiles"


@case
def the_example_compiles():
    done = compiles(RIGHT)
    assert done.returncode == 0, done.stderr


@case
def a_misspelt_topic_does_not_compile():
    refused("MR_HANDLER(product_catalog_product_deleted_v1", "MR_HANDLER(product_catalog_product_delted_v1")
    refused("&topic_ticketwave_catalog_inventory_updated_v1", "&topic_ticketwave_catalog_inventory_update_v1")


@case
def a_misspelt_field_does_not_compile():
    refused("event->data.product_id", "event->data.product")
    refused(".PreviousAvailableTickets", ".PreviousTickets")


@case
def a_handler_of_another_event_does_not_compile():
    refused("MR_ON(product_catalog_product_deleted_v1, deleted)", "MR_ON(product_catalog_product_created_v1, deleted)")


@case
def an_event_of_another_type_cannot_be_emitted():
    refused("mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &answer)",
            "mr_emit(tx, product_catalog_product_created_v1, &answer)")


@case
def a_value_without_its_kind_is_no_sql_value():
    refused("MR_TEXT(event->data.product_id)", "event->data.product_id")
    refused("MR_TEXT(event->data.product_id)", "7")


main()
