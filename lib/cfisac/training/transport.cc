// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/transport.h>

#ifdef CFISAC_C10D
#include "training/c10d_transport.h"
#endif

namespace cfisac::training {

#ifdef CFISAC_C10D

bool has_transport() { return true; }

std::shared_ptr<Transport> meet(const Rendezvous& rendezvous)
{
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
