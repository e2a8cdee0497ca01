// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_CELL_KERNELS_H
#define CFISAC_SIGNAL_CELL_KERNELS_H

#include <cstdint>

/*! \file
 * Loops of HostCellFilter. Data of one frame and transmit access point, with U = M_r N_t pairs
 * of antennas:
 *
 * product  [U][re, im][T]         echo times conjugated signal, one subcarrier; then sums
 *                                 (first half of U) and differences times j (second half) of
 *                                 opposite pairs of antennas. Symbols of the second half run
 *                                 backwards, so that opposite ones lie half a row apart.
 * cube     [S][U][re, im][lines]  over Doppler lines: row r of the transform at r and rows + r
 * delays   [steps][U][re, im][lines]
 *
 * A row [re, im][lines] is padded to whole vectors.
 */

namespace cfisac::signal {

//! Sums and differences of opposite terms, each a row of lanes.
struct MirroredRows {
    const float* even;
    const float* odd;
    std::int64_t even_stride;
    std::int64_t odd_stride;
};

//! Sizes and buffers of one call.
struct CellCube {
    std::int64_t receive, transmit, subcarriers, symbols;
    std::int64_t rows;         // of the Doppler transform
    std::int64_t row;          // padded [re, im][2 rows]
    float *echo, *sent;        // [antennas][re, im][T] of one subcarrier
    float* product;            // [U][re, im][T]
    float *sums, *differences; // [U][re, im][even or odd]
    float* lags;               // [N_t, re, im, T]
    float* cube;               // [S, U, row] and a vector more
};

/*! Rows of the transform over subcarriers from `r` on, as many as are done at a time: row r gives
 * the delays count / 2 + r and (count - 1) / 2 - r.
 * \param lanes of a row of the cube and of the delays
 * \param cosines [rows, even_terms], \param sines [rows, odd_terms]
 * \param out [count, lanes]
 * \return how many rows
 */
std::int64_t transform_delays(const MirroredRows& in,
                              std::int64_t lanes,
                              std::int64_t count,
                              std::int64_t rows,
                              std::int64_t r,
                              std::int64_t even_terms,
                              std::int64_t odd_terms,
                              const float* cosines,
                              const float* sines,
                              float* out);

/*! Cells of one step of delay.
 * \param window [terms, row], \param weights [cells, terms], \param out [cells, row]: written
 */
void weigh_cells(const float* window,
                 std::int64_t terms,
                 std::int64_t row,
                 std::int64_t cells,
                 const float* weights,
                 float* out);

/*! Fills the cube of one frame and transmit access point, with sums and differences of opposite
 * subcarriers in place of these, and the lags of the transmitted signal.
 * \param echo [M_r, S, T], \param transmit [N_t, S, T], complex
 * \param rotation [S], complex, by which the transmitted signal is multiplied
 * \param cosines [even symbols, padded rows], \param sines [odd symbols, padded rows]
 */
void to_cube(const CellCube& f,
             const float* echo,
             const float* transmit,
             const float* rotation,
             const float* cosines,
             const float* sines);

/*! Σ |a_t^H x|² of every cell.
 * \param sums [N_t] complex, lags of the signal over the number of antennas
 * \param phasors [N_t - 1, 2, cells]
 */
void illuminate(const float* sums,
                const float* phasors,
                std::int64_t antennas,
                std::int64_t cells,
                float* illumination);

/*! Squared magnitudes times `scale` of one cell's lines, which lie as in a row of the cube.
 * \param power [lines]: written
 */
void lines_of(
    const float* row, std::int64_t lines, std::int64_t rows, float scale, float* power);

} // namespace cfisac::signal

#endif
