// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_DEVICE_H
#define INCLUDED_RADIO_DEVICE_H

#include "radio.h"
#include "receive_stream.h"
#include "transmit_stream.h"
#include <SoapySDR/Device.hpp>
#include <memory>
#include <mutex>

namespace cfisac::radio {

/*! The radio of one access point of a scenario, see `Arguments`.
 *
 * - It is tuned to FrameTiming::center_hz and runs at FrameTiming::sample_rate_hz, and
 *   refuses anything else.
 * - Gain from 0 to 100 dB per channel; full scale at the antenna is gain - 70 dBm of a
 *   transmit and -gain dBm of a receive channel, see the sensor `full_scale_dbm` of the
 *   channel.
 * - Formats CF32 (full scale 1) and CS16 (full scale 32768). One stream at a time, of any
 *   of the channels in any order.
 * - Clock and time sources `internal` and `external`, see RadioTime; they change only while
 *   no stream is active.
 * - writeStream() that could write nothing in its time returns 0. See TransmitStream and
 *   ReceiveStream for times.
 * - Sensors: `lo_locked`, `ref_locked`, `time` (hardware time, s), `environment_time` (s)
 *   and the counts `overflows`, `underflows`, `late` (samples), `clipped` (samples), `lost`
 *   (samples that a transmitter had overwritten before this receiver read them).
 */
class Device : public SoapySDR::Device
{
public:
    explicit Device(const Arguments& arguments);

    // Identification.
    std::string getDriverKey() const override;
    std::string getHardwareKey() const override;
    SoapySDR::Kwargs getHardwareInfo() const override;

    // Channels.
    size_t getNumChannels(int direction) const override;
    SoapySDR::Kwargs getChannelInfo(int direction, size_t channel) const override;
    bool getFullDuplex(int direction, size_t channel) const override;

    // Streams.
    std::vector<std::string> getStreamFormats(int direction,
                                              size_t channel) const override;
    std::string getNativeStreamFormat(int direction,
                                      size_t channel,
                                      double& full_scale) const override;
    SoapySDR::Stream* setupStream(int direction,
                                  const std::string& format,
                                  const std::vector<size_t>& channels = {},
                                  const SoapySDR::Kwargs& args = {}) override;
    void closeStream(SoapySDR::Stream* stream) override;
    size_t getStreamMTU(SoapySDR::Stream* stream) const override;
    int activateStream(SoapySDR::Stream* stream,
                       int flags = 0,
                       long long time_ns = 0,
                       size_t count = 0) override;
    int deactivateStream(SoapySDR::Stream* stream,
                         int flags = 0,
                         long long time_ns = 0) override;
    int readStream(SoapySDR::Stream* stream,
                   void* const* buffers,
                   size_t count,
                   int& flags,
                   long long& time_ns,
                   long timeout_us = 100000) override;
    int writeStream(SoapySDR::Stream* stream,
                    const void* const* buffers,
                    size_t count,
                    int& flags,
                    long long time_ns = 0,
                    long timeout_us = 100000) override;
    int readStreamStatus(SoapySDR::Stream* stream,
                         size_t& channel_mask,
                         int& flags,
                         long long& time_ns,
                         long timeout_us = 100000) override;

    // Antennas, gains.
    std::vector<std::string> listAntennas(int direction, size_t channel) const override;
    void setAntenna(int direction, size_t channel, const std::string& name) override;
    std::string getAntenna(int direction, size_t channel) const override;
    std::vector<std::string> listGains(int direction, size_t channel) const override;
    void setGain(int direction, size_t channel, double value) override;
    void setGain(int direction,
                 size_t channel,
                 const std::string& name,
                 double value) override;
    double getGain(int direction, size_t channel) const override;
    double getGain(int direction, size_t channel, const std::string& name) const override;
    SoapySDR::Range getGainRange(int direction, size_t channel) const override;
    SoapySDR::Range getGainRange(int direction,
                                 size_t channel,
                                 const std::string& name) const override;

    // Frequency, rate, bandwidth: one value each.
    std::vector<std::string> listFrequencies(int direction,
                                             size_t channel) const override;
    void setFrequency(int direction,
                      size_t channel,
                      double frequency,
                      const SoapySDR::Kwargs& args = {}) override;
    void setFrequency(int direction,
                      size_t channel,
                      const std::string& name,
                      double frequency,
                      const SoapySDR::Kwargs& args = {}) override;
    double getFrequency(int direction, size_t channel) const override;
    double getFrequency(int direction,
                        size_t channel,
                        const std::string& name) const override;
    SoapySDR::RangeList getFrequencyRange(int direction, size_t channel) const override;
    SoapySDR::RangeList getFrequencyRange(int direction,
                                          size_t channel,
                                          const std::string& name) const override;
    SoapySDR::ArgInfoList getFrequencyArgsInfo(int direction,
                                               size_t channel) const override;
    void setSampleRate(int direction, size_t channel, double rate) override;
    double getSampleRate(int direction, size_t channel) const override;
    std::vector<double> listSampleRates(int direction, size_t channel) const override;
    SoapySDR::RangeList getSampleRateRange(int direction, size_t channel) const override;
    void setBandwidth(int direction, size_t channel, double bandwidth) override;
    double getBandwidth(int direction, size_t channel) const override;
    std::vector<double> listBandwidths(int direction, size_t channel) const override;
    SoapySDR::RangeList getBandwidthRange(int direction, size_t channel) const override;

    // Clocks and time.
    double getMasterClockRate() const override;
    void setMasterClockRate(double rate) override;
    SoapySDR::RangeList getMasterClockRates() const override;
    std::vector<std::string> listClockSources() const override;
    void setClockSource(const std::string& source) override;
    std::string getClockSource() const override;
    std::vector<std::string> listTimeSources() const override;
    void setTimeSource(const std::string& source) override;
    std::string getTimeSource() const override;
    bool hasHardwareTime(const std::string& what = "") const override;
    long long getHardwareTime(const std::string& what = "") const override;
    void setHardwareTime(long long time_ns, const std::string& what = "") override;

    // Sensors.
    std::vector<std::string> listSensors() const override;
    SoapySDR::ArgInfo getSensorInfo(const std::string& key) const override;
    std::string readSensor(const std::string& key) const override;
    std::vector<std::string> listSensors(int direction, size_t channel) const override;
    SoapySDR::ArgInfo getSensorInfo(int direction,
                                    size_t channel,
                                    const std::string& key) const override;
    std::string readSensor(int direction,
                           size_t channel,
                           const std::string& key) const override;

private:
    int direction() const;
    void require_channel(int direction, size_t channel) const;
    void require_gain(const std::string& name) const;
    void require_rf(const std::string& name) const;
    void require_stream(const SoapySDR::Stream* stream) const;
    //! Refuse to change a source while a stream is active.
    void require_idle(const std::string& what) const;
    void require_time(const std::string& what) const;

    Radio d_radio;
    std::mutex d_stream_mutex; //!< of making and closing streams
    std::unique_ptr<TransmitStream> d_transmit;
    std::unique_ptr<ReceiveStream> d_receive;
};

} // namespace cfisac::radio

#endif
