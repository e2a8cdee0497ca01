// SPDX-License-Identifier: GPL-3.0-or-later
//
// Variables of flowgraphs in C++: the names of Python, and the file's name where a flowgraph
// looks for one.

#include <cfisac/scenario/yaml.h>
#include <cmath>
#include <fstream>
#include <gnuradio/isac/flowgraph_variables.h>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

namespace gr::isac {
namespace {

const std::string examples = std::string(CFISAC_SOURCE_DIR) + "/examples/";
const std::string lite = examples + "scenarios/lite.yml";

std::string text_of(const std::string& file)
{
    std::ifstream stream(std::string(CFISAC_SOURCE_DIR) + file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

TEST(ScenarioVariable, HasTheValuesOfTheScenario)
{
    const scenario_variable variable(lite);
    const cfisac::Scenario& scenario = variable;
    EXPECT_EQ(cfisac::to_yaml(scenario), cfisac::to_yaml(cfisac::load_scenario(lite)));
    EXPECT_EQ(variable.num_transmit, 2u);
    EXPECT_EQ(variable.num_receive, 2u);
    EXPECT_EQ(variable.users, 4);
    EXPECT_EQ(variable.targets, 2);
    EXPECT_EQ(variable.subcarriers, 32);
    EXPECT_EQ(variable.symbols_per_frame, 1024u);
    EXPECT_EQ(variable.transmit_frame_size, 8u * 1024u);
    EXPECT_EQ(variable.estimate_size, 8u);
    EXPECT_EQ(variable.bound_size, 4u);
    EXPECT_EQ(variable.subcarrier_spacing_hz, 8 * 240e3);
    EXPECT_FALSE(variable.has_radio);
    EXPECT_TRUE(std::isnan(variable.sample_rate_hz));
}

TEST(ScenarioVariable, KnowsTheRadio)
{
    const scenario_variable variable(examples + "scenarios/sdr_2x2.yml");
    EXPECT_TRUE(variable.has_radio);
    EXPECT_GT(variable.sample_rate_hz, 0.0);
    EXPECT_GT(variable.period_samples, variable.frame_samples);
    EXPECT_DOUBLE_EQ(variable.frame_period_s,
                     static_cast<double>(variable.period_samples) /
                         variable.sample_rate_hz);
}

TEST(ScenarioVariable, IsReadAndSetAsTheNameOfTheFile)
{
    scenario_variable variable(lite);
    const std::string name = variable;
    EXPECT_EQ(name, lite);
    variable = examples + "scenarios/paper.yml";
    EXPECT_EQ(variable.name,
              cfisac::load_scenario(examples + "scenarios/paper.yml").name);
    EXPECT_THROW(variable = std::string("nothing.yml"), cfisac::ScenarioError);
}

TEST(ScenarioVariable, HasSchemesAndTheMonostaticScenario)
{
    const scenario_variable variable(lite);
    EXPECT_EQ(variable.estimator("ml").packet_size,
              describe_estimator("ml", variable).packet_size);
    const auto single = variable.monostatic();
    EXPECT_EQ(single.num_transmit, 1u);
    EXPECT_EQ(single.num_receive, 1u);
    EXPECT_EQ(std::string(single), "");
}

// What a field of a block says in Python must be there in C++.
TEST(ScenarioVariable, HasEveryNameOfThePythonClass)
{
    const std::string header = text_of("/include/gnuradio/isac/flowgraph_variables.h");
    std::string binding = text_of("/python/isac/bindings/scenario_python.cc");
    binding = binding.substr(binding.find("py::class_<Scenario>"));
    const std::regex property(R"re(def_(?:property_)?readonly\(\s*"(\w+)")re");
    int found = 0;
    for (std::sregex_iterator each(binding.begin(), binding.end(), property), end;
         each != end;
         ++each) {
        const std::regex member(R"([\w>] )" + (*each)[1].str() + ";");
        EXPECT_TRUE(std::regex_search(header, member)) << (*each)[1];
        found++;
    }
    EXPECT_GT(found, 30);
}

TEST(ModelVariable, HasWhatTheFileTells)
{
    const std::string file = examples + "models/lite.safetensors";
    const model_variable variable(file);
    EXPECT_EQ(std::string(variable), file);
    EXPECT_EQ(variable.packet_size, load_model_info(file).packet_size);
    EXPECT_EQ(variable.scenario.estimate_size, 8u);
    EXPECT_THROW(model_variable("nothing.safetensors"), std::runtime_error);
}

TEST(RecordingVariable, NamesAFileThatIsNotThere)
{
    try {
        recording_variable("nothing.sigmf-meta");
        FAIL();
    } catch (const cfisac::recording::RecordingError& error) {
        EXPECT_NE(std::string(error.what()).find("nothing"), std::string::npos);
    }
}

} // namespace
} // namespace gr::isac
