// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_network.h"
#include "evaluation_output.h"
#include "evaluation_run.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cfisac/nn/memory.h>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <iostream>

using namespace isac::apps;

namespace {

using Json = nlohmann::ordered_json;

constexpr int scatter_plot = 10;

/*! One thread for each process, so that sums are made in the same order whatever the
 * number of processes. OpenBLAS has threads of its own, which LibTorch does not set.
 */
void set_threads(int threads)
{
    at::set_num_threads(threads);
    using SetThreads = void (*)(int);
    if (const auto set = reinterpret_cast<SetThreads>(
            ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
        set(threads);
    }
}

//! An evaluation from its first frame to its last picture.
class Evaluation
{
public:
    Evaluation(EvaluationOptions options, char** argv)
        : d_options(std::move(options)),
          d_started(Workers::started_by_another(d_options)),
          d_figures(plan(d_options)),
          d_work(d_figures),
          d_argv(argv)
    {
    }

    int operator()()
    {
        const InterruptGuard guard;
        const int threads = at::get_num_threads();
        if (d_options.rank == 0) {
            std::filesystem::create_directories(d_options.out);
            if (d_options.picture) {
                check_pictures();
            }
            say_what_is_left_out();
        }
        if (d_options.device == "cpu") {
            set_threads(1);
        }
        if (!d_figures.empty()) {
            draw(guard);
        }
        if (d_options.rank > 0) {
            return success;
        }
        finish(guard, threads);
        return success;
    }

    //! Whether the output is that of another process.
    bool started() const { return d_started; }

private:
    void say_what_is_left_out() const
    {
        for (const auto& line : left_out_lines(d_figures)) {
            std::cerr << line << std::endl;
        }
    }

    void draw(const InterruptGuard& guard)
    {
        std::unique_ptr<cfisac::evaluation::RecordFile> file;
        if (d_options.rank == 0) {
            const auto path =
                (std::filesystem::path(d_options.out) / "results.jsonl").string();
            if (d_options.restart) {
                std::filesystem::remove(path);
            }
            try {
                file = std::make_unique<cfisac::evaluation::RecordFile>(
                    path, d_options.settings());
            } catch (const cfisac::evaluation::RecordFileError& error) {
                throw UsageError(std::string(error.what()) +
                                 "; give --restart, or another --out");
            }
        }
        Workers workers(d_options, d_argv);
        try {
            std::size_t written = 0;
            draw_all(d_work,
                     d_figures.size(),
                     d_options,
                     workers,
                     file.get(),
                     guard,
                     [&](std::size_t ready) {
                         for (; written < ready; written++) {
                             write(d_figures[written], *file, workers);
                         }
                     });
            workers.close();
        } catch (const std::exception& error) {
            const std::string what = error.what();
            workers.fail("has stopped: " + what.substr(0, what.find('\n')));
            guard.check(); // another process may have heard of it first
            throw;
        }
    }

    void write(const PlannedFigure& figure,
               const cfisac::evaluation::RecordFile& file,
               Workers& workers)
    {
        const auto number = figure.sweep.figure;
        const auto rows =
            number == scatter_plot
                ? target_rows(figure, file)
                : score_rows(figure, file, d_options, [&] { workers.alive(); });
        Json about{{"figure", number},
                   {"title", figure.sweep.title},
                   {"x", figure.sweep.x_name},
                   {"series", figure.sweep.series_name},
                   {"frames", figure.points.empty() ? 0 : figure.points.front().frames}};
        about["left_out"] = Json::array();
        for (const auto& left : figure.left_out) {
            about["left_out"].push_back({{"scheme", left.scheme},
                                         {"where", left.where},
                                         {"reason", left.reason}});
        }
        put("figure" + std::to_string(number), rows, about);
        d_written.back()["left_out"] = about["left_out"];
    }

    void put(const std::string& name, const Rows& rows, const Json& about)
    {
        d_written.push_back(write_output(name, rows, about, d_options));
        std::cout << name << ": " << rows.size() << " rows in "
                  << d_written.back()["csv"].get<std::string>() << std::endl;
    }

    //! What one process does alone, on as many threads as LibTorch takes by itself.
    void finish(const InterruptGuard& guard, int threads)
    {
        set_threads(threads);
        const auto& figures = d_options.figures;
        if (std::find(figures.begin(), figures.end(), 11) != figures.end()) {
            put("figure11",
                training_rows(d_options, guard),
                {{"figure", 11}, {"title", "Training loss versus epoch"}});
        }
        if (d_options.table) {
            set_threads(threads); // a training keeps one of them for its data
            put("table3",
                runtime_rows(d_options, guard),
                {{"table", 3}, {"title", "Online execution runtime"}});
        }
        if (d_options.json) {
            print_json({{"out", d_options.out},
                        {"frames", d_options.frames},
                        {"seed", d_options.seed},
                        {"workers", d_options.workers},
                        {"written", d_written}});
        }
    }

    EvaluationOptions d_options;
    bool d_started;
    std::vector<PlannedFigure> d_figures;
    WorkPlan d_work;
    char** d_argv;
    Json d_written = Json::array();
};

} // namespace

int main(int argc, char** argv)
{
    Program program;
    program.name = "isac_evaluate";
    program.usage =
        "--scenario FILE --out DIR (--figure N | --table 3 | --all) [options]";
    program.summary =
        "Make the figures and tables of the publication's evaluation: all schemes over "
        "the\n"
        "same frames, matched and scored the same way, with the root Cramer-Rao bound.\n"
        "Writes DIR/figureN.csv, .json and .png. A run that was stopped goes on where "
        "it\n"
        "was.";
    add_evaluation_options(program.options);
    cfisac::nn::keep_freed_memory();
    const int code =
        run(std::move(program), argc, argv, [argv](const po::variables_map& values) {
            auto options = evaluation_options(values);
            Evaluation evaluation(std::move(options), argv);
            try {
                return evaluation();
            } catch (const cfisac::training::PeerError&) {
                if (evaluation.started()) {
                    return static_cast<int>(failure); // the first process tells why
                }
                throw;
            } catch (const Interrupted&) {
                if (evaluation.started()) {
                    return static_cast<int>(interrupted); // so does it here
                }
                throw;
            }
        });
    if (code != success) {
        // A thread of the transport may still wait for a process that is gone; leave
        // without its end.
        std::cout.flush();
        std::quick_exit(code);
    }
    return code;
}
