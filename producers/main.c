/* SPDX-License-Identifier: Apache-2.0 */
/* The main of every producer binary; PRODUCER is its descriptor. */
#include "millrace/producer.h"

extern const struct mr_producer PRODUCER;

int main(int argc, char **argv)
{
    return mr_producer_main(&PRODUCER, argc, argv);
}
