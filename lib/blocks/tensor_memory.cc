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
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace gr {
namespace isac {

namespace {

std::atomic<std::uint64_t> taken{0};
std::atomic<std::uint64_t> reused{0};

class thread_memory;

//! Pieces of memory that are or were in use, with the thread that they belong to.
class registry
{
public:
    struct entry {
        std::shared_ptr<thread_memory> owner; //!< null: not a piece of ours
        std::size_t size = 0;
    };

    void add(void* piece, entry about)
    {
        const std::lock_guard<std::shared_mutex> lock(d_mutex);
        d_pieces[piece] = std::move(about);
    }

    entry find(void* piece) const
    {
        const std::shared_lock<std::shared_mutex> lock(d_mutex);
        const auto at = d_pieces.find(piece);
        return at == d_pieces.end() ? entry() : at->second;
    }

    //! Give a piece to the system.
    void release(void* piece)
    {
        {
            const std::lock_guard<std::shared_mutex> lock(d_mutex);
            d_pieces.erase(piece);
        }
        c10::free_cpu(piece);
    }

private:
    mutable std::shared_mutex d_mutex;
    std::unordered_map<void*, entry> d_pieces;
};

//! Never destroyed: tensors may outlive everything else.
registry& pieces()
{
    static auto* const all = new registry;
    return *all;
}

/*! Memory of one thread that waits to be used again.
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
        auto& waiting = d_waiting[size];
        if (waiting.empty()) {
            return nullptr;
        }
        void* const piece = waiting.back();
        waiting.pop_back();
        d_bytes -= size;
        return piece;
    }

    void give(void* piece, std::size_t size)
    {
        {
            const std::lock_guard<std::mutex> lock(d_mutex);
            if (d_open && d_bytes + size <= most_bytes) {
                d_waiting[size].push_back(piece);
                d_bytes += size;
                return;
            }
        }
        pieces().release(piece);
    }

    //! The thread has ended: its pieces go to the system, now and when they come later.
    void close()
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_open = false;
        for (const auto& [size, waiting] : d_waiting) {
            for (void* piece : waiting) {
                pieces().release(piece);
            }
        }
        d_waiting.clear();
    }

private:
    //! Sizes may change without end, as with a batch that follows the load.
    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

    std::mutex d_mutex;
    std::unordered_map<std::size_t, std::vector<void*>> d_waiting;
    std::size_t d_bytes = 0;
    bool d_open = true;
};

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

c10::Allocator* plain = nullptr; //!< LibTorch's

//! Of any memory of the processor's tensors, whoever has made it.
void give_back(void* memory)
{
    const auto about = pieces().find(memory);
    if (about.owner) {
        about.owner->give(memory, about.size);
    } else {
        plain->raw_deallocate(memory);
    }
}

//! LibTorch's allocator of the processor, with the threads' memory before it.
class keeping_allocator : public c10::Allocator
{
public:
    // LibTorch's are const up to 2.2 and not afterwards; so these override one of both.
    at::DataPtr allocate(std::size_t size) { return make(size); }
    at::DataPtr allocate(std::size_t size) const { return make(size); }

    c10::DeleterFnPtr raw_deleter() const override { return give_back; }

    void copy_data(void* to, const void* from, std::size_t size) const
    {
        std::memcpy(to, from, size);
    }

private:
    static at::DataPtr make(std::size_t size)
    {
        const auto& owner = this_thread.memory;
        if (!owner || size == 0) {
            return plain->allocate(size);
        }
        void* piece = owner->find(size);
        if (piece) {
            reused++;
        } else {
            piece = c10::alloc_cpu(size);
            pieces().add(piece, {owner, size});
            taken++;
        }
        return {piece, piece, give_back, c10::Device(c10::DeviceType::CPU)};
    }
};

} // namespace

void keep_tensor_memory()
{
    static std::once_flag installed;
    std::call_once(installed, [] {
        plain = c10::GetCPUAllocator();
        c10::SetCPUAllocator(new keeping_allocator); // never destroyed, as `pieces`
    });
    if (!this_thread.memory) {
        this_thread.memory = std::make_shared<thread_memory>();
    }
}

std::uint64_t tensor_memory_taken() { return taken; }

std::uint64_t tensor_memory_reused() { return reused; }

} // namespace isac
} // namespace gr
