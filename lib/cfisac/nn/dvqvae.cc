// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "network_size.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>
#include <cfisac/nn/model_io.h>

#include <algorithm>

namespace cfisac::nn {

namespace {

// Seeds of the parts, so that no two start from the same draws.
uint64_t part_seed(uint64_t seed, uint64_t part) { return seed * 1000003 + part; }

constexpr uint64_t encoder_part = 1;
constexpr uint64_t quantizer_part = 1001;
constexpr uint64_t decoder_part = 2001;

// Quantizers of all access points.
void keep(detail::NetworkSize& size, int64_t receivers, const QuantizerOptions& options)
{
    size.keep("projector",
              {receivers, options.features(), options.groups(), options.codeword_dim()});
    // With the averages that training makes codewords of, and how often each is used.
    size.keep("codebook",
              {receivers, options.codewords(), 2 * options.codeword_dim() + 1});
}

// Latents with those of missing access points set to zero.
std::vector<torch::Tensor> where_present(const std::vector<torch::Tensor>& latents,
                                         const torch::Tensor& present)
{
    if (!present.defined()) {
        return latents;
    }
    const std::vector<int64_t> shape = {latents.at(0).size(0),
                                        static_cast<int64_t>(latents.size())};
    detail::require(present.sizes() == at::IntArrayRef(shape),
                    "present must be [B, M] = ",
                    at::IntArrayRef(shape),
                    ", got ",
                    present.sizes());
    std::vector<torch::Tensor> masked;
    for (size_t m = 0; m < latents.size(); m++) {
        std::vector<int64_t> one_per_frame(latents[m].dim(), 1);
        one_per_frame[0] = latents[m].size(0);
        masked.push_back(
            latents[m] *
            present.select(1, m).to(latents[m].options()).view(one_per_frame));
    }
    return masked;
}

} // namespace

DVqVaeImpl::DVqVaeImpl(const Scenario& scenario,
                       const Architecture& architecture,
                       uint64_t seed)
    : d_scenario(scenario),
      d_architecture(architecture),
      d_labels(scenario.targets.area_m.min,
               scenario.targets.area_m.max,
               scenario.targets.velocity_mps.min,
               scenario.targets.velocity_mps.max)
{
    validate(scenario);
    switch (architecture.read_out) {
    case ReadOut::dense:
        make_dense(seed);
        break;
    case ReadOut::grid:
        make_grid(seed);
        break;
    case ReadOut::cnn:
        make_centralized(seed);
        break;
    }
}

int64_t DVqVaeImpl::input_channels() const
{
    return d_architecture.reference == signal::Reference::raw
               ? 2
               : 2 * static_cast<int64_t>(d_scenario.transmit.size()) *
                     d_scenario.transmit_antennas();
}

int64_t DVqVaeImpl::encoders() const
{
    return d_architecture.shared_encoder
               ? 1
               : static_cast<int64_t>(d_scenario.receive.size());
}

void DVqVaeImpl::make_dense(uint64_t seed)
{
    const auto& sizes = d_architecture.dense;
    const int64_t transmit_antennas =
        static_cast<int64_t>(d_scenario.transmit.size()) * d_scenario.transmit_antennas();
    const int64_t subcarriers = d_scenario.waveform.sensed_subcarriers();
    const int64_t symbols = d_scenario.waveform.sensed_symbols();
    EncoderOptions options;
    options.in_channels(input_channels())
        .stem_channels(sizes.stem_channels)
        .hidden_channels(sizes.hidden_channels)
        .downsampling_layers(sizes.downsampling_layers)
        .residual_layers(sizes.residual_layers)
        .residual_channels(sizes.residual_channels);
    d_latent_shape =
        nn::latent_shape(options, {d_scenario.receive_antennas(), subcarriers, symbols});
    const auto quantizer = quantizer_options(sizes.hidden_channels);
    DecoderOptions decoder;
    decoder.access_points(receivers())
        .codeword_dim(d_architecture.codeword_dim)
        .latent_shape(d_latent_shape)
        .transmit_shape({transmit_antennas, subcarriers, symbols})
        .targets(d_scenario.targets.count)
        .dimensions(d_scenario.dimensions)
        .hidden_channels(sizes.hidden_channels)
        .stem_channels(sizes.stem_channels)
        .residual_channels(sizes.residual_channels)
        .latent_residual_layers(sizes.latent_residual_layers)
        .transmit_residual_layers(sizes.transmit_residual_layers)
        .transmit_downsampling_layers(sizes.downsampling_layers)
        .flat_features(sizes.flat_features)
        .fully_connected(sizes.fully_connected)
        .seed(part_seed(seed, decoder_part));

    const auto widest =
        std::max({sizes.stem_channels, sizes.hidden_channels, sizes.residual_channels});
    detail::NetworkSize size;
    size.check(
        "front end",
        {options.in_channels(), d_scenario.receive_antennas(), subcarriers, symbols});
    // After the first layer that halves all three dimensions.
    size.check(
        "encoder", {widest, d_scenario.receive_antennas(), subcarriers, symbols}, 8);
    size.check("transmit branch", {widest, transmit_antennas, subcarriers, symbols}, 8);
    size.check("latents", {receivers(), d_architecture.codeword_dim, positions()});
    size.keep("encoder", {encoders(), parameter_count(options)});
    keep(size, receivers(), quantizer);
    size.keep("decoder", {parameter_count(decoder)});

    for (int64_t m = 0; m < encoders(); m++) {
        options.seed(part_seed(seed, encoder_part + m));
        d_encoders.push_back(
            register_module("encoder" + std::to_string(m), Encoder(options)));
    }
    make_quantizers(quantizer, seed);
    d_decoder = register_module("decoder", Decoder(decoder));
}

void DVqVaeImpl::make_grid(uint64_t seed)
{
    const auto& sizes = d_architecture.grid;
    detail::require(
        d_architecture.reference != signal::Reference::raw,
        "the grid read-out needs to know what was transmitted: reference must be "
        "pilot or reference, got raw");
    detail::require(sizes.cells % 2 == 0, "grid: cells must be even, got ", sizes.cells);
    GridEncoderOptions options;
    options.in_channels(GridFeatures::channels(sizes.doppler_lines))
        .hidden_channels(sizes.hidden_channels)
        .residual_layers(sizes.encoder_layers);
    const int64_t transmitters = static_cast<int64_t>(d_scenario.transmit.size());
    const int64_t side = sizes.cells / 2;
    d_latent_shape = {transmitters, side, side};
    const auto quantizer = quantizer_options(sizes.hidden_channels);
    GridDecoderOptions decoder;
    decoder.codeword_dim(d_architecture.codeword_dim * sizes.codewords_per_vector)
        .cells(side)
        .doppler_lines(sizes.doppler_lines)
        .doppler_spacing_hz(sizes.doppler_spacing_hz)
        .profiles(sizes.profiles)
        .cell_features(sizes.cell_features)
        .channels(sizes.decoder_channels)
        .residual_layers(sizes.decoder_layers)
        .velocity_steps(sizes.velocity_steps)
        .seed(part_seed(seed, decoder_part));

    const int64_t places = receivers() * positions(); // of codewords of all access points
    const int64_t velocities = sizes.velocity_steps * sizes.velocity_steps;
    detail::NetworkSize size;
    size.check("front end",
               {transmitters, options.in_channels(), sizes.cells, sizes.cells});
    size.check("encoder", {transmitters, sizes.hidden_channels, side, side});
    size.check("latents", {places, decoder.codeword_dim()});
    size.check("Doppler profiles", {places, sizes.profiles, sizes.doppler_lines});
    size.check("velocity planes", {places, sizes.profiles, velocities});
    size.check("features of cells", {places, sizes.cell_features});
    size.check("fusion", {fused_planes(d_scenario, decoder), side, side});
    size.check("decoder", {std::max(sizes.decoder_channels, 5 + velocities), side, side});
    size.keep("velocity planes", {places, velocities, sizes.doppler_lines});
    size.keep("encoder", {encoders(), parameter_count(options)});
    keep(size, receivers(), quantizer);
    size.keep("decoder", {parameter_count(d_scenario, decoder)});

    for (int64_t m = 0; m < encoders(); m++) {
        options.seed(part_seed(seed, encoder_part + m));
        d_grid_encoders.push_back(
            register_module("encoder" + std::to_string(m), GridEncoder(options)));
    }
    make_quantizers(quantizer, seed);
    d_grid_decoder = register_module("decoder", GridDecoder(d_scenario, decoder));
}

void DVqVaeImpl::make_centralized(uint64_t seed)
{
    detail::require(d_architecture.latents == Latents::quantized,
                    "architecture: latents: the cnn read-out has no latents to send as ",
                    to_string(d_architecture.latents),
                    ", its access points send raw echoes");
    const auto& sizes = d_architecture.cnn;
    CentralizedCnnOptions options;
    options.access_points(receivers())
        .in_channels(input_channels())
        .echo_shape({d_scenario.receive_antennas(),
                     d_scenario.waveform.sensed_subcarriers(),
                     d_scenario.waveform.sensed_symbols()})
        .targets(d_scenario.targets.count)
        .dimensions(d_scenario.dimensions)
        .first_channels(sizes.first_channels)
        .second_channels(sizes.second_channels)
        .kernel(sizes.kernel)
        .stride(sizes.stride)
        .pooling(sizes.pooling)
        .fully_connected(sizes.fully_connected)
        .seed(part_seed(seed, decoder_part));

    const auto shape = options.echo_shape();
    const int64_t in = receivers() * input_channels();
    const auto taps = sizes.kernel * sizes.kernel * sizes.kernel;
    detail::NetworkSize size;
    size.check("front end", {in, shape[0], shape[1], shape[2]});
    size.check("first convolution", {taps, in, sizes.first_channels});
    size.check("second convolution", {taps, sizes.first_channels, sizes.second_channels});
    const auto halved = [&](int64_t length) {
        return (length + sizes.stride - 1) / sizes.stride;
    };
    size.check(
        "planes of the first convolution",
        {sizes.first_channels, halved(shape[0]), halved(shape[1]), halved(shape[2])});
    size.check("planes of the second convolution",
               {sizes.second_channels,
                halved(halved(shape[0])),
                halved(halved(shape[1])),
                halved(halved(shape[2]))});
    size.keep("network", {parameter_count(options)});

    d_centralized = register_module("decoder", CentralizedCnn(options));
}

QuantizerOptions DVqVaeImpl::quantizer_options(int64_t features) const
{
    QuantizerOptions options;
    options.features(features)
        .codeword_dim(d_architecture.codeword_dim)
        .codewords(quantized() ? d_architecture.codewords : 0);
    if (d_architecture.read_out == ReadOut::grid) {
        options.groups(d_architecture.grid.codewords_per_vector)
            .sent(d_architecture.grid.vectors_sent)
            .positions(positions());
        detail::require(quantized() || options.sent() == 0 ||
                            positions() <= LatentWords::range,
                        "architecture: vectors_sent: a latent of ",
                        positions(),
                        " vectors has positions that do not fit a word of ",
                        LatentWords::bits,
                        " bits");
    }
    return options;
}

void DVqVaeImpl::make_quantizers(QuantizerOptions options, uint64_t seed)
{
    for (size_t m = 0; m < d_scenario.receive.size(); m++) {
        options.seed(part_seed(seed, quantizer_part + m));
        d_quantizers.push_back(
            register_module("quantizer" + std::to_string(m), VectorQuantizer(options)));
    }
}

int64_t DVqVaeImpl::positions() const
{
    int64_t count = centralized() ? 0 : 1;
    for (const auto size : d_latent_shape) {
        count *= size;
    }
    return count;
}

int64_t DVqVaeImpl::index_count() const
{
    if (centralized()) {
        return 0;
    }
    const auto& quantizer = d_quantizers[0];
    if (quantized()) {
        return quantizer->index_count(positions());
    }
    const auto chosen = quantizer->options().sent();
    return chosen + (chosen > 0 ? chosen : positions()) *
                        quantizer->unquantized_features() *
                        LatentWords(d_architecture.latents).words_per_element();
}

torch::Tensor DVqVaeImpl::front_end(int64_t receiver,
                                    const torch::Tensor& echo,
                                    const torch::Tensor& transmit)
{
    detail::require(receiver >= 0 && receiver < receivers(),
                    "receive access point must be 0 to ",
                    receivers() - 1,
                    ", got ",
                    receiver);
    const int64_t subcarriers = d_scenario.waveform.sensed_subcarriers();
    const int64_t symbols = d_scenario.waveform.sensed_symbols();
    const std::vector<int64_t> shape = {
        d_scenario.receive_antennas(), subcarriers, symbols};
    detail::require(echo.dim() == 4 && echo.sizes().slice(1) == at::IntArrayRef(shape),
                    "echo must be [B, M_r, S, T] with ",
                    at::IntArrayRef(shape),
                    ", got ",
                    echo.sizes());
    if (d_architecture.reference == signal::Reference::raw) {
        return signal::echo_channels(echo);
    }
    const std::vector<int64_t> sent = {echo.size(0),
                                       static_cast<int64_t>(d_scenario.transmit.size()),
                                       d_scenario.transmit_antennas(),
                                       subcarriers,
                                       symbols};
    detail::require(transmit.defined() && transmit.sizes() == at::IntArrayRef(sent),
                    "transmit must be [B, N, N_t, S, T] = ",
                    at::IntArrayRef(sent),
                    transmit.defined() ? c10::str(", got ", transmit.sizes())
                                       : std::string(", got nothing"));
    if (d_architecture.read_out != ReadOut::grid) {
        return signal::correlated_channels(echo, transmit);
    }
    if (d_features_device != echo.device()) {
        const signal::Layout layout(d_scenario, echo.device());
        const auto& sizes = d_architecture.grid;
        d_features.clear();
        for (int64_t m = 0; m < receivers(); m++) {
            d_features.emplace_back(
                layout, m, sizes.cells, sizes.doppler_lines, sizes.doppler_spacing_hz);
        }
        d_features_device = echo.device();
    }
    return d_features[receiver](echo, transmit);
}

torch::Tensor DVqVaeImpl::encode(int64_t receiver, const torch::Tensor& input)
{
    const int64_t own = d_architecture.shared_encoder ? 0 : receiver;
    return d_architecture.read_out == ReadOut::grid ? d_grid_encoders.at(own)(input)
                                                    : d_encoders.at(own)(input);
}

torch::Tensor DVqVaeImpl::decode_dense(const std::vector<torch::Tensor>& latents,
                                       const torch::Tensor& transmit,
                                       const torch::Tensor& present)
{
    return d_decoder(where_present(latents, present),
                     signal::transmit_channels(transmit));
}

GridOutput DVqVaeImpl::decode_grid(const std::vector<torch::Tensor>& latents,
                                   const torch::Tensor& present)
{
    return d_grid_decoder(latents, present);
}

torch::Tensor DVqVaeImpl::decode_centralized(const std::vector<torch::Tensor>& inputs)
{
    return d_centralized(inputs);
}

ParameterCounts parameter_counts(DVqVaeImpl& network)
{
    ParameterCounts counts;
    for (const auto& child : network.named_children()) {
        const auto& name = child.key();
        const auto size = parameter_count(*child.value());
        if (name.rfind("encoder", 0) == 0) {
            counts.encoder = size;
            counts.encoders++;
        } else if (name == "decoder") {
            counts.decoder = size;
        }
    }
    if (!network.centralized()) {
        const auto& options = network.quantizer(0)->options();
        counts.projector = projector_parameter_count(options);
        counts.codebook = codebook_parameter_count(options);
    }
    return counts;
}

} // namespace cfisac::nn
