// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_CONVERTER_H
#define INCLUDED_CFISAC_SIGNAL_CONVERTER_H

#include <complex>
#include <cstdint>

namespace cfisac::signal {

/*! Digital-to-analogue or analogue-to-digital converter: real and imaginary parts become
 * multiples of 1 / (2^(bits - 1) - 1) between -1 and 1, which is full scale.
 */
class Converter
{
public:
    static constexpr int fewest_bits = 2; //!< that it may have
    static constexpr int most_bits = 24;  //!< that it may have, those of float32

    /*! \param bits 0 for an ideal one, which changes nothing and clips nothing
     * \throws std::invalid_argument unless 0 or fewest_bits to most_bits
     */
    explicit Converter(int bits);

    //! Resolution of the real and of the imaginary part.
    int bits() const { return d_bits; }

    /*! Convert samples in place.
     * \return how many of them had a part beyond full scale, and were clipped to it
     */
    std::int64_t convert(std::complex<float>* samples, std::int64_t count) const;

private:
    int d_bits;
};

} // namespace cfisac::signal

#endif
