// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_LOSS_H
#define INCLUDED_CFISAC_TRAINING_LOSS_H

#include <cfisac/nn/grid_decoder.h>
#include <cfisac/nn/labels.h>

namespace cfisac::training {

/*! Estimation loss (17) of the dense read-out: mean squared error in label space under
 * the best permutation of the targets, which have no order (`ordered` = false), or in the
 * order given, as the publication implies.
 * \param output [B, 2DQ] labels of the network
 * \param location [B, Q, D], m, \param velocity [B, Q, D], m/s
 * \param there [B, Q], false for places without a target, which cost nothing; undefined
 * where all have one
 * \return scalar, a mean over the targets of the batch
 */
at::Tensor dense_loss(const at::Tensor& output,
                      const nn::LabelRange& labels,
                      const at::Tensor& location,
                      const at::Tensor& velocity,
                      bool ordered = false,
                      const at::Tensor& there = {});

//! Parts of the loss of the grid read-out, scalars.
struct GridLoss {
    at::Tensor presence;       //!< focal loss against a Gaussian bump at each target
    at::Tensor offset;         //!< smooth L1, in cells, at the cells of the targets
    at::Tensor velocity;       //!< smooth L1, in steps of the velocity plane
    at::Tensor velocity_plane; //!< cross-entropy over the velocity plane
    at::Tensor total;          //!< what is minimised, a scalar
};

/*! Estimation loss of the grid read-out. A cell answers for the target nearest to it, so
 * no order of the targets enters. The presence part is the penalty-reduced focal loss of
 * Law and Deng, "CornerNet" (ECCV 2018). All parts are sums over targets and cells divided
 * by B·Q, so that the mean of the losses of equal parts of a batch is that of the batch.
 * \param location [B, Q, 2], m, \param velocity [B, Q, 2], m/s
 * \param there [B, Q], false for places without a target; undefined where all have one
 */
GridLoss grid_loss(const nn::GridOutput& output,
                   const nn::GridDecoderImpl& decoder,
                   const at::Tensor& location,
                   const at::Tensor& velocity,
                   const at::Tensor& there = {});

} // namespace cfisac::training

#endif
