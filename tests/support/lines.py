# SPDX-License-Identifier: Apache-2.0
"""Lines of texts that have events in them: only a newline ends one. Python's splitlines also cuts at separators that JSON leaves
as they are, such as U+0085 and U+2028."""


def lines_of(text):
    return text.removesuffix("\n").split("\n") if text else []
