// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/estimators/compressed_sensing.h>
#include <sstream>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr double least_independent_share = 1e-6;

void require_at_least_one(std::int64_t value, const char* name)
{
    if (value < 1) {
        throw std::invalid_argument(std::string("OmpOptions: ") + name +
                                    " must be at least 1, is " + std::to_string(value));
    }
}

void check(const OmpOptions& options)
{
    require_at_least_one(options.blocks, "blocks");
    require_at_least_one(options.block, "block");
    if (!(options.tolerance >= 0.0)) {
        throw std::invalid_argument("OmpOptions: tolerance must not be negative, is " +
                                    std::to_string(options.tolerance));
    }
}

at::Tensor squared_magnitude(const at::Tensor& value)
{
    return value.is_complex() ? at::view_as_real(value.resolve_conj()).square().sum(-1)
                              : value.square();
}

} // namespace

OmpResult omp_from_products(const std::function<at::Tensor(std::int64_t)>& gram_columns,
                            const at::Tensor& correlations,
                            const OmpOptions& options)
{
    check(options);
    if (!correlations.defined() || correlations.dim() != 2 ||
        correlations.size(0) % options.block != 0) {
        std::ostringstream text;
        text << "correlations must be a matrix with whole blocks of " << options.block
             << " rows, got "
             << (correlations.defined() ? correlations.sizes() : at::IntArrayRef());
        throw std::invalid_argument(text.str());
    }
    const auto block = options.block, columns = correlations.size(1);
    const auto count = correlations.size(0) / block;
    auto residual = correlations.clone(); // D^H (Y - its projection)
    const auto rows_of = [&](const at::Tensor& matrix, std::int64_t chosen) {
        return matrix.narrow(0, chosen * block, block);
    };
    // D^H q for the orthonormal basis q of the chosen atoms' span
    std::vector<at::Tensor> basis;
    std::vector<at::Tensor> products, selected, grams;
    auto open = at::ones({count}, correlations.options().dtype(at::kBool));
    OmpResult result;
    for (std::int64_t tried = 0;
         tried < count &&
         static_cast<std::int64_t>(result.support.size()) < options.blocks;
         tried++) {
        const auto energy =
            squared_magnitude(residual).view({count, block, columns}).sum(1); // [.., L]
        const auto rank = options.selection == Selection::sum
                              ? energy.sum(1)
                              : std::get<0>(energy.max(1));
        const auto eligible = at::where(open, rank, at::full_like(rank, -1.0));
        const auto best = eligible.argmax().item<std::int64_t>();
        if (!(eligible[best].item<double>() > options.tolerance)) {
            break;
        }
        open[best] = false;
        const auto gram = gram_columns(best);
        auto fresh = gram; // D^H of the block without its projection on the span
        for (const auto& one : basis) {
            fresh = fresh - at::matmul(one, rows_of(one, best).mH());
        }
        const auto [values, vectors] = at::linalg_eigh(rows_of(fresh, best), "L");
        const auto independent = at::nonzero(values > least_independent_share).squeeze(1);
        if (independent.numel() == 0) {
            continue;
        }
        const auto to_basis = vectors.index_select(1, independent) *
                              values.index_select(0, independent).rsqrt().unsqueeze(0);
        const auto own = rows_of(residual, best).clone();
        basis.push_back(at::matmul(fresh, to_basis));
        residual = residual - at::matmul(basis.back(), at::matmul(to_basis.mH(), own));
        result.support.push_back(best);
        grams.push_back(gram);
        products.push_back(rows_of(correlations, best));
        selected.push_back(own);
    }
    if (result.support.empty()) {
        result.coefficients = at::zeros({0, columns}, correlations.options());
        result.correlations = at::zeros({0, block, columns}, correlations.options());
        return result;
    }
    result.correlations = at::stack(selected);
    if (!options.solve) {
        return result;
    }
    std::vector<at::Tensor> normal; // rows of the Gram matrix of the chosen atoms
    for (const auto chosen : result.support) {
        std::vector<at::Tensor> row;
        for (const auto& gram : grams) {
            row.push_back(rows_of(gram, chosen));
        }
        normal.push_back(at::cat(row, 1));
    }
    result.coefficients =
        at::matmul(at::linalg_pinv(at::cat(normal), least_independent_share, true),
                   at::cat(products));
    return result;
}

OmpResult omp(const at::Tensor& dictionary,
              const at::Tensor& measurements,
              const OmpOptions& options)
{
    check(options);
    if (!dictionary.defined() || !measurements.defined() || dictionary.dim() != 2 ||
        measurements.dim() != 2 || dictionary.size(0) != measurements.size(0)) {
        std::ostringstream text;
        text
            << "dictionary and measurements must be matrices with equally many rows, got "
            << (dictionary.defined() ? dictionary.sizes() : at::IntArrayRef()) << " and "
            << (measurements.defined() ? measurements.sizes() : at::IntArrayRef());
        throw std::invalid_argument(text.str());
    }
    if (dictionary.scalar_type() != measurements.scalar_type()) {
        std::ostringstream text;
        text << "dictionary and measurements must have one type, got "
             << dictionary.scalar_type() << " and " << measurements.scalar_type();
        throw std::invalid_argument(text.str());
    }
    const auto columns = [&](std::int64_t chosen) {
        return at::matmul(dictionary.mH(),
                          dictionary.narrow(1, chosen * options.block, options.block));
    };
    return omp_from_products(columns, at::matmul(dictionary.mH(), measurements), options);
}

} // namespace cfisac::estimators
