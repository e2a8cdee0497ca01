// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_CONFIG_FILE_H
#define INCLUDED_APPS_DEPLOYMENT_CONFIG_FILE_H

#include "common.h"

namespace isac::apps {

/*! The values of the command line, with those of the file of `--config` where the command line
 * has none.
 *
 * The file is YAML: a mapping whose keys are the options, with `_` for `-`, and whose values are
 * single ones; true or false for an option without a value. 1 MiB at most.
 * \param values of the command line
 * \param options that there are
 * \throws UsageError naming the file, and line and key where there is one, for a file that
 * cannot be read or is not such a mapping, a key that is no option or stands there twice, and a
 * value that the option does not take
 */
po::variables_map with_config_file(const po::variables_map& values,
                                   const po::options_description& options);

} // namespace isac::apps

#endif
