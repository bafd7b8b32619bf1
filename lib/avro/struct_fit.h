/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a record descriptor was made from the schema of a shape. */
#pragma once

#include "millrace/record.h"
#include "shape.h"

bool struct_fits(const struct mr_record_desc *desc, const struct shape *shape);
