// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_WORKERS_H
#define INCLUDED_APPS_EVALUATION_WORKERS_H

#include "evaluation_options.h"

#include <cfisac/training/transport.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace isac::apps {

/*! The processes that share the work: those of other machines, or some that this program
 * starts on its own, with the same command line. They exchange texts over the transport of
 * the training.
 */
class Workers
{
public:
    /*! Start the others, where they are on this machine, and meet them.
     * \param argv of this program
     * \throws std::runtime_error, see cfisac::training::meet
     */
    Workers(const EvaluationOptions& options, char** argv);
    //! Ends the processes that were started, if they have not ended yet.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /*! Whether this process was started by another of this machine, and as what: sets
     * rank, number and place of the workers.
     */
    static bool started_by_another(EvaluationOptions& options);

    int rank() const { return d_rank; }
    int count() const { return d_count; }

    //! Texts of all, in the order of their ranks. \param topic of its own for every exchange
    std::vector<std::string> exchange(const std::string& topic, const std::string& text);
    //! Tell the others that this process is at work.
    void alive();
    //! After the last exchange.
    void close();
    //! Tell the others why this process stops.
    void fail(const std::string& reason);

private:
    void start(char** argv, const std::string& place);

    int d_rank, d_count;
    std::vector<pid_t> d_children;
    std::shared_ptr<cfisac::training::Transport> d_transport; //!< null where one is all
};

//! Folder of the program that runs.
std::string program_folder();

/*! Run a program to its end; its output goes to stderr.
 * \return exit code; 127 where it cannot be started
 */
int run_program(const std::vector<std::string>& command);

} // namespace isac::apps

#endif
