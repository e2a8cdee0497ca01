/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tensor_memory.h"

#include <atomic>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace gr {
namespace isac {

namespace {

std::atomic<std::uint64_t> taken{0};
std::atomic<std::uint64_t> reused{0};

/*! Memory of one thread: what is in use, by anybody, and what waits to be used again.
 *
 * Every thread has its own, so that what it needs does not depend on what others do at the
 * same time.
 */
class thread_memory
{
public:
    //! \return null when there is none of this size
    void* find(std::size_t size)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        auto& pieces = d_free[size];
        if (pieces.empty()) {
            return nullptr;
        }
        void* const piece = pieces.back();
        pieces.pop_back();
        d_waiting -= size;
        return piece;
    }

    void give(void* piece, std::size_t size)
    {
        {
            const std::lock_guard<std::mutex> lock(d_mutex);
            if (d_open && d_waiting + size <= most_waiting) {
                d_free[size].push_back(piece);
                d_waiting += size;
                return;
            }
        }
        c10::free_cpu(piece);
    }

    //! The thread has ended: its pieces go to the system, now and when they come later.
    void close()
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_open = false;
        for (const auto& [size, pieces] : d_free) {
            for (void* piece : pieces) {
                c10::free_cpu(piece);
            }
        }
        d_free.clear();
    }

private:
    //! Sizes may change without end, as with a batch that follows the load.
    static constexpr std::size_t most_waiting = std::size_t{1} << 30;

    std::mutex d_mutex;
    std::unordered_map<std::size_t, std::vector<void*>> d_free;
    std::size_t d_waiting = 0; //!< bytes
    bool d_open = true;
};

//! A piece knows its thread and size; it lies this far behind them.
constexpr std::size_t header_size = 64;

struct header {
    std::shared_ptr<thread_memory> owner;
    std::size_t size;
};
static_assert(sizeof(header) <= header_size);

//! Ends the memory of a thread with the thread.
struct thread_handle {
    std::shared_ptr<thread_memory> memory;
    ~thread_handle()
    {
        if (memory) {
            memory->close();
        }
    }
};
thread_local thread_handle this_thread;

void give_back(void* piece)
{
    auto* const mine = static_cast<header*>(piece);
    const std::shared_ptr<thread_memory> owner = std::move(mine->owner);
    const std::size_t size = mine->size;
    mine->~header();
    owner->give(piece, size);
}

//! LibTorch's allocator of the processor, with the threads' memory before it.
class keeping_allocator : public c10::Allocator
{
public:
    explicit keeping_allocator(c10::Allocator* plain) : d_plain(plain) {}

    // LibTorch's are const up to 2.2 and not afterwards; so these override one of both.
    at::DataPtr allocate(std::size_t size) { return make(size); }
    at::DataPtr allocate(std::size_t size) const { return make(size); }

    c10::DeleterFnPtr raw_deleter() const override
    {
        return d_plain->raw_deleter(); // for threads that keep nothing
    }

    void copy_data(void* to, const void* from, std::size_t size) const
    {
        std::memcpy(to, from, size);
    }

private:
    at::DataPtr make(std::size_t size) const
    {
        const auto& owner = this_thread.memory;
        if (!owner || size == 0) {
            return d_plain->allocate(size);
        }
        void* piece = owner->find(size);
        if (piece) {
            reused++;
        } else {
            piece = c10::alloc_cpu(header_size + size);
            taken++;
        }
        new (piece) header{owner, size};
        return {static_cast<char*>(piece) + header_size,
                piece,
                give_back,
                c10::Device(c10::DeviceType::CPU)};
    }

    c10::Allocator* const d_plain;
};

} // namespace

void keep_tensor_memory()
{
    // Never destroyed: tensors may outlive everything else.
    static auto* const allocator = [] {
        auto* const mine = new keeping_allocator(c10::GetCPUAllocator());
        c10::SetCPUAllocator(mine);
        return mine;
    }();
    static_cast<void>(allocator);
    if (!this_thread.memory) {
        this_thread.memory = std::make_shared<thread_memory>();
    }
}

std::uint64_t tensor_memory_taken() { return taken; }

std::uint64_t tensor_memory_reused() { return reused; }

} // namespace isac
} // namespace gr
