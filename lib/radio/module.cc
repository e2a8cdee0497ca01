// SPDX-License-Identifier: GPL-3.0-or-later
//
// The module of SoapySDR with the driver `isac`.
#include "device.h"
#include <SoapySDR/Registry.hpp>

namespace {

// Only for those who ask for it: nobody is to take a virtual radio for a real one.
SoapySDR::KwargsList find(const SoapySDR::Kwargs& given)
{
    const auto driver = given.find("driver");
    if (driver == given.end() || driver->second != "isac") {
        return {};
    }
    auto found = given;
    const auto point = given.find("access_point");
    found["label"] = point == given.end()
                         ? "virtual radio"
                         : "virtual radio of access point " + point->second;
    return {found};
}

SoapySDR::Device* make(const SoapySDR::Kwargs& given)
{
    return new cfisac::radio::Device(cfisac::radio::parse_arguments(given));
}

const SoapySDR::Registry registration("isac", &find, &make, SOAPY_SDR_ABI_VERSION);

} // namespace
