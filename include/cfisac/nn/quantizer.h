// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace cfisac::nn {

/*!
 * Sizes of projector and codebook, (13)–(15). The defaults are the paper's.
 */
struct QuantizerOptions {
    //! H, channels of the encoder's latent
    TORCH_ARG(int64_t, features) = 128;
    //! D, dimension of a codeword
    TORCH_ARG(int64_t, codeword_dim) = 512;
    //! N_c; zero: projector and choice of vectors only, without a codebook
    TORCH_ARG(int64_t, codewords) = 32;
    //! γ of the moving averages (18), (19)
    TORCH_ARG(double, decay) = 0.99;
    //! smoothing of the counts in the division (20), and only there
    TORCH_ARG(double, epsilon) = 1e-5;
    //! without the projector (13) features must equal groups times codeword_dim
    TORCH_ARG(bool, projector) = true;
    //! G, codewords for each vector of the latent; together they have G·D elements
    TORCH_ARG(int64_t, groups) = 1;
    //! K, vectors of a latent that are sent, those of the largest norm; zero: all are
    TORCH_ARG(int64_t, sent) = 0;
    //! P, vectors in a latent; needed where not all are sent
    TORCH_ARG(int64_t, positions) = 0;
    //! refuse a latent with NaN or infinity (costs a synchronisation on a GPU)
    TORCH_ARG(bool, check_finite) = true;
    //! of the initial projector and codebook
    TORCH_ARG(uint64_t, seed) = 0;
};

//! What the quantizer gives in training
struct QuantizerOutput {
    //! [B, G·D, …]: the codewords exactly, zero where nothing is sent; the gradient passes
    //! to the projected latent
    torch::Tensor quantized;
    //! [B, n] int64, the codewords of the vectors that are sent
    torch::Tensor indices;
    //! [B·n, D]: Wy with its gradient; hand its detached values to ema_update
    torch::Tensor projected;
    //! scalar: (21) without ω, divided by the number of elements B·n·D
    torch::Tensor commitment;
};

//! What travels of a latent that is not quantized
struct UnquantizedLatent {
    torch::Tensor positions; //!< [B, K] int64, ascending; undefined where all travel
    torch::Tensor elements;  //!< [B, n·F], vector after vector, F elements of each
};

/*!
 * Vector quantizer of one receive access point, (13)–(15), with the codebook update by
 * moving averages (18)–(20).
 *
 * A latent is [B, H, …] with any number of dimensions after the channels. Its vectors are
 * numbered l = 0 … L−1 in row-major order of those dimensions; "rows" are all vectors of
 * a batch, [B·L, ·], batch first. Indices count from 0 (the paper's from 1).
 *
 * (18)–(20) start from zero in the paper, so that an unused codeword divides zero by
 * zero. Here a count starts at one and the sum at the codeword, and (20) divides by (L_j
 * + ε) / (n + N_c ε) · n with n = Σ L_j.
 *
 * Two options go beyond the publication. With G groups the projected vector has G·D
 * elements and is quantized in G pieces with the same codebook (product quantization). With
 * K vectors sent, only those of the largest norm travel, the others are zero at the central
 * unit: where most of a latent says that there is nothing, this spends the bits on the
 * rest. What travels are then K positions in ascending order, followed by K·G codewords.
 *
 * Without a codebook (codewords zero) it serves a D-VAE: `unquantized` and `restore` take
 * the place of `indices` and `lookup`, which like all that reads the codebook are refused.
 *
 * Parameter: projector.weight [G·D, H]. Buffers, saved with the model: codebook [N_c, D],
 * counts [N_c], sums [N_c, D]; none without a codebook.
 */
class VectorQuantizerImpl : public torch::nn::Module
{
public:
    //! \throws std::invalid_argument on a size that is not positive, a decay outside [0,
    //! 1)
    explicit VectorQuantizerImpl(const QuantizerOptions& options = {});

    //! (13): [B, H, …] → [B·P, G·D], all vectors
    torch::Tensor project(const torch::Tensor& latent);
    //! (13) as the codebook sees it: [B, H, …] → [B·n, D], pieces of the vectors sent
    torch::Tensor pieces(const torch::Tensor& latent);

    /*!
     * (15): [B, H, …] → [B, L] int64, what travels; without gradient. L is P·G, or
     * K·(1 + G) where K vectors are sent.
     *
     * Since ‖Wy − c_j‖² = ‖Wy‖² + ‖c_j‖² − 2 (Wᵀc_j)ᵀy and the first term does not depend
     * on j, this is argmin_j ‖c_j‖² − 2 (Wᵀc_j)ᵀy: N_c products of length H for each
     * vector, and the D-dimensional Wy is never formed. Of equal distances the lowest
     * index wins.
     *
     * \throws std::invalid_argument on NaN or infinity
     */
    torch::Tensor indices(const torch::Tensor& latent);

    /*!
     * (14): indices [B, L] int64 → codewords [B, G·D, latent_shape…].
     *
     * \throws std::invalid_argument on an index outside [0, N_c), positions that do not
     * ascend within [0, P), or if latent_shape does not fit L
     */
    torch::Tensor lookup(const torch::Tensor& indices, torch::IntArrayRef latent_shape);
    //! Whether lookup takes these indices [B, L] int64 of the right number.
    bool accepts(const torch::Tensor& indices) const;
    //! the codewords among indices [B, L]
    torch::Tensor codewords_of(const torch::Tensor& indices) const;
    /*!
     * Whether the positions, the first K of indices [B, L] int64, ascend within [0, P);
     * true where all vectors travel.
     */
    bool accepts_positions(const torch::Tensor& indices) const;

    /*!
     * [B, H, …] → what travels without a quantizer, with its gradient. The projector is
     * linear: of y and Wy the one with fewer elements travels (Wy if equal), and y is
     * projected where it arrives. The vectors sent are those of the largest ‖Wy‖.
     *
     * \throws std::invalid_argument on NaN or infinity
     */
    UnquantizedLatent unquantized(const torch::Tensor& latent);
    //! What `unquantized` gave → Wy [B, G·D, latent_shape…], zero where nothing was sent
    torch::Tensor restore(const UnquantizedLatent& latent,
                          torch::IntArrayRef latent_shape);
    //! F = min(H, G·D), elements of a vector that travel without a quantizer
    int64_t unquantized_features() const;

    //! L for a latent of so many vectors
    int64_t index_count(int64_t positions) const;
    //! every index is below this: N_c, or the larger of N_c and P where positions travel
    int64_t index_range() const;

    //! (13)–(15) with straight-through gradient, and (21): [B, H, …] → see
    //! QuantizerOutput
    QuantizerOutput forward(const torch::Tensor& latent);

    //! (18)–(20) with projected rows [B·L, D] and their indices (any shape of B·L
    //! elements)
    void ema_update(const torch::Tensor& projected, const torch::Tensor& indices);
    //! (18)–(20) with how often each codeword was chosen [N_c] and the sums of the
    //! projected rows that chose it [N_c, D]
    void update_averages(const torch::Tensor& chosen, const torch::Tensor& sums);

    /*!
     * Codebook from projected rows [n, D] by k-means (seeded k-means++, then Lloyd's
     * iterations) on at most 256 rows per codeword; sets counts to one and sums to the
     * codewords. With fewer distinct rows than codewords some codewords are equal.
     */
    void initialise(const torch::Tensor& projected,
                    uint64_t seed,
                    int64_t iterations = 10);

    /*!
     * Replaces every codeword whose count is below the threshold by a random one of the
     * projected rows [n, D], with its accumulators: count max(1, threshold), sum that
     * count times the row. Returns how many were replaced.
     */
    int64_t replace_dead(const torch::Tensor& projected, double threshold, uint64_t seed);

    //! exp of the entropy of how often each codeword occurs in the indices: 1 … N_c
    double perplexity(const torch::Tensor& indices) const;
    //! number of codewords that occur in the indices
    int64_t distinct(const torch::Tensor& indices) const;
    //! number of codewords whose moving-average count is below the threshold
    int64_t dead(double threshold) const;
    //! N_b = ⌈log2 index_range⌉
    int64_t bits_per_index() const;

    const torch::Tensor& codebook() const { return d_codebook; } //!< [N_c, D]
    const torch::Tensor& counts() const { return d_counts; }     //!< [N_c], L_j of (18)
    const torch::Tensor& sums() const { return d_sums; }         //!< [N_c, D], (19)
    //! Its sizes.
    const QuantizerOptions& options() const { return d_options; }

private:
    torch::Tensor flatten(const torch::Tensor& latent) const;
    torch::Tensor project_rows(const torch::Tensor& rows);
    bool projected_on_arrival() const; // of a latent that is not quantized
    torch::Tensor nearest(const torch::Tensor& pieces) const;
    torch::Tensor choose(const torch::Tensor& projected, int64_t batch) const;
    torch::Tensor select(const torch::Tensor& rows, const torch::Tensor& chosen) const;
    torch::Tensor pick(const torch::Tensor& projected, const torch::Tensor& chosen) const;
    torch::Tensor spread(const torch::Tensor& codewords,
                         const torch::Tensor& chosen,
                         int64_t batch,
                         torch::IntArrayRef latent_shape) const;
    void require_codebook() const;
    void check_indices(const torch::Tensor& indices) const;
    torch::Tensor histogram(const torch::Tensor& indices) const;
    void check_projected(const torch::Tensor& projected) const;

    QuantizerOptions d_options;
    torch::nn::Linear d_projector{nullptr};
    torch::Tensor d_codebook;
    torch::Tensor d_counts;
    torch::Tensor d_sums;
};
TORCH_MODULE(VectorQuantizer);

//! Parameters of the projector and entries of the codebook (without the accumulators)
int64_t projector_parameter_count(const QuantizerOptions& options);
int64_t codebook_parameter_count(const QuantizerOptions& options);

} // namespace cfisac::nn
