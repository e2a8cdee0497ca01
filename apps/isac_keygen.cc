// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <cfisac/fronthaul/keys.h>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace {

using namespace isac::apps;
namespace fronthaul = cfisac::fronthaul;

constexpr std::uint64_t most_access_points = 65536;

Program program()
{
    Program p;
    p.name = "isac_keygen";
    p.usage = "NAME [--authorise FILE --access-point M] [--force] [--json]\n"
              "       isac_keygen --public FILE --authorise FILE --access-point M "
              "[--force] [--json]";
    p.summary = "Make the keys of a machine at one end of a fronthaul: NAME.key, which "
                "stays on the\n"
                "machine and which only its owner may read, and NAME.pub, which the "
                "other end needs.\n"
                "With --authorise, the central unit lets in the machine with this public "
                "key, or with\n"
                "that of --public, as an access point.";
    auto add = p.options.add_options();
    const auto word = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    add("name", word("NAME"), "path of the files to be made, without their endings");
    add("public",
        word("FILE"),
        "public key of an access point that has its keys already");
    add("authorise",
        word("FILE"),
        "add the public key to the central unit's authorised keys");
    add("access-point",
        po::value<Seed>()->value_name("M"),
        "receive access point, from 0, that the key is for");
    add("label",
        word("TEXT"),
        "what the authorised keys call the machine, instead of the file's name: letters, "
        "digits, '-', '_' and '.'");
    add("force",
        po::bool_switch(),
        "replace files that are there, and the access point's authorised key");
    add("json", po::bool_switch(), "last line of the output as JSON");
    p.positional.add("name", 1);
    return p;
}

void check(const po::variables_map& values)
{
    if (values.count("name") == values.count("public")) {
        throw UsageError("give either a name for new keys or --public");
    }
    if (values.count("authorise") != values.count("access-point")) {
        throw UsageError("--authorise and --access-point go together");
    }
    if (values.count("public") && !values.count("authorise")) {
        throw UsageError("--public needs --authorise");
    }
    if (values.count("label") && !values.count("authorise")) {
        throw UsageError("--label needs --authorise");
    }
    if (values.count("access-point") &&
        values["access-point"].as<Seed>().value >= most_access_points) {
        throw UsageError("--access-point: want 0 to 65535");
    }
}

int body(const po::variables_map& values)
{
    check(values);
    const bool force = values["force"].as<bool>();
    nlohmann::ordered_json json;
    std::string public_key;
    std::string path;
    if (values.count("public")) {
        path = values["public"].as<std::string>();
        public_key = fronthaul::read_public_key(path);
    } else {
        path = values["name"].as<std::string>();
        const auto pair = fronthaul::make_key_pair();
        fronthaul::write_key_pair(path, pair, force);
        public_key = pair.public_key;
        std::printf("%s.key  secret: keep it on this machine\n", path.c_str());
        std::printf("%s.pub  for the other end\n", path.c_str());
        json["key_file"] = path + ".key";
        json["public_key_file"] = path + ".pub";
    }
    json["public_key"] = public_key;
    if (values.count("authorise")) {
        const auto file = values["authorise"].as<std::string>();
        const auto label = values.count("label")
                               ? values["label"].as<std::string>()
                               : (values.count("public")
                                      ? std::filesystem::path(path).stem().string()
                                      : std::filesystem::path(path).filename().string());
        const auto number =
            static_cast<std::uint16_t>(values["access-point"].as<Seed>().value);
        fronthaul::authorise(file, {number, public_key, label}, force);
        std::printf("%s  lets %s in as access point %u\n",
                    file.c_str(),
                    label.c_str(),
                    unsigned{number});
        json["authorised_file"] = file;
        json["access_point"] = number;
        json["label"] = label;
    }
    if (values["json"].as<bool>()) {
        std::fflush(stdout);
        print_json(json);
    }
    return success;
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
