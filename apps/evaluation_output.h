// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_OUTPUT_H
#define INCLUDED_APPS_EVALUATION_OUTPUT_H

#include "evaluation_plan.h"

#include <cfisac/evaluation/record_file.h>
#include <nlohmann/json.hpp>

namespace isac::apps {

//! Rows of a table, each an object with the same keys in the same order; null: no value.
using Rows = std::vector<nlohmann::ordered_json>;

/*! One row for every scheme at every point, and one "crlb" for the bound: scores with their
 * confidence intervals, bounds over the same frames, and bits.
 * \param alive called now and then
 */
Rows score_rows(const PlannedFigure& figure,
                const cfisac::evaluation::RecordFile& file,
                const EvaluationOptions& options,
                const std::function<void()>& alive);

//! Fig. 10: one row for every frame, scheme and target, truth beside the estimate.
Rows target_rows(const PlannedFigure& figure, const cfisac::evaluation::RecordFile& file);

//! A header and a line for every row; empty where there is no value, "inf" where it is
//! infinite.
std::string to_csv(const Rows& rows);

/*! Writes DIR/NAME.csv, DIR/NAME.json (`about`, then the rows) and, with isac_plot_evaluation
 * from the CSV, DIR/NAME.png.
 * \return what was written, for the last line of the output
 * \throws std::runtime_error naming the file
 */
nlohmann::ordered_json write_output(const std::string& name,
                                    const Rows& rows,
                                    nlohmann::ordered_json about,
                                    const EvaluationOptions& options);

//! \throws std::runtime_error where there is no isac_plot_evaluation or no matplotlib
void check_pictures();

} // namespace isac::apps

#endif
