/* SPDX-License-Identifier: Apache-2.0 */
/* Progress on a terminal, the summary for people and for machines. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "millrace/time.h"
#include "produce.h"

/* 1234567 as "1,234,567". */
static const char *grouped(uint64_t value, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    char *p = out;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

static double seconds_since(const struct produce *produce, int64_t now)
{
    double seconds = (double)(now - produce->started) / 1e6;

    return seconds > 0.001 ? seconds : 0.001;
}

static uint64_t done(const struct produce *produce)
{
    return produce->counts.n_delivered + produce->counts.n_rejected;
}

void progress_show(struct produce *produce, int64_t now)
{
    char n[32], eta[64] = "", trouble[160] = "";
    double seconds = seconds_since(produce, now);
    int64_t total = produce->input.bytes_total, at = input_position(&produce->input);

    if (total > 0 && at > 0 && at <= total)
        (void)snprintf(eta, sizeof(eta), ", %d %%, ETA %.0f s",
                       (int)(100.0 * (double)at / (double)total),
                       seconds * (double)(total - at) / (double)at);
    if (produce->kafka) {
        const char *text = mr_kafka_trouble(mr_kafka_producer_client(produce->kafka));
        if (*text)
            (void)snprintf(trouble, sizeof(trouble), " (waiting: %.140s)", text);
    }
    (void)dprintf(STDERR_FILENO, "\r\033[K%s: %s events, %.0f/s%s%s", produce->service->name,
                  grouped(done(produce), n), (double)done(produce) / seconds, eta, trouble);
    produce->shown = true;
}

void progress_clear(struct produce *produce)
{
    if (produce->shown)
        (void)dprintf(STDERR_FILENO, "\r\033[K");
    produce->shown = false;
}

void progress_say(struct produce *produce, const char *fmt, ...)
{
    char line[2048];
    va_list args;

    progress_clear(produce);
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof(line) - 1, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    mr_str_one_line(line); /* what the input put in it must not act on the terminal */
    size_t n = strlen(line);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return; /* nowhere left to say so */
}

static int warnings_text(const struct produce *produce, struct mr_buf *out)
{
    const struct checks *checks = &produce->checks;
    const char *before = " (";
    int r = 0;

    for (size_t i = 0; r == 0 && checks->broken && i < produce->producer->n_checks; i++) {
        const struct mr_check *check = &produce->producer->checks[i];
        if (checks->broken[i] == 0 || check->kind != MR_CHECK_WARN)
            continue;
        r = mr_buf_printf(out, "%s%s %" PRIu64, before, check->name, checks->broken[i]);
        before = ", ";
    }
    return r == 0 && before[0] == ',' ? mr_buf_byte(out, ')') : r;
}

static int text_summary(const struct produce *produce, double seconds, struct mr_buf *out)
{
    const struct produce_counts *counts = &produce->counts;
    char n[32];
    int r = mr_buf_printf(out, "%s-producer: %s events %s", produce->service->name,
                          grouped(counts->n_delivered, n),
                          produce->options->dry_run ? "would go out" : "delivered");

    if (r == 0 && counts->n_rejected > 0)
        r = mr_buf_printf(out, ", %s rejected", grouped(counts->n_rejected, n));
    if (r == 0 && counts->n_undelivered > 0)
        r = mr_buf_printf(out, ", %s NOT delivered", grouped(counts->n_undelivered, n));
    if (r == 0 && counts->n_warned > 0) {
        r = mr_buf_printf(out, ", %s warnings", grouped(counts->n_warned, n));
        if (r == 0)
            r = warnings_text(produce, out);
    }
    if (r == 0 && counts->n_dropped > 0)
        r = mr_buf_printf(out, ", %s unknown members dropped", grouped(counts->n_dropped, n));
    if (r == 0)
        r = mr_buf_printf(out, " in %.1f s (%s/s)%s\n", seconds,
                          grouped((uint64_t)((double)done(produce) / seconds), n),
                          produce->interrupted ? "; stopped before the end of the input" : "");
    return r;
}

static int json_checks(const struct produce *produce, struct mr_buf *out)
{
    const char *before = "";
    int r = mr_buf_printf(out, ",\"checks\":{");

    for (size_t i = 0; r == 0 && produce->checks.broken && i < produce->producer->n_checks; i++) {
        const struct mr_check *check = &produce->producer->checks[i];
        uint64_t n = 0;
        bool first = true;
        /* one name may stand in several rows, one an event */
        for (size_t k = 0; k < produce->producer->n_checks; k++) {
            if (strcmp(produce->producer->checks[k].name, check->name) != 0)
                continue;
            n += produce->checks.broken[k];
            first = first && k >= i;
        }
        if (n == 0 || !first || check->kind == MR_CHECK_NOTE)
            continue;
        r = mr_buf_printf(out, "%s\"%s\":%" PRIu64, before, check->name, n);
        before = ",";
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

static int json_topics(const struct produce *produce, struct mr_buf *out)
{
    const char *before = "";
    int r = mr_buf_printf(out, ",\"topics\":{");

    for (size_t i = 0; r == 0 && i < produce->intake.n_topics; i++) {
        const struct intake_topic *topic = &produce->intake.topics[i];
        if (topic->n_records == 0)
            continue;
        r = mr_buf_printf(out, "%s\"%s\":%" PRIu64, before, topic->topic->name, topic->n_records);
        before = ",";
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

static int json_summary(const struct produce *produce, double seconds, struct mr_buf *out)
{
    const struct produce_counts *counts = &produce->counts;
    int r = mr_buf_printf(
        out,
        "{\"service\":\"%s\",\"dry_run\":%s,\"read\":%" PRIu64 ",\"delivered\":%" PRIu64
        ",\"rejected\":%" PRIu64 ",\"undelivered\":%" PRIu64 ",\"warnings\":%" PRIu64
        ",\"dropped\":%" PRIu64 ",\"renewed\":%" PRIu64 ",\"complete\":%s,\"seconds\":%.3f",
        produce->service->name, produce->options->dry_run ? "true" : "false", counts->n_read,
        counts->n_delivered, counts->n_rejected, counts->n_undelivered, counts->n_warned,
        counts->n_dropped, counts->n_renewed,
        produce->interrupted || produce->partial || produce->failed ? "false" : "true", seconds);

    if (r == 0)
        r = json_checks(produce, out);
    if (r == 0)
        r = json_topics(produce, out);
    return r == 0 ? mr_buf_printf(out, "}\n") : r;
}

void progress_summary(struct produce *produce)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    double seconds = seconds_since(produce, mr_time_steady());
    bool json = produce->options->json;
    int r = json ? json_summary(produce, seconds, &out) : text_summary(produce, seconds, &out);

    progress_clear(produce);
    if (r == 0)
        (void)mr_buf_write(&out, json ? stdout : stderr);
}
