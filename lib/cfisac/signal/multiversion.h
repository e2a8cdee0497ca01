// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_MULTIVERSION_H
#define CFISAC_SIGNAL_MULTIVERSION_H

#include <cstddef> // defines __GLIBC__

/*! \file
 * Sample loops in versions for several instruction sets, of which the loader picks the
 * best. CFISAC_MULTIVERSION stands before a function of plain loops; what it calls must
 * be inlined into it, hence CFISAC_INLINE before its helpers. Sanitizers run too late for
 * the loader's choice, and other compilers lack it: they get one version.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) &&          \
    !defined(__clang__) && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define CFISAC_MULTIVERSION \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CFISAC_MULTIVERSION
#endif

#if defined(__CUDACC__)
#define CFISAC_INLINE __host__ __device__ __forceinline__
#elif defined(__GNUC__)
#define CFISAC_INLINE inline __attribute__((always_inline))
#else
#define CFISAC_INLINE inline
#endif

#endif
