// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_run.h"

#include <algorithm>
#include <map>
#include <optional>

namespace isac::apps {

namespace evaluation = cfisac::evaluation;

namespace {

//! Draws items, and keeps what the items of one point share.
class Drawer
{
public:
    Drawer(const WorkPlan& work, const EvaluationOptions& options)
        : d_work(work), d_options(options)
    {
    }

    //! \param after every frame
    std::vector<evaluation::RecordChunk> operator()(const WorkItem& item,
                                                    const std::function<void()>& after)
    {
        const auto& unit = d_work.units()[item.unit];
        if (d_unit != item.unit) {
            d_schemes.clear();
            d_monte_carlo.emplace(
                unit.scenario, at::Device(d_options.device), d_options.seed);
            d_unit = item.unit;
        }
        std::vector<evaluation::RecordChunk> chunks;
        for (const auto& id : item.schemes) {
            chunks.push_back({unit.id, id, item.first, {}});
        }
        for (auto number = item.first; number < item.first + item.count; number++) {
            for (auto& chunk : chunks) {
                chunk.records.push_back(record(unit, chunk.scheme, number));
            }
            after();
        }
        return chunks;
    }

private:
    evaluation::Record record(const WorkPlan::Unit& unit,
                              const std::string& id,
                              std::int64_t number)
    {
        try {
            return id == truth_id ? d_monte_carlo->truth(number)
                                  : d_monte_carlo->estimates(scheme(unit, id), number);
        } catch (const std::exception& error) {
            throw std::runtime_error(id + " at " + unit.where + ", frame " +
                                     std::to_string(number) + ": " + error.what());
        }
    }

    evaluation::Scheme& scheme(const WorkPlan::Unit& unit, const std::string& id)
    {
        auto& made = d_schemes[id];
        if (!made) {
            const auto found = std::find_if(unit.contenders.begin(),
                                            unit.contenders.end(),
                                            [&](const auto& c) { return c.id == id; });
            made = evaluation::make_scheme(found->scheme, unit.scenario, found->options);
        }
        return *made;
    }

    const WorkPlan& d_work;
    const EvaluationOptions& d_options;
    std::size_t d_unit = std::size_t(-1);
    std::optional<evaluation::MonteCarlo> d_monte_carlo;
    std::map<std::string, std::unique_ptr<evaluation::Scheme>> d_schemes;
};

//! Number of figures of which no item is at or behind `next`.
std::size_t figures_ready(const WorkPlan& work,
                          std::size_t figures,
                          const std::vector<WorkItem>& items,
                          std::size_t next)
{
    auto ready = figures;
    for (auto k = next; k < items.size(); k++) {
        ready = std::min(ready, work.units()[items[k].unit].figure);
    }
    return ready;
}

std::string text_of(const std::vector<evaluation::RecordChunk>& chunks)
{
    std::string text;
    for (const auto& chunk : chunks) {
        text += chunk.to_line() + "\n";
    }
    return text;
}

//! Keep what a worker has found.
void keep(evaluation::RecordFile& file, const std::string& text)
{
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
        file.add(evaluation::RecordChunk::from_line(text.substr(begin, end - begin)));
        begin = end + 1;
    }
}

} // namespace

void draw_all(const WorkPlan& work,
              std::size_t figures,
              const EvaluationOptions& options,
              Workers& workers,
              evaluation::RecordFile* file,
              const InterruptGuard& guard,
              const std::function<void(std::size_t)>& ready)
{
    std::vector<WorkItem> own;
    if (file) {
        own = work.items(
            [&](const auto& point, const auto& scheme, auto first, auto count) {
                return file->find(point, scheme, first, count) != nullptr;
            });
    }
    const auto items = items_from_text(workers.exchange("items", to_text(own)).front());
    const auto count = static_cast<std::size_t>(workers.count());
    const auto rank = static_cast<std::size_t>(workers.rank());

    std::int64_t total = 0, done = 0;
    for (const auto& item : items) {
        total += item.count;
    }
    Progress bar(total, "frames");
    std::string note;
    const auto tick = [&] {
        guard.check();
        workers.alive();
        done++;
        if (file) {
            bar.update(done, note);
        }
    };

    std::optional<Drawer> drawer;
    std::size_t reported = 0;
    for (std::size_t first = 0;; first += count) {
        const auto complete = figures_ready(work, figures, items, first);
        if (file && complete > reported) {
            ready(complete);
            reported = complete;
        }
        if (first >= items.size()) {
            break;
        }
        guard.check();
        std::string found;
        const auto before = done;
        if (first + rank < items.size()) {
            const auto& item = items[first + rank];
            note = "point " + std::to_string(item.unit + 1) + " of " +
                   std::to_string(work.units().size());
            if (!drawer) {
                drawer.emplace(work, options);
            }
            found = text_of((*drawer)(item, tick));
        }
        const auto texts =
            workers.exchange("round/" + std::to_string(first / count), found);
        done = before;
        for (auto k = first; k < std::min(first + count, items.size()); k++) {
            done += items[k].count;
        }
        if (file) {
            for (const auto& text : texts) {
                keep(*file, text);
            }
            file->flush();
        }
    }
}

} // namespace isac::apps
