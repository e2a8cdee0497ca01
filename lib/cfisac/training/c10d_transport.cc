// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/c10d_transport.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <cfisac/evaluation/settings.h>
#include <cstdlib>
#include <future>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef CFISAC_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace cfisac::training {

namespace {

using namespace std::chrono_literals;

// Peers decides who is late; the backends must not do so before.
constexpr auto backend_timeout = std::chrono::hours(24);

int place_in(const Group& group, int rank)
{
    const auto found = std::find(group.begin(), group.end(), rank);
    if (found == group.end()) {
        throw std::logic_error("rank " + std::to_string(rank) + " is not in the group");
    }
    return static_cast<int>(found - group.begin());
}

Group pair_of(int one, int other) { return {std::min(one, other), std::max(one, other)}; }

c10::intrusive_ptr<c10d::Store> connect(const Rendezvous& rendezvous, bool serve)
{
    c10d::TCPStoreOptions options;
    options.port = rendezvous.port;
    options.isServer = serve;
    options.waitWorkers = false;
    options.timeout = rendezvous.timeout;
    return c10::make_intrusive<c10d::TCPStore>(rendezvous.host, options);
}

} // namespace

C10dTransport::C10dTransport(const Rendezvous& rendezvous) : d_rendezvous(rendezvous)
{
#ifdef CFISAC_NCCL
    d_nccl = rendezvous.device.is_cuda();
    // Otherwise NCCL's own watch ends the process before it has saved its state.
    ::setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
    ::setenv("NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
#endif
    join();
    agree();
    d_peers = std::make_unique<Peers>(
        connect(rendezvous, false), rendezvous.world, rank(), rendezvous.timeout);
}

C10dTransport::~C10dTransport()
{
    if (!d_closed) {
        // A thread of a process group may wait for a peer that is gone, and its end for
        // that thread: leave them to the end of the process.
        for (auto& entry : d_channels) {
            entry.second.release();
        }
    }
}

void C10dTransport::join()
{
    const bool serve = rank() == 0;
    if (serve) {
        require_free_port(d_rendezvous.port);
        d_store = connect(d_rendezvous, true);
    }
    d_ends =
        call_until_answered(d_rendezvous.host, d_rendezvous.port, d_rendezvous.timeout);
    if (!serve) {
        d_store = connect(d_rendezvous, false);
    }
}

void C10dTransport::refuse(const std::string& reason)
{
    throw std::runtime_error(
        text_of(d_store->compareSet("refused", {}, bytes_of(reason))));
}

void C10dTransport::wait_for_key(const std::string& key, int owner)
{
    const auto until = std::chrono::steady_clock::now() + d_rendezvous.timeout;
    while (!d_store->check({key})) {
        if (d_store->check({"refused"})) {
            throw std::runtime_error(text_of(d_store->get("refused")));
        }
        if (std::chrono::steady_clock::now() > until) {
            refuse("rendezvous: " + world().describe(owner) + " has not come within " +
                   std::to_string(d_rendezvous.timeout.count()) + " s");
        }
        std::this_thread::sleep_for(20ms);
    }
}

// Every process compares what it was asked for with what rank 0 was asked for.
void C10dTransport::agree()
{
    try {
        const auto name = std::to_string(rank());
        if (d_store->add("taken/" + name, 1) != 1) {
            throw std::runtime_error("rendezvous: rank " + name +
                                     " is taken by another process");
        }
        if (rank() == 0) {
            d_store->set("agreement", bytes_of(d_rendezvous.agreement));
        }
        wait_for_key("agreement", 0);
        const auto difference = evaluation::first_difference(
            d_rendezvous.agreement, text_of(d_store->get("agreement")));
        if (!difference.empty()) {
            refuse("rank " + name + " differs from rank 0: " + difference);
        }
        d_store->set("agreed/" + name, bytes_of(d_ends.host));
        for (int other = 0; other < world().size(); other++) {
            wait_for_key("agreed/" + std::to_string(other), other);
        }
    } catch (const c10::Error& error) {
        throw PeerError(world().describe(0) + " is gone");
    } catch (const std::runtime_error&) {
        if (rank() == 0) {
            std::this_thread::sleep_for(1s); // for the others to read why
        }
        throw;
    }
}

// Where the others reach this process. On the machine of rank 0 its name may stand for
// 127.0.1.1, as Debian has it; the others know better.
std::string C10dTransport::address() const
{
    for (int other = 0; is_loopback(d_ends.own) && other < world().size(); other++) {
        const auto host = text_of(d_store->get("agreed/" + std::to_string(other)));
        if (!is_loopback(host)) {
            return host;
        }
    }
    return d_ends.own;
}

c10::intrusive_ptr<C10dTransport::Channel> C10dTransport::make_channel(
    const Group& group) const
{
    std::string name = "group";
    for (const int member : group) {
        name += "/" + std::to_string(member);
    }
    const auto store = c10::make_intrusive<c10d::PrefixStore>(name, d_store);
    const int place = place_in(group, rank());
    const int size = static_cast<int>(group.size());
#ifdef CFISAC_NCCL
    if (d_nccl) {
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = backend_timeout;
        return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place, size, options);
    }
#endif
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = backend_timeout;
    options->threads = 1;
    options->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(address())};
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, place, size, options);
}

C10dTransport::Channel& C10dTransport::channel(const Group& group)
{
    auto& channel = d_channels[group];
    if (!channel) {
        // In a thread of its own, since it waits for the others of the group.
        auto made = std::make_shared<std::promise<c10::intrusive_ptr<Channel>>>();
        auto result = made->get_future();
        std::thread([this, group, made] {
            try {
                made->set_value(make_channel(group));
            } catch (...) {
                made->set_exception(std::current_exception());
            }
        }).detach();
        d_peers->wait_until(
            [&] { return result.wait_for(0s) == std::future_status::ready; });
        try {
            channel = result.get();
        } catch (const std::exception& error) {
            d_peers->explain(error.what());
        }
    }
    return *channel;
}

void C10dTransport::transfer(const at::Tensor& tensor,
                             const Group& group,
                             const Start& start)
{
    if (group.size() == 1) {
        return;
    }
    auto& through = channel(group);
    const bool staged = tensor.device().is_cuda() && !d_nccl;
    std::vector<at::Tensor> tensors{staged ? tensor.to(at::kCPU) : tensor};
    try {
        const auto work = start(through, tensors);
        d_peers->wait_until([&] { return work->isCompleted(); });
        work->wait();
    } catch (const PeerError&) {
        throw;
    } catch (const std::exception& error) {
        d_peers->explain(error.what());
    }
    if (staged) {
        tensor.copy_(tensors.front());
    }
}

void C10dTransport::broadcast(at::Tensor tensor, int root, const Group& group)
{
    c10d::BroadcastOptions options;
    options.rootRank = place_in(group, root);
    transfer(tensor, group, [&](Channel& through, std::vector<at::Tensor>& tensors) {
        return through.broadcast(tensors, options);
    });
}

void C10dTransport::all_reduce(at::Tensor tensor, const Group& group)
{
    transfer(tensor, group, [](Channel& through, std::vector<at::Tensor>& tensors) {
        return through.allreduce(tensors);
    });
}

void C10dTransport::send(const at::Tensor& tensor, int to)
{
    broadcast(tensor.detach().contiguous(), rank(), pair_of(rank(), to));
}

void C10dTransport::receive(at::Tensor tensor, int from)
{
    broadcast(std::move(tensor), from, pair_of(rank(), from));
}

std::vector<std::string> C10dTransport::exchange(const std::string& topic,
                                                 const std::string& text)
{
    std::vector<std::string> texts;
    try {
        const auto key = [&](int other) { return topic + "/" + std::to_string(other); };
        d_store->set(key(rank()), bytes_of(text));
        for (int other = 0; other < world().size(); other++) {
            d_peers->wait_until([&] { return d_store->check({key(other)}); });
            texts.push_back(text_of(d_store->get(key(other))));
        }
    } catch (const PeerError&) {
        throw;
    } catch (const std::exception& error) {
        d_peers->explain(error.what());
    }
    return texts;
}

void C10dTransport::fail(const std::string& reason)
{
    d_peers->stop(reason);
    d_peers->leave();
}

void C10dTransport::close()
{
    exchange("closing", "");
    d_peers->leave();
    d_channels.clear();
    d_closed = true;
}

} // namespace cfisac::training
