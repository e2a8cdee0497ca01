// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_TRANSPORT_H
#define INCLUDED_CFISAC_TRAINING_TRANSPORT_H

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <cfisac/training/world.h>
#include <chrono>
#include <memory>
#include <stdexcept>

namespace cfisac::training {

//! Another process of the training is gone, stuck, or has stopped; names it.
class PeerError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/*! Exchange between the processes of a training. Tensors keep their place and type:
 * contiguous, on the device of the training. Every call returns when its tensor may be
 * used; those of a group are made by all its members in the same order.
 *
 * \throws PeerError from every call when a process is gone, also one that this process
 * does not talk to
 */
class Transport
{
public:
    virtual ~Transport() = default;

    //! Of this process.
    virtual int rank() const = 0;
    //! All processes and their roles.
    virtual const World& world() const = 0;

    //! To one process, which receives it.
    virtual void send(const at::Tensor& tensor, int to) = 0;
    //! Into `tensor`, what that process sends.
    virtual void receive(at::Tensor tensor, int from) = 0;
    //! Every member gets the sum.
    virtual void all_reduce(at::Tensor tensor, const Group& group) = 0;
    //! Every member gets what `root` has.
    virtual void broadcast(at::Tensor tensor, int root, const Group& group) = 0;

    /*! Texts of all processes, in the order of their ranks.
     * \param topic of its own for every exchange
     */
    virtual std::vector<std::string> exchange(const std::string& topic,
                                              const std::string& text) = 0;

    //! Tell the others that this process is busy and not stuck.
    virtual void alive() = 0;
    /*! Tell the others why this process stops; the first reason of all counts. Returns
     * when they may have heard it.
     */
    virtual void fail(const std::string& reason) = 0;
    //! After the last exchange: wait until all are here, then end the connections.
    virtual void close() = 0;
};

//! Where and how the processes of a training meet.
struct Rendezvous {
    std::string host;                  //!< of rank 0, as the others reach it
    std::uint16_t port = 0;            //!< of rank 0
    int rank = 0;                      //!< of this process
    World world;                       //!< all processes and their roles
    at::Device device = at::kCPU;      //!< where the tensors of this process are
    std::chrono::seconds timeout{300}; //!< for one who is alive and does not answer
    std::string agreement; //!< JSON object that must be the same in all processes
};

//! Whether the library was built with LibTorch's c10d and Gloo.
bool has_transport();

/*! Meet the other processes of the training: rank 0 opens the port, the others call it.
 * Tensors go over NCCL where they are on GPUs and the library was built with it, and
 * over Gloo otherwise (through host memory where they are on GPUs). Where the process has no
 * handler of SIGPIPE, the signal is ignored from now on: a peer that dies is an error of the
 * transport.
 *
 * \throws std::runtime_error where the port is in use, rank 0 is not reached or a rank
 * does not come within the timeout, a rank is taken twice, or an agreement differs,
 * naming the rank and the difference; or without c10d
 */
std::shared_ptr<Transport> meet(const Rendezvous& rendezvous);

} // namespace cfisac::training

#endif
