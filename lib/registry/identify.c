/* SPDX-License-Identifier: Apache-2.0 */
/* Whose request it is: by its Authorization header, else by the connection's certificate. */
#include "exchange.h"
#include "millrace/status.h"

static void unauthorized(struct exchange *exchange, const char *why)
{
    exchange->refused = 401;
    exchange->why = why;
}

/* Who the connection's certificate names; asked once per connection. */
static enum link_peer peer_of(struct exchange *exchange)
{
    struct link *link = exchange->link;
    struct tls *tls = exchange->server->tls;

    if (!link || !tls || !exchange->server->tls_files.client_ca)
        return PEER_NONE;
    if (link->peer_state == PEER_UNKNOWN) {
        struct mr_error error = MR_ERROR_INIT;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        int r = info ? tls_verify_peer(tls, info->tls_session, &link->peer, &error) : MR_ABSENT;
        link->peer_state = r == 0 ? PEER_TRUSTED : r == MR_ABSENT ? PEER_NONE : PEER_REFUSED;
        (void)snprintf(link->why, sizeof(link->why), "%.255s", error.text);
    }
    return link->peer_state;
}

bool exchange_identify(struct exchange *exchange, bool quick)
{
    struct link *link = exchange->link;
    enum link_peer peer = quick ? peer_of(exchange) : PEER_NONE;
    int r;

    if (peer == PEER_REFUSED) {
        unauthorized(exchange, link->why);
        return true;
    }
    if (peer == PEER_TRUSTED && !exchange->authorization)
        r = auth_certificate(exchange->auth, link->peer.name, link->peer.common_name,
                             &exchange->caller.access);
    else
        r = auth_check(exchange->auth, exchange->authorization, quick, &exchange->caller.access);
    if (r == MR_AGAIN)
        return false;
    if (r != 0)
        unauthorized(exchange, "these credentials are not known here, or not right");
    else if (exchange->caller.access->anonymous && exchange->caller.access->n_grants == 0)
        unauthorized(exchange, "say who you are, by credentials or a certificate");
    return true;
}
