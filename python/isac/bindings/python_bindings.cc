/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include <pybind11/pybind11.h>

namespace py = pybind11;

// Headers for binding functions
/**************************************/
// The following comment block is used for
// gr_modtool to insert function prototypes
// Please do not delete
/**************************************/
// BINDING_FUNCTION_PROTOTYPES(
void bind_scenario(py::module& m);
void bind_model_info(py::module& m);
void bind_payload_source(py::module& m);
void bind_mmse_precoder(py::module& m);
void bind_bistatic_channel(py::module& m);
void bind_dvqvae_encoder(py::module& m);
void bind_fusion_decoder(py::module& m);
void bind_error_meter(py::module& m);
// ) END BINDING_FUNCTION_PROTOTYPES

PYBIND11_MODULE(isac_python, m)
{
    // Base classes of the blocks
    py::module::import("gnuradio.gr");

    /**************************************/
    // The following comment block is used for
    // gr_modtool to insert binding function calls
    // Please do not delete
    /**************************************/
    // BINDING_FUNCTION_CALLS(
    bind_scenario(m);
    bind_model_info(m);
    bind_payload_source(m);
    bind_mmse_precoder(m);
    bind_bistatic_channel(m);
    bind_dvqvae_encoder(m);
    bind_fusion_decoder(m);
    bind_error_meter(m);
    // ) END BINDING_FUNCTION_CALLS
}
