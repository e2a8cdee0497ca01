// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_FRAME_TABLES_H
#define CFISAC_SIGNAL_FRAME_TABLES_H

#include <cstdint>
#include <vector>

namespace cfisac::signal::host {

struct FrameSizes {
    std::int64_t batch, transmitters, receivers, reflectors;
    std::int64_t transmit_antennas, receive_antennas;
    std::int64_t subcarriers, symbols;

    std::int64_t elements() const { return subcarriers * symbols; }
};

//! When and at which frequencies the resource elements lie: both on even grids, the
//! first subcarrier at zero.
struct FrameGrid {
    double subcarrier_step_hz;
    double first_symbol_s;
    double symbol_step_s;
};

//! Complex numbers with real and imaginary parts apart.
template <typename Real>
struct SplitTable {
    std::vector<Real> re, im;

    void resize(std::int64_t size)
    {
        re.resize(size);
        im.resize(size);
    }
};

//! Real and imaginary parts of a row of samples.
template <typename Real>
struct Row {
    Real* re;
    Real* im;

    Row from(std::int64_t place) const { return {re + place, im + place}; }
};

template <typename Real>
Row<const Real> rows_of(const SplitTable<Real>& table)
{
    return {table.re.data(), table.im.data()};
}

/*! Calls `use(subcarrier, symbol, place, count)` for the pieces of the rows of symbols that
 * `elements` resource elements from number `first` on consist of.
 */
template <typename Use>
void for_each_piece(std::int64_t first,
                    std::int64_t elements,
                    std::int64_t symbols,
                    Use use)
{
    std::int64_t subcarrier = first / symbols;
    std::int64_t symbol = first % symbols;
    for (std::int64_t place = 0; place < elements; subcarrier++) {
        const auto rest = elements - place;
        const auto count = symbols - symbol < rest ? symbols - symbol : rest;
        use(subcarrier, symbol, place, count);
        place += count;
        symbol = 0;
    }
}

} // namespace cfisac::signal::host

#endif
