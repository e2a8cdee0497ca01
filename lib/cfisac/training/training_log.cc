// SPDX-License-Identifier: GPL-3.0-or-later
#include <cerrno>
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/training/training_log.h>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace cfisac::training {

namespace {

using Json = nlohmann::ordered_json;

std::string header(const nn::Model& model, const TrainerOptions& options)
{
    const auto& scenario = model.scenario();
    return Json{{"log", "cfisac-training"},
                {"scenario", scenario.name},
                {"architecture", Json::parse(model.architecture().to_json())},
                {"options", Json::parse(options.to_json())},
                {"fronthaul_bits_per_update", model.fronthaul_bits()},
                {"raw_echo_bits_per_update",
                 std::int64_t{64} * scenario.receive_antennas() *
                     scenario.waveform.sensed_subcarriers() *
                     scenario.waveform.sensed_symbols()}}
        .dump();
}

// The lines of a log up to a step; without one that was cut off.
std::string lines_until(const std::string& path, std::int64_t step)
{
    std::ifstream file(path);
    std::string kept, line;
    for (bool first = true; std::getline(file, line); first = false) {
        const auto json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (!json.is_object() || (!first && json.value("step", step + 1) > step)) {
            break;
        }
        kept += line + "\n";
    }
    return kept;
}

} // namespace

TrainingLog::TrainingLog(const std::string& path,
                         const nn::Model& model,
                         const TrainerOptions& options,
                         std::int64_t resumed_step)
    : d_path(path)
{
    auto text = resumed_step < 0 ? std::string() : lines_until(path, resumed_step);
    if (text.empty()) {
        text = header(model, options) + "\n";
    }
    evaluation::write_durably(path, text);
    d_file.open(path, std::ios::app);
    check();
}

void TrainingLog::check() const
{
    if (!d_file) {
        throw std::runtime_error(d_path + ": cannot be written: " + std::strerror(errno));
    }
}

void TrainingLog::add(const Report& report)
{
    d_file << to_json(report) << std::endl;
    check();
}

} // namespace cfisac::training
