// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <cfisac/scenario/yaml.h>
#include <cfisac/training/dataset.h>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <hdf5.h>
#include <nlohmann/json.hpp>

namespace {

using namespace isac::apps;

Program program()
{
    Program p;
    p.name = "isac_dataset";
    p.usage = "--scenario FILE --frames N --seed S --out FILE.h5 [options]";
    p.summary =
        "Draw frames of a scenario and write them as HDF5: transmitted and received "
        "signals\n"
        "(in sqrt(W)), locations (m), velocities (m/s), reflection coefficients and "
        "root\n"
        "Cramer-Rao bounds (m, m/s). The same seed gives the same frames on any machine.";
    auto add = p.options.add_options();
    add("scenario",
        po::value<std::string>()->required()->value_name("FILE"),
        "scenario (YAML)");
    add("frames", po::value<Count>()->required()->value_name("N"), "number of frames");
    add("seed",
        po::value<Seed>()->required()->value_name("S"),
        "seed of all draws, 0 to 2^64-1");
    add("out",
        po::value<std::string>()->required()->value_name("FILE"),
        "file to write; it appears when it is complete");
    add_device_option(p.options);
    add("json", po::bool_switch(), "last line of the output as JSON");
    return p;
}

int body(const po::variables_map& values)
{
    const auto device = resolve_device(values["device"].as<std::string>());
    const auto scenario = cfisac::load_scenario(values["scenario"].as<std::string>());
    const auto frames = values["frames"].as<Count>().value;
    const auto seed = values["seed"].as<Seed>().value;
    const auto out = values["out"].as<std::string>();

    const auto start = std::chrono::steady_clock::now();
    {
        const InterruptGuard guard;
        Progress progress(frames, "frames");
        cfisac::training::write_dataset(
            out, scenario, seed, frames, at::Device(device), [&](std::int64_t done) {
                guard.check();
                progress.update(done);
            });
    }
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    const auto bytes = std::filesystem::file_size(out);
    std::printf("%s: %s frames, %s bytes, %.1f s\n",
                out.c_str(),
                grouped(frames).c_str(),
                grouped(std::uint64_t{bytes}).c_str(),
                elapsed.count());
    std::fflush(stdout);
    if (values["json"].as<bool>()) {
        nlohmann::ordered_json json;
        json["file"] = out;
        json["frames"] = frames;
        json["seed"] = seed;
        json["bytes"] = bytes;
        json["seconds"] = elapsed.count();
        print_json(json);
    }
    return success;
}

} // namespace

int main(int argc, char** argv)
{
    // Where the disk is full, HDF5 cannot close a file, and would try it again at the end.
    // Whatever is to be written is closed before.
    H5dont_atexit();
    return run(program(), argc, argv, body);
}
