// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_kind.h"
#include "receiver.h"

#include <gnuradio/isac/centralized_cnn.h>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/monostatic_estimator.h>

namespace isac::apps {
namespace {

using gr::isac::echo_estimator;

//! One block makes the estimates of the echoes.
class EchoReceiver : public Receiver
{
public:
    void connect(const Sources& sources) override
    {
        connect_all(sources, sources.echoes, d_estimator, 0);
        if (d_reads_transmit) {
            const int M = static_cast<int>(scenario().receive.size());
            connect_all(sources, sources.transmit, d_estimator, M);
        }
    }

    gr::basic_block_sptr estimates() const override { return d_estimator; }
    std::uint64_t frames() const override { return d_estimator->frames(); }
    std::uint64_t frames_skipped() const override
    {
        return d_estimator->frames_skipped();
    }
    std::uint64_t host_copies() const override { return d_estimator->host_copies(); }
    std::uint64_t host_copied_bytes() const override
    {
        return d_estimator->host_copied_bytes();
    }
    double latency_s(double share) const override
    {
        return d_estimator->latency_s(share);
    }
    std::vector<std::string> errors() const override { return {d_estimator->error()}; }
    std::uint64_t reference_bits() const override { return 0; }

protected:
    EchoReceiver(const cfisac::Scenario& scenario,
                 const echo_estimator::sptr& estimator,
                 bool reads_transmit)
        : Receiver(scenario), d_estimator(estimator), d_reads_transmit(reads_transmit)
    {
    }

private:
    const echo_estimator::sptr d_estimator;
    const bool d_reads_transmit;
};

class CnnReceiver final : public EchoReceiver
{
public:
    CnnReceiver(const ReceiverSettings& settings, const gr::isac::model_info& model)
        : EchoReceiver(settings.scenario,
                       gr::isac::centralized_cnn::make(settings.scenario,
                                                       model.path,
                                                       settings.device,
                                                       settings.real_time,
                                                       settings.batch),
                       model.decoder_reads_transmit)
    {
    }

    std::uint64_t fronthaul_bits() const override { return scenario().raw_echo_bits(); }
    std::string reference() const override { return "known at the central unit"; }
};

class MonostaticReceiver final : public EchoReceiver
{
public:
    MonostaticReceiver(const ReceiverSettings& settings, const cfisac::Scenario& scenario)
        : EchoReceiver(scenario,
                       gr::isac::monostatic_estimator::make(
                           scenario, settings.device, settings.real_time),
                       true)
    {
    }

    bool location_only() const override { return true; }
    std::uint64_t fronthaul_bits() const override { return 0; }
    std::string reference() const override { return "known where it is transmitted"; }
};

} // namespace

std::unique_ptr<Receiver> make_cnn_receiver(const ReceiverSettings& settings)
{
    return std::make_unique<CnnReceiver>(settings, load_model_of_kind(settings));
}

std::unique_ptr<Receiver> make_monostatic_receiver(const ReceiverSettings& settings)
{
    return std::make_unique<MonostaticReceiver>(
        settings, gr::isac::monostatic_scenario(settings.scenario));
}

} // namespace isac::apps
