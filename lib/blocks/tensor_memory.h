/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TENSOR_MEMORY_H
#define INCLUDED_ISAC_TENSOR_MEMORY_H

#include <cstdint>

namespace gr {
namespace isac {

/*! \file
 * Memory of the tensors of a flowgraph. A block makes tensors of the same sizes for every
 * frame; LibTorch would take them from the system and give them back each time, and large
 * ones with all their pages.
 */

/*! From now on the calling thread keeps the memory of its tensors on the processor when
 * they are gone, in whatever thread, for its next tensors of the same size. It is given
 * back when the thread ends. Threads that never call this are not affected.
 */
void keep_tensor_memory();

//! Pieces of memory that the threads that keep theirs have taken from the system.
std::uint64_t tensor_memory_taken();
//! Tensors whose memory was there already.
std::uint64_t tensor_memory_reused();

} // namespace isac
} // namespace gr

#endif
