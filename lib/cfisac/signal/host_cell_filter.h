// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_HOST_CELL_FILTER_H
#define CFISAC_SIGNAL_HOST_CELL_FILTER_H

#include <cfisac/signal/layout.h>

#include <cstdint>
#include <vector>

namespace cfisac::signal {

/*! CellFilter on the host, in float32.
 *
 * Phases are counted from the middle of the arrays, of the band, of the interval and of the
 * delays, which leaves the power as it is. Antennas, subcarriers and symbols that lie
 * opposite each other then have conjugate phases: with their sum and their difference, times
 * j, every transform has real coefficients, and the coefficients of a line or a delay serve
 * its mirror image as well. This is a quarter of the operations of the complex products for
 * Doppler lines and delays, and half for the cells.
 */
class HostCellFilter
{
public:
    //! As for CellFilter, which checks the arguments; `places` are [P, D].
    HostCellFilter(const Layout& host,
                   std::int64_t receiver,
                   const at::Tensor& places,
                   std::int64_t lines,
                   double spacing_hz);

    /*!
     * \param echo Y_m [B, M_r, S, T], \param transmit X [B, N, N_t, S, T], both complex64
     * and contiguous
     * \param power [B, N, P, F], \param illumination [B, N, P], both float32 and
     * contiguous, see CellCorrelation: written
     */
    void operator()(const at::Tensor& echo,
                    const at::Tensor& transmit,
                    const at::Tensor& power,
                    const at::Tensor& illumination) const;

private:
    // Coefficients [rows, even] and [rows, odd] of the sums and of the differences times j of
    // opposite terms. Row r gives the outputs count / 2 + r and (count - 1) / 2 - r.
    struct Transform {
        std::int64_t count = 0;
        std::int64_t rows = 0; //!< ceil(count / 2)
        std::int64_t even = 0; //!< ceil(terms / 2)
        std::int64_t odd = 0;  //!< floor(terms / 2)
        std::vector<float> cosines;
        std::vector<float> sines;
    };
    struct Pair {
        std::vector<float> rotation;     // [S, 2], conjugated phasor of the middle delay
        Transform delays;                // over subcarriers, of the steps of delay
        std::vector<std::int64_t> first; // [steps - 1], first cell of each nearest step
        std::int64_t most = 0;           // cells of a step
        std::vector<std::int64_t> cell;  // [P], in the order of their steps
        std::vector<float> weights;      // [P, 3, U], in the same order
        std::vector<float> lags;         // [N_t - 1, 2, P], phasors of departing antennas
        at::Tensor departing; // [P, N_t], conjugated a_t of planar arrays, complex64
    };

    static Transform make_transform(std::int64_t count,
                                    double step,
                                    std::int64_t terms,
                                    double spacing);
    Pair make_pair(const struct CellGeometry& geometry, const Layout& host) const;
    void run(const float* echo,
             double mean_power,
             const float* transmit,
             const Pair& pair,
             float* power,
             float* illumination) const;
    // Of planar transmit arrays, [B, N, P]; those of linear ones come with the cube's lags.
    void illuminate_planar(const at::Tensor& transmit,
                           const at::Tensor& illumination) const;

    std::int64_t d_receive_antennas;
    std::int64_t d_transmit_antennas;
    std::int64_t d_subcarriers;
    std::int64_t d_symbols;
    std::int64_t d_cells; // P
    std::int64_t d_lines; // F
    Transform d_doppler;  // over symbols; coefficients transposed, [terms, padded rows]
    std::vector<Pair> d_pairs;
};

} // namespace cfisac::signal

#endif
