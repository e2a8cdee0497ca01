// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_data.h"
#include "gram_kernel.h"
#include "information.h"
#include "parallel.h"
#include "path_tables.h"
#include <algorithm>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

/* How the information matrix (23) is built.
 *
 * Every derivative of the echo is a sum of products of a vector over receive antennas and
 * a function over resource elements. For target q and transmit access point n there are
 * four such functions: u = exp(-jφ) a_t^H x, u times frequency, u times time, and
 * exp(-jφ) with the derivative of a_t; and two vectors: a_r and its derivative. (With planar
 * arrays there is a derivative along either axis: five functions, three vectors.) A
 * derivative is hence a column of coefficients over these 8 N Q products, and (23) needs
 * the Gram matrix of the functions and of the vectors only, instead of one tensor of the
 * echo's size for every parameter.
 */

namespace {

using Complex = std::complex<double>;

// Derivatives of the conjugated steering vectors of linear arrays in a table [B, N, Q, N_t]
// with respect to the cosine: element a times j2π a spacing.
host::SplitTable<double> derived_table(const host::SplitTable<double>& steering,
                                       const host::FrameSizes& sizes,
                                       const std::vector<AccessPoint>& points)
{
    auto derived = steering;
    const auto antennas = sizes.transmit_antennas;
    for (std::size_t k = 0; k < steering.re.size(); k++) {
        const auto row = static_cast<std::int64_t>(k) / antennas;
        const auto& point = points[row / sizes.reflectors % sizes.transmitters];
        const double factor =
            2.0 * M_PI * point.spacing_wavelengths *
            static_cast<double>(static_cast<std::int64_t>(k) % antennas);
        derived.re[k] = -factor * steering.im[k];
        derived.im[k] = factor * steering.re[k];
    }
    return derived;
}

// Gram matrices of the functions over resource elements, [B, M, NQ4, NQ4] on the
// processor: in one pass over X there, for linear transmit arrays,
at::Tensor gram_on_host(const Layout& layout,
                        const at::Tensor& transmit,
                        const Scene& targets,
                        const BistaticPaths& paths)
{
    const auto& scenario = layout.scenario;
    host::GramInputs in;
    in.sizes = host::frame_sizes(layout, targets);
    in.grid = host::frame_grid(scenario.waveform);
    in.departing = host::steering_table<double>(paths.transmit, scenario.transmit, -1.0);
    in.derived = derived_table(in.departing, in.sizes, scenario.transmit);
    in.over_subcarriers =
        host::subcarrier_table<double>(paths, nullptr, in.grid, in.sizes.subcarriers);
    in.over_symbols = host::symbol_table<double>(paths, in.grid, in.sizes.symbols);
    const auto x = transmit.resolve_conj().contiguous();
    if (x.scalar_type() == at::kComplexFloat) {
        in.transmit_single = complex_data<float>(x);
    } else {
        in.transmit_double = complex_data<double>(x);
    }

    const auto& sizes = in.sizes;
    const auto parts = host::gram_parts(sizes);
    const auto length = host::gram_sums(sizes);
    std::vector<double> sums(sizes.batch * parts * length);
    parallel_for(0, sizes.batch * parts, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            host::gram_part(in, k / parts, k % parts, sums.data() + k * length);
        }
    });
    const auto width = sizes.transmitters * sizes.reflectors * host::gram_functions;
    auto result =
        at::empty({sizes.batch, sizes.receivers, width, width}, at::kComplexDouble);
    auto* out = complex_data<double>(result);
    for (std::int64_t b = 0; b < sizes.batch; b++) {
        double* total = sums.data() + b * parts * length;
        for (std::int64_t k = length; k < parts * length; k++) {
            total[k % length] += total[k];
        }
        for (std::int64_t m = 0; m < sizes.receivers; m++) {
            const auto gram = host::gram_matrix(sizes, m, total);
            out = std::copy(gram.begin(), gram.end(), out);
        }
    }
    return result;
}

// and by tensor operations otherwise, one receiver after the other; [B, M, NQF, NQF].
at::Tensor gram_by_tensor_operations(const Layout& layout,
                                     const at::Tensor& transmit,
                                     const BistaticPaths& paths)
{
    const auto x = transmit.to(at::kComplexDouble).flatten(3); // [B, N, N_t, S·T]
    const auto departing = steering_derivatives(layout.transmit, paths.transmit);
    const auto illuminate = [&](std::int64_t vector) { // [B, N, Q, S, T]
        return at::matmul(departing.select(3, vector).conj(), x)
            .unflatten(-1, {layout.subcarriers(), layout.symbols()});
    };
    const auto plain = illuminate(0);
    std::vector<at::Tensor> derived;
    for (std::int64_t axis = 0; axis < layout.transmit.axes(); axis++) {
        derived.push_back(illuminate(1 + axis));
    }
    const auto over_subcarriers =
        phasor(paths.delay_s.unsqueeze(-1) * layout.frequency_hz * (-2.0 * M_PI));
    const auto over_symbols =
        phasor(paths.doppler_hz.unsqueeze(-1) * layout.time_s * (2.0 * M_PI));
    std::vector<at::Tensor> grams;
    for (std::int64_t m = 0; m < layout.receivers(); m++) {
        const auto ramp = over_subcarriers.select(2, m).unsqueeze(-1) *
                          over_symbols.select(2, m).unsqueeze(-2);
        const auto turned = plain * ramp;
        std::vector<at::Tensor> functions = {
            turned, turned * layout.frequency_hz.unsqueeze(-1), turned * layout.time_s};
        for (const auto& each : derived) {
            functions.push_back(each * ramp);
        }
        const auto basis =
            at::stack(functions, 3).flatten(4, 5).flatten(1, 3); // [B, N·Q·F, S·T]
        grams.push_back(at::matmul(basis.conj(), basis.transpose(1, 2)));
    }
    return at::stack(grams, 1).cpu();
}

// Scaled to a unit diagonal, a matrix of which a pivot or an eigenvalue is below this is
// singular but for rounding.
constexpr double singular = 1e-13;

bool is_singular(const at::Tensor& factor, int info)
{
    const auto* values = factor.data_ptr<double>();
    const auto size = factor.size(0);
    bool small = info != 0;
    for (std::int64_t k = 0; k < size && !small; k++) {
        const auto pivot = values[k * factor.stride(0) + k * factor.stride(1)];
        small = !(pivot * pivot > singular);
    }
    return small;
}

/* The first `wanted` rows and columns of a generalised inverse of a singular matrix [P, P]:
 * those of a parameter that lies across its null space are the same for every generalised
 * inverse (Stoica and Marzetta, "Parameter estimation problems with singular information
 * matrices", 2001); those of others are infinite.
 */
at::Tensor block_of_generalised_inverse(const at::Tensor& matrix, std::int64_t wanted)
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!matrix.isfinite().all().item<bool>()) {
        return at::full({wanted, wanted}, infinity, at::kDouble);
    }
    constexpr double share = 1e-6; // of a parameter in the null space
    const auto [eigenvalues, eigenvectors] = at::linalg_eigh(matrix);
    const auto kept = eigenvalues > singular;
    const auto inverses = at::where(
        kept, eigenvalues.clamp_min(singular).reciprocal(), at::zeros_like(eigenvalues));
    const auto rows = eigenvectors.narrow(0, 0, wanted);
    const auto lost =
        (rows.square() * kept.logical_not().to(at::kDouble)).sum(1) > share; // [wanted]
    const auto block = at::matmul(rows * inverses, rows.t());
    return block.masked_fill(lost.unsqueeze(0).logical_or(lost.unsqueeze(1)), infinity);
}

/* The first `wanted` rows and columns of the inverses of symmetric matrices [B, P, P] that
 * are not negative, of which the upper triangle is given and which are overwritten; see
 * block_of_generalised_inverse() where one is singular. Their diagonals differ by many
 * orders: they are scaled to ones. Not through LU: its routines in OpenBLAS wait for threads,
 * however small the matrix is.
 */
at::Tensor block_of_inverse(at::Tensor& matrices, std::int64_t wanted)
{
    const auto batch = matrices.size(0);
    const auto size = matrices.size(1);
    std::vector<double> scales(batch * size);
    auto columns = at::zeros({1, size, wanted}, at::kDouble);
    for (std::int64_t k = 0; k < wanted; k++) {
        columns.data_ptr<double>()[k * wanted + k] = 1.0;
    }
    for (std::int64_t b = 0; b < batch; b++) {
        auto* values = matrices.data_ptr<double>() + b * size * size;
        auto* scale = scales.data() + b * size;
        for (std::int64_t k = 0; k < size; k++) {
            // Of what nothing is known of, the row is zero whatever its scale.
            const double own = values[k * size + k];
            scale[k] = own <= 0.0 ? 1.0 : 1.0 / std::sqrt(own);
        }
        for (std::int64_t i = 0; i < size; i++) {
            for (std::int64_t j = i; j < size; j++) {
                values[i * size + j] *= scale[i] * scale[j];
                values[j * size + i] = values[i * size + j];
            }
        }
    }
    const auto [factor, info] = at::linalg_cholesky_ex(matrices);
    auto solution =
        at::cholesky_solve(columns.expand({batch, size, wanted}), factor).contiguous();
    auto result = at::empty({batch, wanted, wanted}, at::kDouble);
    auto* out = result.data_ptr<double>();
    for (std::int64_t b = 0; b < batch; b++) {
        if (is_singular(factor[b], info.data_ptr<int>()[b])) {
            solution[b].narrow(0, 0, wanted).copy_(
                block_of_generalised_inverse(matrices[b], wanted));
        }
        const auto* values = solution.data_ptr<double>() + b * size * wanted;
        const auto* scale = scales.data() + b * size;
        for (std::int64_t k = 0; k < wanted * wanted; k++) {
            *out++ = values[k] * scale[k / wanted] * scale[k % wanted];
        }
    }
    return result;
}

} // namespace

at::Tensor cramer_rao_bound(const Layout& layout,
                            const at::Tensor& transmit,
                            const Scene& targets,
                            double noise_w)
{
    if (!(noise_w > 0.0)) {
        throw std::invalid_argument("noise power in W must be positive, got " +
                                    std::to_string(noise_w));
    }
    // The matrices over resource elements are made where X is, the small ones here.
    const Scene here = {targets.position.to(at::kCPU, at::kDouble).contiguous(),
                        targets.velocity.to(at::kCPU, at::kDouble).contiguous(),
                        targets.reflection.to(at::kCPU, at::kComplexDouble)};
    const auto paths = bistatic_paths(layout, here.position, here.velocity);
    const auto gram =
        transmit.device().is_cpu() && !layout.transmit.planar()
            ? gram_on_host(layout, transmit, here, paths)
            : gram_by_tensor_operations(
                  layout,
                  transmit,
                  bistatic_paths(layout, targets.position, targets.velocity));
    const auto amplitude = (here.reflection * paths.amplitude).contiguous(); // A of (31)

    const auto batch = transmit.size(0);
    const auto wanted = 2 * targets.position.size(1) * targets.position.size(2);
    const auto parameters = wanted + 2 * paths.range_m[0].numel();
    auto information = at::zeros({batch, parameters, parameters}, at::kDouble);
    const Complex* of_receiver = complex_data<double>(gram);
    for (std::int64_t b = 0; b < batch; b++) {
        for (std::int64_t m = 0; m < layout.receivers(); m++) {
            add_information(layout,
                            paths,
                            amplitude,
                            here.velocity,
                            b,
                            m,
                            of_receiver,
                            information.data_ptr<double>() + b * parameters * parameters);
            of_receiver += gram.size(2) * gram.size(3);
        }
    }
    // The block of the inverse is (24): the Schur complement comes with the inversion.
    return block_of_inverse(information, wanted)
        .mul_(0.5 * noise_w)
        .to(transmit.device());
}

RootBound root_bound(const at::Tensor& bound, std::int64_t targets)
{
    const auto variances =
        bound.diagonal(0, -2, -1).reshape({bound.size(0), 2, targets, -1}).sum(-1).sqrt();
    return {variances.select(1, 0), variances.select(1, 1)};
}

} // namespace cfisac::signal
