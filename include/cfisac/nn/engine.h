// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_NN_ENGINE_H
#define INCLUDED_CFISAC_NN_ENGINE_H

#include <ATen/ATen.h>
#include <cfisac/nn/detections.h>
#include <cfisac/nn/model.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cfisac::nn {

namespace detail {
class EncoderBackend;
class DecoderBackend;
} // namespace detail

/*!
 * Type of weights and activations of an engine. Sums are kept in float32 in any case, and
 * so are geometry, distances to codewords and the output layers.
 */
enum class Precision { float32, bfloat16, float16 };

//! "float32", "bfloat16" or "float16"
const char* to_string(Precision precision);
//! \throws std::invalid_argument naming the word
Precision precision_from_string(const std::string& name);

//! How an engine computes.
struct EngineOptions {
    //! float32 gives what the trainable network gives, to 1e-4
    Precision precision = Precision::float32;
    //! replay recorded CUDA graphs; without effect on other devices
    bool cuda_graphs = true;
};

/*!
 * What access points do for every frame, prepared for inference: front end, encoder (12),
 * projector and quantizer (13)–(15) of some receive access points on one device. Equal to
 * Model::encode; weights are copied out of the model at construction, the model need not
 * be kept. From one thread at a time.
 */
class EncoderEngine
{
public:
    /*!
     * \param receivers access points m that this engine serves, in the order of `encode`
     * \throws std::invalid_argument on an access point that is not there, none at all, or a
     * precision that the model's device does not have
     */
    EncoderEngine(const Model& model,
                  const std::vector<std::int64_t>& receivers,
                  const EngineOptions& options = {});
    ~EncoderEngine();
    //! The other one is left unusable.
    EncoderEngine(EncoderEngine&&) noexcept;
    //! The other one is left unusable.
    EncoderEngine& operator=(EncoderEngine&&) noexcept;

    /*!
     * \param echoes one Y_m [B, M_r, S, T], complex64, for every access point of this
     * engine, on the model's device; samples must be finite
     * \param transmit X [B, N, N_t, S, T], complex64; may be undefined for `raw`
     * \return one tensor of indices [B, L], int64, for each access point, see Model::encode
     * \throws std::invalid_argument on a wrong shape
     */
    std::vector<at::Tensor> encode(const std::vector<at::Tensor>& echoes,
                                   const at::Tensor& transmit);

private:
    std::vector<std::int64_t> d_echo_shape;     //!< [M_r, S, T]
    std::vector<std::int64_t> d_transmit_shape; //!< [N, N_t, S, T]
    std::size_t d_receivers;
    bool d_needs_transmit;
    std::unique_ptr<detail::EncoderBackend> d_backend;
};

/*!
 * What the central unit does for every frame, prepared for inference: codewords from
 * indices, decoder (16) and read-out. Equal to Model::decode; see EncoderEngine.
 */
class DecoderEngine
{
public:
    //! \throws std::invalid_argument on a precision that the model's device does not have
    explicit DecoderEngine(const Model& model, const EngineOptions& options = {});
    ~DecoderEngine();
    //! The other one is left unusable.
    DecoderEngine(DecoderEngine&&) noexcept;
    //! The other one is left unusable.
    DecoderEngine& operator=(DecoderEngine&&) noexcept;

    /*!
     * What depends on the transmitted frames alone: the central unit knows them before the
     * echoes arrive, so that this is not on the latency path.
     *
     * \param transmit X [B, N, N_t, S, T], complex64; not read by the grid read-out
     * \return for `decode`; undefined for the grid read-out
     */
    at::Tensor prepare(const at::Tensor& transmit);

    /*!
     * \param indices M tensors [B, L], int64, as for Model::decode, which must be indices
     * that Model::accepts; an undefined one is an access point whose packet is missing
     * \param prepared what `prepare` gave for the same frames
     */
    Estimates decode(const std::vector<at::Tensor>& indices, const at::Tensor& prepared);

    //! As Model::detect.
    std::vector<Detections> detect(const std::vector<at::Tensor>& indices,
                                   double threshold);

private:
    void check(const std::vector<at::Tensor>& indices) const;

    std::vector<std::int64_t> d_transmit_shape; //!< [N, N_t, S, T]
    std::int64_t d_index_count;
    std::size_t d_receivers;
    bool d_needs_transmit;
    std::unique_ptr<detail::DecoderBackend> d_backend;
};

} // namespace cfisac::nn

#endif
