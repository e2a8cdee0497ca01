/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PYDOC_MACROS_H
#define INCLUDED_ISAC_PYDOC_MACROS_H

/* What bindings of gr_modtool include: DOC(gr, isac, NAME, make) is the docstring
 * __doc_gr_isac_NAME_make, with two to six names.
 */
#define ISAC_DOC_2(a, b) __doc_##a##_##b
#define ISAC_DOC_3(a, b, c) __doc_##a##_##b##_##c
#define ISAC_DOC_4(a, b, c, d) __doc_##a##_##b##_##c##_##d
#define ISAC_DOC_5(a, b, c, d, e) __doc_##a##_##b##_##c##_##d##_##e
#define ISAC_DOC_6(a, b, c, d, e, f) __doc_##a##_##b##_##c##_##d##_##e##_##f
#define ISAC_DOC_SELECT(a, b, c, d, e, f, macro, ...) macro
#define DOC(...)                                                                         \
    ISAC_DOC_SELECT(                                                                     \
        __VA_ARGS__, ISAC_DOC_6, ISAC_DOC_5, ISAC_DOC_4, ISAC_DOC_3, ISAC_DOC_2, unused) \
    (__VA_ARGS__)

#endif
