/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_QTGUI_API_H
#define INCLUDED_ISAC_QTGUI_API_H

#include <gnuradio/attributes.h>

#ifdef gnuradio_isac_qtgui_EXPORTS
#define ISAC_QTGUI_API __GR_ATTR_EXPORT
#else
#define ISAC_QTGUI_API __GR_ATTR_IMPORT
#endif

#endif
