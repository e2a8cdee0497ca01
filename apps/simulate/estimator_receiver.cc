// SPDX-License-Identifier: GPL-3.0-or-later
#include "receiver.h"

#include <gnuradio/isac/cs_estimator.h>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/ml_estimator.h>
#include <gnuradio/isac/music_estimator.h>
#include <gnuradio/isac/parameter_fusion.h>

namespace isac::apps {
namespace {

using gr::isac::access_point_estimator;
using gr::isac::parameter_fusion;

access_point_estimator::sptr make_estimator(const ReceiverSettings& settings, int m)
{
    const auto make = [&](auto block, auto... more) -> access_point_estimator::sptr {
        return block(settings.scenario, m, settings.device, settings.real_time, more...);
    };
    return settings.name == "music" ? make(gr::isac::music_estimator::make)
           : settings.name == "cs"
               ? make(gr::isac::cs_estimator::make)
               : make(gr::isac::ml_estimator::make, settings.static_clutter);
}

//! An absent access point has no estimator.
class EstimatorReceiver final : public Receiver
{
public:
    explicit EstimatorReceiver(const ReceiverSettings& settings)
        : Receiver(settings.scenario),
          d_settings(settings),
          d_info(gr::isac::describe_estimator(
              settings.name, settings.scenario, settings.reference)),
          d_fusion(
              parameter_fusion::make(settings.scenario,
                                     settings.name,
                                     {settings.absent.begin(), settings.absent.end()},
                                     settings.real_time))
    {
    }

    void connect(const Sources& sources) override
    {
        for (int m = 0; m < static_cast<int>(scenario().receive.size()); ++m) {
            if (d_settings.absent.count(m)) {
                discard_echo(sources, m);
                continue;
            }
            const auto estimator = make_estimator(d_settings, m);
            connect_all(sources, {sources.echoes[m]}, estimator, 0);
            connect_all(sources, sources.known[m], estimator, 1);
            sources.top->connect(
                estimator, 0, d_fusion, static_cast<int>(d_estimators.size()));
            d_estimators.push_back(estimator);
        }
    }

    gr::basic_block_sptr estimates() const override { return d_fusion; }
    std::uint64_t frames() const override { return d_fusion->frames(); }
    std::uint64_t frames_skipped() const override
    {
        return sum(&access_point_estimator::frames_skipped) + d_fusion->frames_skipped();
    }
    std::uint64_t host_copies() const override
    {
        return sum(&access_point_estimator::host_copies);
    }
    std::uint64_t host_copied_bytes() const override
    {
        return sum(&access_point_estimator::host_copied_bytes);
    }
    double latency_s(double share) const override { return d_fusion->latency_s(share); }
    std::vector<std::string> errors() const override
    {
        std::vector<std::string> errors{d_fusion->error()};
        for (const auto& estimator : d_estimators) {
            errors.push_back(estimator->error());
        }
        return errors;
    }
    std::uint64_t fronthaul_bits() const override { return d_info.fronthaul_bits; }
    std::uint64_t reference_bits() const override { return d_info.reference_bits; }
    std::string reference() const override { return d_settings.reference; }

private:
    std::uint64_t sum(std::uint64_t (access_point_estimator::*count)() const) const
    {
        std::uint64_t total = 0;
        for (const auto& estimator : d_estimators) {
            total += ((*estimator).*count)();
        }
        return total;
    }

    const ReceiverSettings d_settings;
    const gr::isac::estimator_info d_info;
    const parameter_fusion::sptr d_fusion;
    std::vector<access_point_estimator::sptr> d_estimators;
};

} // namespace

std::unique_ptr<Receiver> make_estimator_receiver(const ReceiverSettings& settings)
{
    return std::make_unique<EstimatorReceiver>(settings);
}

} // namespace isac::apps
