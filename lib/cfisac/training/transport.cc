// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/transport.h>

#ifdef CFISAC_C10D
#include "training/c10d_transport.h"
#include <csignal>
#endif

namespace cfisac::training {

#ifdef CFISAC_C10D

namespace {

// Gloo writes to connections whose other end may be gone, which would end this process before
// it can say who it is; the write's error says so instead.
void ignore_broken_pipes()
{
    struct sigaction action = {};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, nullptr);
    }
}

} // namespace

bool has_transport() { return true; }

std::shared_ptr<Transport> meet(const Rendezvous& rendezvous)
{
    ignore_broken_pipes();
    return std::make_shared<C10dTransport>(rendezvous);
}

#else

bool has_transport() { return false; }

std::shared_ptr<Transport> meet(const Rendezvous&)
{
    throw std::runtime_error("training in several processes needs LibTorch's c10d with "
                             "Gloo and its headers; this build has none");
}

#endif

} // namespace cfisac::training
