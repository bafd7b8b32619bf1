/* SPDX-License-Identifier: Apache-2.0 */
/* The slow and the failing halves of the binary reads. */
#include "bin.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void bin_report(const struct bin *bin, struct mr_error *reterr, const char *fmt, ...)
{
    va_list args;

    if (!reterr)
        return;
    va_start(args, fmt);
    (void)mr_error_vset(reterr, MR_INVALID, fmt, args);
    va_end(args);
    reterr->offset = (size_t)(bin->at - bin->begin);
}

void bin_report_short(const struct bin *bin, struct mr_error *reterr)
{
    bin_report(bin, reterr, "the data ends in the middle of a value (at byte %zu)",
               (size_t)(bin->end - bin->begin));
}

void bin_report_int(const struct bin *bin, int64_t value, struct mr_error *reterr)
{
    bin_report(bin, reterr, "an int must be within 32 bits (was %" PRId64 ")", value);
}

void bin_report_length(const struct bin *bin, int64_t len, struct mr_error *reterr)
{
    if (len < 0)
        bin_report(bin, reterr, "a length must not be negative (was %" PRId64 ")", len);
    else
        bin_report(bin, reterr, "a length of %" PRId64 " goes beyond the end of the data", len);
}

int bin_long_slow(struct bin *bin, int64_t *ret_value, struct mr_error *reterr)
{
    const uint8_t *p = bin->at;
    uint64_t value = 0;

    for (unsigned shift = 0; p < bin->end; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1)
            return bin_error(bin, reterr, "a varint must fit 64 bits in at most 10 bytes");
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0)
                return bin_error(bin, reterr, "a varint must be written in its shortest form");
            bin->at = p;
            *ret_value = zigzag_decode(value);
            return 0;
        }
    }
    return bin_short(bin, reterr);
}
