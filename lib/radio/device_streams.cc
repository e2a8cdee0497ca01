// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"
#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.hpp>
#include <numeric>
#include <set>
#include <stdexcept>

namespace cfisac::radio {

namespace {

std::optional<std::int64_t> time_of(int flags, long long time_ns)
{
    return (flags & SOAPY_SDR_HAS_TIME) != 0 ? std::optional<std::int64_t>(time_ns)
                                             : std::nullopt;
}

} // namespace

std::vector<std::string> Device::getStreamFormats(int direction, size_t channel) const
{
    require_channel(direction, channel);
    return {SOAPY_SDR_CF32, SOAPY_SDR_CS16};
}

std::string Device::getNativeStreamFormat(int direction,
                                          size_t channel,
                                          double& full_scale) const
{
    require_channel(direction, channel);
    full_scale = 1.0;
    return SOAPY_SDR_CF32;
}

SoapySDR::Stream* Device::setupStream(int direction,
                                      const std::string& format,
                                      const std::vector<size_t>& channels,
                                      const SoapySDR::Kwargs& args)
{
    const std::lock_guard<std::mutex> lock(d_stream_mutex);
    if (!args.empty()) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "there is no stream argument " + args.begin()->first);
    }
    if (d_transmit || d_receive) {
        throw std::runtime_error("isac radio: " + d_radio.label() +
                                 "has a stream already");
    }
    if (format != SOAPY_SDR_CF32 && format != SOAPY_SDR_CS16) {
        throw std::invalid_argument("isac radio: " + d_radio.label() + "format " +
                                    format + " is neither CF32 nor CS16");
    }
    auto chosen = channels;
    if (chosen.empty()) {
        chosen.resize(getNumChannels(direction));
        std::iota(chosen.begin(), chosen.end(), 0);
    }
    if (chosen.empty()) {
        require_channel(direction, 0);
    }
    std::set<size_t> seen;
    for (const auto channel : chosen) {
        require_channel(direction, channel);
        if (!seen.insert(channel).second) {
            throw std::invalid_argument("isac radio: " + d_radio.label() + "channel " +
                                        std::to_string(channel) + " is asked for twice");
        }
    }
    const auto kind = format == SOAPY_SDR_CF32 ? Format::cf32 : Format::cs16;
    if (direction == SOAPY_SDR_TX) {
        d_transmit = std::make_unique<TransmitStream>(d_radio, std::move(chosen), kind);
        return reinterpret_cast<SoapySDR::Stream*>(d_transmit.get());
    }
    d_receive = std::make_unique<ReceiveStream>(d_radio, std::move(chosen), kind);
    return reinterpret_cast<SoapySDR::Stream*>(d_receive.get());
}

void Device::closeStream(SoapySDR::Stream* stream)
{
    const std::lock_guard<std::mutex> lock(d_stream_mutex);
    require_stream(stream);
    d_transmit.reset();
    d_receive.reset();
}

void Device::require_stream(const SoapySDR::Stream* stream) const
{
    const void* const given = stream;
    if (given == nullptr || (given != d_transmit.get() && given != d_receive.get())) {
        throw std::invalid_argument("isac radio: " + d_radio.label() +
                                    "this is not a stream of this device");
    }
}

size_t Device::getStreamMTU(SoapySDR::Stream* stream) const
{
    require_stream(stream);
    return static_cast<size_t>(stream_mtu);
}

int Device::activateStream(SoapySDR::Stream* stream,
                           int flags,
                           long long time_ns,
                           size_t count)
{
    require_stream(stream);
    if ((flags & ~(SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST)) != 0 ||
        (d_transmit && count != 0)) {
        return SOAPY_SDR_NOT_SUPPORTED;
    }
    const auto time = time_of(flags, time_ns);
    return d_transmit ? d_transmit->activate(time)
                      : d_receive->activate(time, static_cast<std::int64_t>(count));
}

int Device::deactivateStream(SoapySDR::Stream* stream, int flags, long long)
{
    require_stream(stream);
    if ((flags & SOAPY_SDR_HAS_TIME) != 0) {
        return SOAPY_SDR_NOT_SUPPORTED;
    }
    return d_transmit ? d_transmit->deactivate() : d_receive->deactivate();
}

int Device::readStream(SoapySDR::Stream* stream,
                       void* const* buffers,
                       size_t count,
                       int& flags,
                       long long& time_ns,
                       long timeout_us)
{
    require_stream(stream);
    if (!d_receive) {
        return SOAPY_SDR_NOT_SUPPORTED;
    }
    return d_receive->read(
        buffers, static_cast<std::int64_t>(count), flags, time_ns, timeout_us);
}

int Device::writeStream(SoapySDR::Stream* stream,
                        const void* const* buffers,
                        size_t count,
                        int& flags,
                        long long time_ns,
                        long timeout_us)
{
    require_stream(stream);
    if (!d_transmit) {
        return SOAPY_SDR_NOT_SUPPORTED;
    }
    return d_transmit->write(buffers,
                             static_cast<std::int64_t>(count),
                             (flags & SOAPY_SDR_END_BURST) != 0,
                             time_of(flags, time_ns),
                             timeout_us);
}

int Device::readStreamStatus(SoapySDR::Stream* stream,
                             size_t& channel_mask,
                             int& flags,
                             long long& time_ns,
                             long timeout_us)
{
    require_stream(stream);
    return d_transmit ? d_transmit->status(channel_mask, flags, time_ns, timeout_us)
                      : SOAPY_SDR_NOT_SUPPORTED;
}

} // namespace cfisac::radio
