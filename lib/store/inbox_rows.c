/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of an inbox as rows: what they are, and their pages. */
#include "inbox_runs_inside.h"

int inbox_run_insert(struct inbox_runs *runs, const struct inbox_run *run, struct mr_error *reterr)
{
    return mr_store_run(runs->store,
                        "INSERT INTO mr_inbox_run (run, state, bits, ids, first_at, last_at,"
                        " through, merged_into, done) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)",
                        MR_VALUES(MR_INT(run->id), MR_INT(run->state), MR_INT(run->bits),
                                  MR_INT(run->n_ids), MR_INT(run->first_at), MR_INT(run->last_at),
                                  MR_INT(run->through)),
                        reterr);
}

int inbox_run_update(struct inbox_runs *runs, const struct inbox_run *run,
                     enum inbox_run_state state, int64_t done, struct mr_error *reterr)
{
    return mr_store_run(runs->store, "UPDATE mr_inbox_run SET state = ?2, done = ?3 WHERE run = ?1",
                        MR_VALUES(MR_INT(run->id), MR_INT(state), MR_INT(done)), reterr);
}

int inbox_page_put(struct inbox_runs *runs, const struct inbox_run *run, int64_t page,
                   struct mr_bytes ids, struct mr_error *reterr)
{
    return ids.len == 0
               ? 0
               : mr_store_run(runs->store, "INSERT INTO mr_inbox_page (place, ids) VALUES (?1, ?2)",
                              MR_VALUES(MR_INT(inbox_place(run, page)), MR_BLOB(ids)), reterr);
}

int inbox_pages_delete(struct inbox_runs *runs, const struct inbox_run *run, int64_t from,
                       int64_t to, struct mr_error *reterr)
{
    return mr_store_run(runs->store, "DELETE FROM mr_inbox_page WHERE place >= ?1 AND place < ?2",
                        MR_VALUES(MR_INT(inbox_place(run, from)), MR_INT(inbox_place(run, to))),
                        reterr);
}
