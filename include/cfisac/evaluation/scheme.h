// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_SCHEME_H
#define INCLUDED_CFISAC_EVALUATION_SCHEME_H

#include <cfisac/estimators/estimates.h>
#include <cfisac/nn/model.h>
#include <cfisac/signal/front_end.h>
#include <memory>
#include <string>
#include <vector>

namespace cfisac::evaluation {

/*! One receiver of the comparison: access points and central unit together, without a
 * fronthaul in between. One thread at a time.
 */
class Scheme
{
public:
    virtual ~Scheme() = default;

    //! Whose echoes it works on: that of the comparison, or for `monostatic` the one with
    //! its own base station and the same targets.
    virtual const Scenario& scenario() const = 0;

    /*! Estimate the targets of one frame of `scenario()`.
     * \param echo Y [M, M_r, S, T], complex64, on the device of the scheme
     * \param transmit X [N, N_t, S, T], complex64, there too
     */
    virtual estimators::TargetEstimates operator()(const at::Tensor& echo,
                                                   const at::Tensor& transmit) = 0;

    //! Bits that one access point sends to the central unit for a frame.
    virtual std::size_t fronthaul_bits() const = 0;
    //! Bits that tell one access point what was transmitted, see signal::reference_bits().
    virtual std::size_t reference_bits() const = 0;
    //! Whether velocities are estimated; where not, those of the estimates mean nothing.
    virtual bool estimates_velocity() const { return true; }
};

/*! Names of all schemes, in the order of the publication's figures:
 *
 * - monostatic: one base station that receives its own echoes
 * - cs, music: access points estimate paths, the central unit fuses them
 * - cnn: the central unit has the raw echoes and estimates with a network
 * - dvae, dvqvae: access points send latents, as they are or quantized
 * - ml: access points estimate by maximum likelihood, the central unit fuses
 */
const std::vector<std::string>& scheme_names();
//! Whether a scheme of this name needs a model.
bool is_learned(const std::string& scheme);
//! Which of the learned schemes a model is: "dvqvae", "dvae" or "cnn".
std::string scheme_of(const nn::Model& model);

//! What a scheme runs on and with.
struct SchemeOptions {
    at::Device device = at::kCPU; //!< where it computes
    //! how access points that estimate by themselves learn what was transmitted
    signal::Reference reference = signal::Reference::reference;
    std::shared_ptr<const nn::Model> model; //!< of a learned scheme, on the device
};

/*! \throws std::invalid_argument on an unknown name; on a learned scheme without a model,
 * or with the model of another scheme or scenario; and where the scenario does not suit the
 * scheme, naming what does not
 */
std::unique_ptr<Scheme> make_scheme(const std::string& name,
                                    const Scenario& scenario,
                                    const SchemeOptions& options = {});

} // namespace cfisac::evaluation

#endif
