// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_TRAINING_LOG_H
#define INCLUDED_CFISAC_TRAINING_TRAINING_LOG_H

#include <cfisac/nn/model.h>
#include <cfisac/training/options.h>
#include <cfisac/training/report.h>
#include <fstream>
#include <string>

namespace cfisac::training {

/*! Log of a training for pictures: a line that says what is trained, then one for every
 * report, each a JSON object.
 */
class TrainingLog
{
public:
    /*! \param resumed_step lines behind it are dropped and others kept; below zero: a new
     *         log
     * \throws std::runtime_error where the file cannot be written
     */
    TrainingLog(const std::string& path,
                const nn::Model& model,
                const TrainerOptions& options,
                std::int64_t resumed_step);

    //! \throws std::runtime_error where the file cannot be written
    void add(const Report& report);

private:
    void check() const;

    std::string d_path;
    std::ofstream d_file;
};

} // namespace cfisac::training

#endif
