// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "training/c10d_peers.h"
#include "training/c10d_sockets.h"

#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif

namespace cfisac::training {

/*! Transport over LibTorch's c10d: a TCPStore in rank 0 where all meet, and a process
 * group, Gloo or NCCL, for every group of processes, made at its first use.
 *
 * A transfer is waited for by asking it whether it is done, so that the end of a process
 * is noticed whatever the transfer does about it. Sending is a broadcast in a group of
 * two for that reason: transfers from one to one cannot be asked.
 */
class C10dTransport : public Transport
{
public:
    explicit C10dTransport(const Rendezvous& rendezvous);
    ~C10dTransport() override;

    int rank() const override { return d_rendezvous.rank; }
    const World& world() const override { return d_rendezvous.world; }
    void send(const at::Tensor& tensor, int to) override;
    void receive(at::Tensor tensor, int from) override;
    void all_reduce(at::Tensor tensor, const Group& group) override;
    void broadcast(at::Tensor tensor, int root, const Group& group) override;
    std::vector<std::string> exchange(const std::string& topic,
                                      const std::string& text) override;
    void alive() override { d_peers->progressed(); }
    void fail(const std::string& reason) override;
    void close() override;

private:
#if TORCH_VERSION_MAJOR >= 2
    using Channel = c10d::Backend; // what both process groups derive from
#else
    using Channel = c10d::ProcessGroup;
#endif
    using Start =
        std::function<c10::intrusive_ptr<c10d::Work>(Channel&, std::vector<at::Tensor>&)>;

    void join();
    void agree();
    std::string address() const;
    void refuse(const std::string& reason);
    void wait_for_key(const std::string& key, int owner);
    Channel& channel(const Group& group);
    c10::intrusive_ptr<Channel> make_channel(const Group& group) const;
    void transfer(const at::Tensor& tensor, const Group& group, const Start& start);

    Rendezvous d_rendezvous;
    bool d_nccl = false;
    bool d_closed = false;
    Ends d_ends; // of the connection to rank 0
    c10::intrusive_ptr<c10d::Store> d_store;
    std::unique_ptr<Peers> d_peers;
    std::map<Group, c10::intrusive_ptr<Channel>> d_channels;
};

} // namespace cfisac::training
