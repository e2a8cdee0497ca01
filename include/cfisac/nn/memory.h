// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_NN_MEMORY_H
#define INCLUDED_CFISAC_NN_MEMORY_H

namespace cfisac::nn {

/*!
 * Asks the C library to keep freed memory for the next allocation rather than to return it
 * to the system. Activations of tens of megabytes come and go with every update on a CPU,
 * and each page that was returned costs a page fault when it is needed again.
 *
 * For a program that runs engines, at its start. It holds for the whole process, whose
 * memory then stays at its largest. Without effect where the C library is not glibc.
 */
void keep_freed_memory();

} // namespace cfisac::nn

#endif
