// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_REPORT_H
#define INCLUDED_CFISAC_TRAINING_REPORT_H

#include <cfisac/evaluation/scores.h>
#include <cstdint>
#include <string>
#include <vector>

namespace cfisac::training {

//! What a step of training reports. Averages run over the last 50 steps.
struct Progress {
    std::int64_t step = 0;      //!< steps done
    std::int64_t steps = 0;     //!< steps of the whole training
    std::int64_t frames = 0;    //!< frames seen, of all workers
    double learning_rate = 0.0; //!< of the last step
    double loss = 0.0;          //!< estimation loss; in an access point's process zero
    double commitment = 0.0;    //!< mean squared quantization error; of access points in
                                //!< other processes as of the last report
    double samples_per_second = 0.0; //!< frames, of all workers
    double waiting_share = 0.0;      //!< share of the time spent waiting for data
    double waiting_share_run = 0.0;  //!< the same over the whole training
};

//! Accuracy and codebook use over frames that are not trained on.
struct Validation {
    evaluation::Scores scores; //!< of the model as it is
    //! of each access point; empty while nothing is quantized
    std::vector<double> perplexity;
    std::vector<std::int64_t> distinct; //!< codewords in use
    std::vector<std::int64_t> dead;     //!< codewords below the threshold of (18)
    //! with each access point missing; empty where none is in training
    std::vector<double> location_median_without_access_point_m;
};

//! Where a training stands.
struct Report {
    Progress progress;     //!< of the last step
    Validation validation; //!< after it
    //! codewords of each access point replaced since the last report
    std::vector<std::int64_t> replaced;
};

//! A JSON object on one line; null where a score is not finite or nothing is quantized.
std::string to_json(const Report& report);

} // namespace cfisac::training

#endif
