// Starting numbers of activation quantizers from data: the level, or step, that quantizes one batch with the least
// squared error. A level of 10, right for training from scratch, would leave a trained network with one or two used
// codes at 2 bits. LSQ alone also has a start of its paper, from the mean of the first batch; it cuts sparse activations
// low, and a short training never raises it again.
#pragma once

#include <span>

#include "quant/grid.h"
#include "train/executor.h"

namespace pact::train {

// The alpha of least squared error of `values` on the grid `form` (kind, bits), an unsigned one or one with
// signed codes; its step does not matter. Values below its least level count as that.
float best_alpha(std::span<const float> values, const quant::Grid& form);

enum class Calibrated { all, steps };  // steps: only those that have no other start, from means

// Sets the learned numbers of every activation quantizer, and nothing else: running statistics stay. Runs the
// batch in `mode` with activations unquantized.
void calibrate(const Executor& executor, Parameters& parameters, const at::Tensor& pixels, Mode mode,
               Calibrated which = Calibrated::all);

// Does an activation quantizer of `graph` learn its step? Its start must come from data.
bool learns_activation_steps(const graph::Graph& graph);

}  // namespace pact::train
