// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/prefetcher.h>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <optional>
#include <stdexcept>

namespace cfisac::training {

namespace {

template <typename Visit>
void visit_tensors(const StepData& data, Visit&& visit)
{
    for (const auto& input : data.inputs) {
        visit(input);
    }
    const auto& truth = data.truth;
    for (const auto* tensor : {&truth.location,
                               &truth.velocity,
                               &truth.there,
                               &truth.transmit,
                               &truth.present}) {
        visit(*tensor);
    }
}

} // namespace

Prefetcher::Prefetcher(
    Make make, std::int64_t first, std::int64_t end, at::Device device, std::size_t ahead)
    : d_make(std::move(make)), d_device(device), d_ahead(ahead), d_left(end - first)
{
    const int threads = at::get_num_threads();
    d_thread = std::thread([this, first, end] { work(first, end); });
    std::unique_lock lock(d_mutex);
    d_changed.wait(lock, [this] { return d_started; });
    // The call in that thread is for all that have not computed yet.
    at::set_num_threads(threads);
}

Prefetcher::~Prefetcher()
{
    {
        const std::lock_guard lock(d_mutex);
        d_stop = true;
    }
    d_changed.notify_all();
    d_thread.join();
}

void Prefetcher::work(std::int64_t first, std::int64_t end)
{
    at::set_num_threads(1);
    {
        const std::lock_guard lock(d_mutex);
        d_started = true;
    }
    d_changed.notify_all();
    const at::NoGradGuard no_grad;
    try {
        std::optional<c10::StreamGuard> guard;
        if (d_device.is_cuda()) {
            const c10::impl::VirtualGuardImpl device(d_device.type());
            guard.emplace(device.getStreamFromGlobalPool(d_device));
        }
        for (auto step = first; step < end; step++) {
            {
                std::unique_lock lock(d_mutex);
                d_changed.wait(lock,
                               [this] { return d_stop || d_ready.size() < d_ahead; });
                if (d_stop) {
                    return;
                }
            }
            auto data = d_make(step);
            if (guard) {
                guard->current_stream().synchronize();
            }
            put(std::move(data), nullptr);
        }
    } catch (...) {
        put({}, std::current_exception());
    }
}

void Prefetcher::put(StepData data, std::exception_ptr error)
{
    {
        const std::lock_guard lock(d_mutex);
        d_ready.push_back({std::move(data), std::move(error)});
    }
    d_changed.notify_all();
}

StepData Prefetcher::next()
{
    if (d_left == 0) {
        throw std::out_of_range("there is no data behind the last step");
    }
    Entry entry;
    {
        std::unique_lock lock(d_mutex);
        d_changed.wait(lock, [this] { return !d_ready.empty(); });
        if (d_ready.front().error) { // stays: every later call fails as well
            std::rethrow_exception(d_ready.front().error);
        }
        entry = std::move(d_ready.front());
        d_ready.pop_front();
        d_left--;
    }
    d_changed.notify_all();
    if (d_device.is_cuda()) { // its memory comes back to the other stream
        const c10::impl::VirtualGuardImpl device(d_device.type());
        const auto stream = device.getStream(d_device);
        visit_tensors(entry.data, [&](const at::Tensor& tensor) {
            if (tensor.defined()) {
                tensor.record_stream(stream);
            }
        });
    }
    return std::move(entry.data);
}

} // namespace cfisac::training
