/* SPDX-License-Identifier: Apache-2.0 */
/* Alive, ready, and in numbers. */
#include <stdio.h>
#include <string.h>

#include "millrace/ops.h"
#include "server.h"

enum ops ops_find(const char *target)
{
    return (enum ops)mr_ops_find(target);
}

struct held {
    size_t subjects, live, deleted, schemas;
};

static struct held count_held(struct core *core)
{
    const struct state *state = &core->state;
    struct held held = {0};

    core_read_lock(core);
    for (size_t i = 0; i < state->n_sorted; i++) {
        const struct subject *subject = state->sorted[i];
        size_t live = 0;
        for (size_t v = 0; v < subject->n_versions; v++)
            live += !subject->versions[v].deleted;
        held.live += live;
        held.deleted += subject->n_versions - live;
        held.subjects += live > 0;
    }
    for (size_t i = 0; i < state->contexts.n_slots; i++) {
        const struct context *context = state->contexts.slots[i].value;
        held.schemas += context ? context->ids.n_items : 0;
    }
    core_read_unlock(core);
    return held;
}

static int write_held(struct core *core, struct mr_buf *out)
{
    struct held held = count_held(core);
    struct store_status status;

    (void)core_leads(core, &status);
    int r = mr_ops_metric(out, "millrace_registry_subjects",
                          "Subjects with a version that is not deleted.", (double)held.subjects);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_schemas", "Ids in all contexts.",
                          (double)held.schemas);
    if (r == 0)
        r = mr_buf_printf(out,
                          "# HELP millrace_registry_versions Versions of all subjects.\n"
                          "# TYPE millrace_registry_versions gauge\n"
                          "millrace_registry_versions{state=\"live\"} %zu\n"
                          "millrace_registry_versions{state=\"deleted\"} %zu\n",
                          held.live, held.deleted);
    if (r == 0)
        r = mr_ops_metric(
            out, "millrace_registry_store_position",
            "Records of the log that are applied, or the offset behind them; -1 unknown.",
            (double)status.position);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_store_end",
                          "End of the log as last seen; -1 unknown.", (double)status.end);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_leads", "1: this process makes the changes.",
                          status.leads);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_ready", "1: the log was read to its end.",
                          status.ready);
    return r == 0 ? mr_ops_metric(out, "millrace_registry_store_trouble",
                                  "1: something keeps the registry from its log.",
                                  status.trouble[0] != '\0')
                  : r;
}

static int write_links(struct mr_registry_server *server, struct mr_buf *out)
{
    struct links *links = &server->links;

    (void)pthread_mutex_lock(&links->lock);
    unsigned n = links->n_items;
    uint64_t accepted = links->accepted, room = links->cut_for_room, late = links->cut_for_time;
    (void)pthread_mutex_unlock(&links->lock);
    int r = mr_ops_metric(out, "millrace_registry_connections", "Connections now.", n);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_connections_total", "Connections accepted.",
                          (double)accepted);
    if (r == 0)
        r = mr_buf_printf(out,
                          "# HELP millrace_registry_connections_cut_total Connections cut.\n"
                          "# TYPE millrace_registry_connections_cut_total counter\n"
                          "millrace_registry_connections_cut_total{why=\"room\"} %llu\n"
                          "millrace_registry_connections_cut_total{why=\"time\"} %llu\n",
                          (unsigned long long)room, (unsigned long long)late);
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_requests_under_way",
                          "Requests now, this one included.", atomic_load(&server->under_way));
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_request_body_bytes",
                          "Bodies held of requests now.", (double)atomic_load(&server->bodies));
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_workers_waiting",
                          "Requests that wait for a worker.", workers_waiting(server->workers));
    if (r == 0)
        r = mr_ops_metric(out, "millrace_registry_passwords_waiting",
                          "Passwords that wait for a check.",
                          workers_waiting(server->password_workers));
    if (r == 0 && server->log)
        r = mr_ops_metric(out, "millrace_registry_access_log_dropped_total",
                          "Lines of the access log that could not be written in time.",
                          (double)access_log_dropped(server->log));
    return r;
}

static int write_process(const struct mr_registry_server *server, struct mr_buf *out)
{
    int r = mr_ops_process(out, server->started);

    return r == 0
               ? mr_buf_printf(out,
                               "# HELP millrace_build_info What runs here.\n"
                               "# TYPE millrace_build_info gauge\n"
                               "millrace_build_info{version=\"" MR_VERSION "\",store=\"%s\"} 1\n",
                               server->core->store->ops->name)
               : r;
}

static int answer_metrics(struct mr_registry_server *server, struct reply *reply)
{
    int r = metrics_write(server->metrics, &reply->body);

    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (r == 0)
        r = write_held(server->core, &reply->body);
    if (r == 0)
        r = write_links(server, &reply->body);
    return r == 0 ? write_process(server, &reply->body) : r;
}

static int answer_ready(struct mr_registry_server *server, struct reply *reply)
{
    bool draining = atomic_load(&server->draining);
    struct store_status status;

    (void)core_leads(server->core, &status);
    reply->status = status.ready && !draining ? 200 : 503;
    return mr_buf_printf(
        &reply->body, "{\"ready\":%s,\"leads\":%s,\"draining\":%s,\"position\":%lld,\"end\":%lld}",
        status.ready && !draining ? "true" : "false", status.leads ? "true" : "false",
        draining ? "true" : "false", (long long)status.position, (long long)status.end);
}

int ops_answer(struct mr_registry_server *server, enum ops ops, const char *method,
               struct reply *reply)
{
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        (void)snprintf(reply->allow, sizeof(reply->allow), "GET");
        return reply_error(reply, 405, "%s does not go here: use GET", method);
    }
    reply->status = 200;
    reply->content_type = "application/json";
    if (ops == OPS_METRICS)
        return answer_metrics(server, reply);
    if (ops == OPS_READY)
        return answer_ready(server, reply);
    return mr_buf_append_str(&reply->body, MR_STR("{\"status\":\"ok\"}"));
}
