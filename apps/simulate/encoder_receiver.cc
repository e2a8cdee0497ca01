// SPDX-License-Identifier: GPL-3.0-or-later
#include "codebook_counter.h"
#include "common.h"
#include "model_kind.h"
#include "receiver.h"

#include <cmath>
#include <cstdio>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <gnuradio/isac/fusion_decoder.h>
#include <nlohmann/json.hpp>

namespace isac::apps {
namespace {

using gr::isac::dvqvae_encoder;
using gr::isac::fusion_decoder;
using gr::isac::model_info;

//! Whatever has a network at the access points. An absent access point has no encoder.
class EncoderReceiver : public Receiver
{
public:
    EncoderReceiver(const ReceiverSettings& settings, const model_info& model)
        : Receiver(settings.scenario),
          d_settings(settings),
          d_model(model),
          d_decoder(fusion_decoder::make(settings.scenario,
                                         model.path,
                                         settings.device,
                                         {settings.absent.begin(), settings.absent.end()},
                                         settings.precision,
                                         settings.real_time,
                                         settings.batch))
    {
    }

    void connect(const Sources& sources) override
    {
        const int M = static_cast<int>(scenario().receive.size());
        const int present = M - static_cast<int>(d_settings.absent.size());
        if (d_model.decoder_reads_transmit) {
            connect_all(sources, sources.transmit, d_decoder, present);
        }
        for (int m = 0; m < M; ++m) {
            if (d_settings.absent.count(m)) {
                discard_echo(sources, m);
                continue;
            }
            const auto encoder = dvqvae_encoder::make(scenario(),
                                                      d_model.path,
                                                      m,
                                                      d_settings.seed,
                                                      d_settings.device,
                                                      d_settings.entropy_coding,
                                                      d_settings.precision,
                                                      d_settings.real_time,
                                                      d_settings.batch);
            connect_all(sources, {sources.echoes[m]}, encoder, 0);
            if (d_model.encoder_reads_transmit) {
                connect_all(sources, sources.known[m], encoder, 1);
            }
            sources.top->connect(
                encoder, 0, d_decoder, static_cast<int>(d_encoders.size()));
            d_encoders.push_back(encoder);
            connect_packets(sources, m, encoder);
        }
    }

    gr::basic_block_sptr estimates() const override { return d_decoder; }
    std::uint64_t frames() const override { return d_decoder->frames(); }
    std::uint64_t frames_skipped() const override
    {
        return sum(&dvqvae_encoder::frames_skipped) + d_decoder->frames_skipped();
    }
    std::uint64_t host_copies() const override
    {
        return sum(&dvqvae_encoder::host_copies) + d_decoder->host_copies();
    }
    std::uint64_t host_copied_bytes() const override
    {
        return sum(&dvqvae_encoder::host_copied_bytes) + d_decoder->host_copied_bytes();
    }
    double latency_s(double share) const override { return d_decoder->latency_s(share); }
    std::vector<std::string> errors() const override
    {
        std::vector<std::string> errors{d_decoder->error()};
        for (const auto& encoder : d_encoders) {
            errors.push_back(encoder->error());
        }
        return errors;
    }
    std::uint64_t fronthaul_bits() const override { return d_model.fronthaul_bits; }
    std::uint64_t reference_bits() const override { return d_model.reference_bits; }
    std::string reference() const override { return d_model.reference; }

protected:
    const model_info& model() const { return d_model; }
    //! What else reads the packets of access point m; nothing by default.
    virtual void connect_packets(const Sources&,
                                 int /*m*/,
                                 const dvqvae_encoder::sptr& /*encoder*/)
    {
    }

private:
    std::uint64_t sum(std::uint64_t (dvqvae_encoder::*count)() const) const
    {
        std::uint64_t total = 0;
        for (const auto& encoder : d_encoders) {
            total += ((*encoder).*count)();
        }
        return total;
    }

    const ReceiverSettings d_settings;
    const model_info d_model;
    const fusion_decoder::sptr d_decoder;
    std::vector<dvqvae_encoder::sptr> d_encoders;
};

//! With a codebook, which is counted.
class CodebookReceiver final : public EncoderReceiver
{
public:
    using EncoderReceiver::EncoderReceiver;

    Rows codebook_rows() const override
    {
        Rows rows;
        char text[128];
        for (const auto& [m, counter] : d_counters) {
            std::snprintf(text,
                          sizeof(text),
                          "%lld of %lld codewords in use, perplexity %.1f",
                          static_cast<long long>(counter->distinct()),
                          static_cast<long long>(model().codewords),
                          counter->perplexity());
            rows.emplace_back("codebook of access point " + std::to_string(m), text);
        }
        return rows;
    }

    Rows coding_rows() const override
    {
        const double coded = coded_bits();
        char text[128];
        std::snprintf(text,
                      sizeof(text),
                      "%s bit per access point on average (%.3g %% less)",
                      grouped(static_cast<std::int64_t>(std::llround(coded))).c_str(),
                      100.0 *
                          (1.0 - coded / static_cast<double>(model().fronthaul_bits)));
        return {{"entropy coded", text}};
    }

    void add_figures(nlohmann::ordered_json& json) const override
    {
        json["codewords"] = model().codewords;
        json["codewords_in_use"] = nlohmann::json::array();
        json["codebook_perplexity"] = nlohmann::json::array();
        for (const auto& [m, counter] : d_counters) {
            json["codewords_in_use"].push_back(counter->distinct());
            json["codebook_perplexity"].push_back(counter->perplexity());
        }
        json["entropy_coded_bits_per_update"] = coded_bits();
    }

private:
    void connect_packets(const Sources& sources,
                         int m,
                         const dvqvae_encoder::sptr& encoder) override
    {
        const cfisac::fronthaul::PacketFormat format{
            static_cast<std::uint32_t>(model().index_range),
            static_cast<std::uint32_t>(model().index_count),
            cfisac::fingerprint(scenario()),
            model().fingerprint,
            model().index_priors};
        const auto counter =
            CodebookCounter::make(format,
                                  static_cast<std::size_t>(model().codewords),
                                  static_cast<std::size_t>(model().vectors_sent));
        sources.top->connect(encoder, 0, counter, 0);
        d_counters.emplace_back(m, counter);
    }

    //! Bits of payload of a packet when it is entropy coded, mean over frames and access
    //! points.
    double coded_bits() const
    {
        std::uint64_t bits = 0;
        std::uint64_t packets = 0;
        for (const auto& [m, counter] : d_counters) {
            bits += counter->coded_bits();
            packets += counter->packets();
        }
        return static_cast<double>(bits) / static_cast<double>(packets);
    }

    //! With the number of its access point, one for each that is not absent.
    std::vector<std::pair<int, std::shared_ptr<CodebookCounter>>> d_counters;
};

} // namespace

std::unique_ptr<Receiver> make_encoder_receiver(const ReceiverSettings& settings)
{
    const auto model = load_model_of_kind(settings);
    if (settings.name == "dvae") {
        return std::make_unique<EncoderReceiver>(settings, model);
    }
    return std::make_unique<CodebookReceiver>(settings, model);
}

} // namespace isac::apps
