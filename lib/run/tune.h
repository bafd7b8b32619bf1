/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's allocator, set for programs that move millions of records. */
#pragma once

/* Call first in main. librdkafka takes one piece of memory a record and gives thousands back at
 * once; glibc keeps seven of a size at hand for a thread and merges the others, which cost 15 % of
 * a producer's CPU (docs/producers.md). The number can only be set from the environment at start,
 * so this starts the program again, once, with it set. Where that cannot be done nothing happens.
 */
void tune_memory(char **argv);
