// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_SIMULATE_RECEIVER_H
#define INCLUDED_APPS_SIMULATE_RECEIVER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/top_block.h>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace isac::apps {

//! What `--receiver` can be.
struct ReceiverKind {
    std::string name;
    std::string text;              //!< for the help
    std::set<std::string> options; //!< that it takes, of those not all receivers take
};

const std::vector<ReceiverKind>& receiver_kinds();
//! Options that some receivers take and others do not.
const std::set<std::string>& receiver_options();
//! \throws UsageError naming a word that is no receiver
const ReceiverKind& receiver_kind(const std::string& name);

struct ReceiverSettings {
    std::string name;          //!< of the kind
    cfisac::Scenario scenario; //!< of the command line
    std::string model;         //!< file; empty for a kind without
    std::uint64_t seed = 0;    //!< the precoder's
    std::string device;        //!< of all blocks
    std::string precision;     //!< of the networks
    bool entropy_coding = false;
    bool real_time = false;
    int batch = 1;         //!< most frames that a network works on at once
    std::set<int> absent;  //!< receive access points that send nothing
    std::string reference; //!< of the estimators, see gr::isac::describe_estimator()
    //! Of gr::isac::ml_estimator
    std::string static_clutter = "scenario";
};

//! An output of a block.
struct Output {
    gr::basic_block_sptr block;
    int port = 0;
};

//! What frames come from.
struct Sources {
    gr::top_block_sptr top;
    std::vector<Output> echoes; //!< [M]; without a block where there is no such stream
    //! [M][N] transmit frames, as each receive access point knows them
    std::vector<std::vector<Output>> known;
    std::vector<Output> transmit; //!< [N], as the central unit knows them
};

//! Lines of the report: name and value.
using Rows = std::vector<std::pair<std::string, std::string>>;

//! What estimates the targets: the blocks from the echoes to the estimates.
class Receiver
{
public:
    /*! Make the blocks.
     * \throws UsageError when the model is of another kind
     * \throws std::runtime_error when it is for another scenario
     */
    static std::unique_ptr<Receiver> make(const ReceiverSettings& settings);
    virtual ~Receiver() = default;

    //! Scenario of the flowgraph.
    const cfisac::Scenario& scenario() const { return d_scenario; }
    //! Whether it estimates locations, and of velocities a part only.
    virtual bool location_only() const { return false; }

    //! Connect it to what frames come from.
    virtual void connect(const Sources& sources) = 0;
    //! Block with the estimates at output 0 and their confidence at output 1.
    virtual gr::basic_block_sptr estimates() const = 0;

    virtual std::uint64_t frames() const = 0;         //!< estimated
    virtual std::uint64_t frames_skipped() const = 0; //!< in real time
    virtual std::uint64_t host_copies() const = 0;    //!< of frames, to or from items
    virtual std::uint64_t host_copied_bytes() const = 0;
    virtual double latency_s(double share) const = 0;
    //! What blocks say has ended the flowgraph.
    virtual std::vector<std::string> errors() const = 0;

    //! Of one access point and update.
    virtual std::uint64_t fronthaul_bits() const = 0;
    //! Bits that tell one access point what was transmitted, per update.
    virtual std::uint64_t reference_bits() const = 0;
    //! How it is known what was transmitted.
    virtual std::string reference() const = 0;
    //! For the report, before and after the fronthaul bits; none by default.
    virtual Rows codebook_rows() const { return {}; }
    virtual Rows coding_rows() const { return {}; }
    //! Figures that not all receivers have; none by default.
    virtual void add_figures(nlohmann::ordered_json& json) const;

protected:
    explicit Receiver(const cfisac::Scenario& scenario) : d_scenario(scenario) {}

    //! Connect streams to inputs of a block, from `first` on.
    static void connect_all(const Sources& sources,
                            const std::vector<Output>& streams,
                            const gr::basic_block_sptr& block,
                            int first);
    //! Leave the echo of an access point unread, if there is one.
    void discard_echo(const Sources& sources, int m) const;

private:
    const cfisac::Scenario d_scenario;
};

//! D-VQVAE or D-VAE: dvqvae_encoder × M → fusion_decoder.
std::unique_ptr<Receiver> make_encoder_receiver(const ReceiverSettings& settings);
//! MUSIC, compressed sensing or maximum likelihood: estimator × M → parameter_fusion.
std::unique_ptr<Receiver> make_estimator_receiver(const ReceiverSettings& settings);
//! centralized_cnn.
std::unique_ptr<Receiver> make_cnn_receiver(const ReceiverSettings& settings);
//! monostatic_estimator.
std::unique_ptr<Receiver> make_monostatic_receiver(const ReceiverSettings& settings);

} // namespace isac::apps

#endif
