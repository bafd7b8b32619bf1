/* SPDX-License-Identifier: Apache-2.0 */
/* main() of one consumer binary; meson says which. */
#include "millrace/consumer.h"

extern const struct mr_consumer CONSUMER;

int main(int argc, char **argv)
{
    return mr_consumer_main(&CONSUMER, argc, argv);
}
