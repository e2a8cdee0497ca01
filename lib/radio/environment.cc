// SPDX-License-Identifier: GPL-3.0-or-later
#include "environment.h"
#include "file_lock.h"
#include <SoapySDR/Logger.hpp>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/futex.h>
#include <new>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ipc = boost::interprocess;

namespace cfisac::radio {

namespace {

// How long to sleep before looking whether somebody died.
constexpr std::int64_t longest_wait_ns = 20'000'000;

std::string segment_name(const std::string& environment)
{
    return "gr-isac." + environment;
}

[[noreturn]] void refuse(const std::string& environment, const std::string& why)
{
    throw std::runtime_error("isac radio: environment " + environment + ": " + why);
}

std::string text_of(TimeMode mode)
{
    return mode == TimeMode::real ? "real" : "lockstep";
}
std::string text_of(SceneMode mode)
{
    return mode == SceneMode::drawn ? "drawn" : "moving";
}
std::string text_of(std::uint64_t number) { return std::to_string(number); }
std::string text_of(int number)
{
    return number == 0 ? "not given" : std::to_string(number);
}
std::string text_of(const std::optional<double>& number)
{
    return number ? SoapySDR::SettingToString(*number) : "not given";
}

template <typename Value>
void require_equal(const std::string& environment,
                   const char* name,
                   const Value& given,
                   const Value& there)
{
    if (given != there) {
        refuse(environment,
               std::string(name) + " is " + text_of(there) + ", not " + text_of(given));
    }
}

} // namespace

// The lock on byte 0 of the segment's file.
class Environment::Door
{
public:
    explicit Door(int file) : d_file(file) {}
    ~Door() { unlock_byte(d_file, door_byte); }
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

private:
    int d_file;
};

std::int64_t steady_ns()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Environment::Environment(const Arguments& arguments)
    : d_name(arguments.environment),
      d_layout(arguments.scenario, FrameTiming(arguments.scenario)),
      d_slot(arguments.transmit ? arguments.index
                                : d_layout.transmitters + arguments.index)
{
    for (const auto* side : {&arguments.scenario.transmit, &arguments.scenario.receive}) {
        for (const auto& point : *side) {
            d_slot_names.push_back(point.name);
        }
    }
    const auto door = enter();
    struct stat status {
    };
    fstat(file(), &status);
    const bool anyone = is_anyone_alive();
    if (anyone) {
        if (status.st_size < static_cast<off_t>(sizeof(SegmentHeader))) {
            refuse(d_name, "was made by another version of this module");
        }
        // The header first: the rest may be of another size.
        d_region =
            ipc::mapped_region(d_memory, ipc::read_write, 0, sizeof(SegmentHeader));
        d_header = static_cast<SegmentHeader*>(d_region.get_address());
        check(arguments);
        map();
    } else {
        if (status.st_size > 0) {
            SoapySDR::logf(SOAPY_SDR_NOTICE,
                           "isac radio: environment %s was left behind by processes that "
                           "are gone: it is made anew",
                           d_name.c_str());
        }
        make(arguments);
    }
    for (std::size_t index = 0; index < slots(); index++) {
        if (index != d_slot && slot(index).process != 0 && !is_alive(index)) {
            free_place(index);
        }
    }
    take_place(arguments);
}

Environment::~Environment()
{
    if (!lock_byte(file(), door_byte, true)) {
        return; // the kernel gives the place back
    }
    const Door door(file());
    free_place(d_slot);
    unlock_byte(file(), slot_byte(d_slot));
    if (!is_anyone_alive()) {
        ipc::shared_memory_object::remove(segment_name(d_name).c_str());
    }
}

std::unique_ptr<Environment::Door> Environment::enter()
{
    const auto name = segment_name(d_name);
    while (true) {
        try {
            d_memory = ipc::shared_memory_object(ipc::open_or_create,
                                                 name.c_str(),
                                                 ipc::read_write,
                                                 ipc::permissions(0600));
        } catch (const ipc::interprocess_exception& error) {
            refuse(d_name,
                   error.get_error_code() == ipc::security_error
                       ? "belongs to another user"
                       : std::string("cannot be opened: ") + error.what());
        }
        if (!lock_byte(file(), door_byte, true)) {
            refuse(d_name, std::string("cannot be locked: ") + std::strerror(errno));
        }
        struct stat status {
        };
        if (fstat(file(), &status) == 0 && status.st_nlink > 0) {
            return std::make_unique<Door>(file());
        }
        // Its last radio removed it while this one was at the door.
    }
}

void Environment::make(const Arguments& arguments)
{
    const auto bytes = static_cast<off_t>(d_layout.bytes);
    int error = ftruncate(file(), 0) == 0 ? 0 : errno;
    if (error == 0) {
        // Not only the size: pages that cannot be had would end the process later.
        do {
            error = posix_fallocate(file(), 0, bytes);
        } while (error == EINTR);
    }
    if (error != 0) {
        ipc::shared_memory_object::remove(segment_name(d_name).c_str());
        refuse(d_name,
               "there is no room for its " + std::to_string((bytes + 0xfffff) >> 20) +
                   " MiB of shared memory: " + std::strerror(error));
    }
    map();
    new (d_header) SegmentHeader{};
    for (std::size_t index = 0; index < slots(); index++) {
        new (&slot(index)) RadioSlot{};
    }
    auto& header = *d_header;
    const auto& settings = arguments.settings;
    header.version = SegmentHeader::current_version;
    header.scenario = environment_fingerprint(arguments.scenario);
    arguments.scenario.name.copy(header.scenario_name, ScenarioLimits::name_bytes);
    header.time = settings.time;
    header.scene = settings.scene;
    header.seed = settings.seed;
    header.has_start = settings.start_s.has_value();
    header.start_s = settings.start_s.value_or(0.0);
    header.participants = settings.participants;
    header.capacity = d_layout.capacity;
    header.epoch_ns = steady_ns();
    header.started = settings.participants == 0;
    header.horizon_ns = never_ns;
    header.final_ns = never_ns;
    header.magic = SegmentHeader::magic_number;
}

void Environment::map()
{
    d_region = ipc::mapped_region(d_memory, ipc::read_write, 0, d_layout.bytes);
    auto* const base = static_cast<char*>(d_region.get_address());
    d_header = reinterpret_cast<SegmentHeader*>(base);
    d_slots = reinterpret_cast<RadioSlot*>(base + d_layout.slots_at);
}

void Environment::check(const Arguments& arguments) const
{
    const auto& header = *d_header;
    if (header.magic != SegmentHeader::magic_number ||
        header.version != SegmentHeader::current_version) {
        refuse(d_name, "was made by another version of this module");
    }
    const auto& settings = arguments.settings;
    if (header.scenario != environment_fingerprint(arguments.scenario)) {
        const std::string there(
            header.scenario_name,
            strnlen(header.scenario_name, sizeof(header.scenario_name)));
        refuse(d_name,
               there == arguments.scenario.name
                   ? "has another version of scenario " + there + " than " +
                         arguments.scenario_path
                   : "has scenario " + there + ", not " + arguments.scenario.name + " (" +
                         arguments.scenario_path + ")");
    }
    require_equal(d_name, "time", settings.time, header.time);
    require_equal(d_name, "scene", settings.scene, header.scene);
    require_equal(d_name, "seed", settings.seed, header.seed);
    require_equal(d_name,
                  "start_s",
                  settings.start_s,
                  header.has_start ? std::optional<double>(header.start_s)
                                   : std::nullopt);
    require_equal(
        d_name, "participants", settings.participants, int{header.participants});
}

void Environment::take_place(const Arguments& arguments)
{
    auto& place = own();
    if (!lock_byte(file(), slot_byte(d_slot), false)) {
        refuse(d_name,
               "access point " + arguments.access_point().name +
                   " has a radio already, in process " + std::to_string(place.process));
    }
    place.stream = StreamState::off;
    place.holding = false;
    place.edge_ns = never_ns;
    place.first = 0;
    place.written = 0;
    place.reserved = 0;
    place.process = static_cast<std::int32_t>(getpid());
}

bool Environment::is_alive(std::size_t index) const
{
    return is_byte_locked(file(), slot_byte(index));
}

bool Environment::is_anyone_alive() const
{
    for (std::size_t index = 0; index < slots(); index++) {
        if (is_alive(index)) {
            return true;
        }
    }
    return false;
}

void Environment::free_place(std::size_t index) const
{
    auto& place = slot(index);
    if (index != d_slot) {
        SoapySDR::logf(
            SOAPY_SDR_WARNING,
            "isac radio: environment %s: the radio of access point %s (process "
            "%d) is gone without leaving: its place is free",
            d_name.c_str(),
            d_slot_names[index].c_str(),
            int{place.process});
    }
    raise_to(d_header->final_ns, place.holding ? place.edge_ns.load() : never_ns);
    place.holding = false;
    place.stream = StreamState::off;
    place.process = 0;
    notify();
}

void Environment::clear_away_the_dead() const
{
    for (std::size_t index = 0; index < slots(); index++) {
        if (index == d_slot || slot(index).process == 0 || is_alive(index)) {
            continue;
        }
        if (!lock_byte(file(), door_byte, false)) {
            return; // somebody else is about to do it, or comes or goes
        }
        const Door door(file());
        if (slot(index).process != 0 && !is_alive(index)) {
            free_place(index);
        }
    }
}

std::complex<float>* Environment::ring(std::size_t n, std::size_t antenna) const
{
    auto* const base = static_cast<char*>(d_region.get_address());
    return reinterpret_cast<std::complex<float>*>(base + d_layout.ring_at(n, antenna));
}

std::int64_t Environment::elapsed_ns() const { return steady_ns() - d_header->epoch_ns; }

void Environment::notify() const
{
    d_header->progress++;
    syscall(SYS_futex, &d_header->progress, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Environment::wait(std::uint32_t seen, std::int64_t timeout_ns) const
{
    const auto wait_ns = std::clamp<std::int64_t>(timeout_ns, 0, longest_wait_ns);
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000),
                           static_cast<long>(wait_ns % 1'000'000'000)};
    syscall(SYS_futex, &d_header->progress, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

} // namespace cfisac::radio
