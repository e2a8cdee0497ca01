// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_NOTIFY_H
#define INCLUDED_APPS_DEPLOYMENT_NOTIFY_H

#include <string>

namespace isac::apps {

/*! Tell systemd what a service with `Type=notify` is at, as sd_notify(3) does: a datagram to
 * the socket that the environment variable NOTIFY_SOCKET names; nothing where there is none,
 * or nobody who listens.
 * \param state e.g. "READY=1"
 */
void notify_systemd(const std::string& state);

} // namespace isac::apps

#endif
