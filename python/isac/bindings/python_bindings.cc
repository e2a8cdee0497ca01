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
void bind_recording(py::module& m);
void bind_sigmf_sink(py::module& m);
void bind_sigmf_source(py::module& m);
void bind_mmse_precoder(py::module& m);
void bind_bistatic_channel(py::module& m);
void bind_antenna_channel(py::module& m);
void bind_dvqvae_encoder(py::module& m);
void bind_fusion_decoder(py::module& m);
#ifdef ISAC_ZEROMQ
void bind_fronthaul_sink(py::module& m);
void bind_fronthaul_source(py::module& m);
void bind_estimate_publisher(py::module& m);
#endif
void bind_estimator_info(py::module& m);
void bind_access_point_estimator(py::module& m);
void bind_music_estimator(py::module& m);
void bind_cs_estimator(py::module& m);
void bind_ml_estimator(py::module& m);
void bind_ofdm_demodulator(py::module& m);
void bind_ofdm_modulator(py::module& m);
void bind_frame_sync(py::module& m);
void bind_transmit_reference(py::module& m);
void bind_direct_path_canceller(py::module& m);
void bind_parameter_fusion(py::module& m);
void bind_echo_estimator(py::module& m);
void bind_monostatic_estimator(py::module& m);
void bind_centralized_cnn(py::module& m);
void bind_user_channel(py::module& m);
void bind_user_receiver(py::module& m);
void bind_error_meter(py::module& m);
void bind_frame_tools(py::module& m);
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
    bind_recording(m);
    bind_sigmf_sink(m);
    bind_sigmf_source(m);
    bind_mmse_precoder(m);
    bind_bistatic_channel(m);
    bind_antenna_channel(m);
    bind_dvqvae_encoder(m);
    bind_fusion_decoder(m);
#ifdef ISAC_ZEROMQ
    bind_fronthaul_sink(m);
    bind_fronthaul_source(m);
    bind_estimate_publisher(m);
#endif
    bind_estimator_info(m);
    bind_access_point_estimator(m);
    bind_music_estimator(m);
    bind_cs_estimator(m);
    bind_ml_estimator(m);
    bind_ofdm_demodulator(m);
    bind_ofdm_modulator(m);
    bind_frame_sync(m);
    bind_transmit_reference(m);
    bind_direct_path_canceller(m);
    bind_parameter_fusion(m);
    bind_echo_estimator(m);
    bind_monostatic_estimator(m);
    bind_centralized_cnn(m);
    bind_user_channel(m);
    bind_user_receiver(m);
    bind_error_meter(m);
    bind_frame_tools(m);
    // ) END BINDING_FUNCTION_CALLS
}
